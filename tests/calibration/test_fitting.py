"""Maps are fitted on one part of the clusters, judged on the other, saved, read and applied as they were judged."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.calibration.fitting import in_fitted_part
from cvfail.calibration.score_fits import fit_scores
from cvfail.errors import FormatError, MissingFileError, PolicyError, QueryError
from tests.calibration.forecasts_made_up import classified, detections

FEW = {"replicates": 30, "worlds": 30}


@pytest.fixture(scope="module")
def overconfident():
    return cf.evaluate(classified(1, clusters=3000, slope=0.5))


@pytest.fixture(scope="module")
def boxes():
    return cf.evaluate(detections(1, images=300), cf.Policy(score=0.0))


def fit_part(evaluation, share=0.5, seed=0):
    """The prediction rows that are fitted on."""
    images = evaluation.images.sort("image_id")
    ids = images["cluster_id"]
    inside = pl.DataFrame(
        {"image_id": images["image_id"], "inside": in_fitted_part(ids, share=share, seed=seed)}
    )
    return evaluation.predictions.join(inside, on="image_id", how="left", maintain_order="left")[
        "inside"
    ].to_numpy()


def test_scores_are_better_on_images_that_were_not_fitted_on(overconfident):
    fitted = overconfident.fit_calibration(**FEW)
    assert fitted.map.everywhere.temperature == pytest.approx(2.0, rel=0.25)
    rows = {row["measure"]: row for row in fitted.df.to_dicts()}
    assert {row["verdict"] for row in rows.values()} == {"better"}
    assert rows["ece"]["before_beyond_chance"]
    assert rows["ece"]["after"] < rows["ece"]["before"]
    assert f"judged on {rows['ece']['support']:,} of" in fitted.caption
    assert " others; " in fitted.caption


def test_the_map_comes_from_one_part_and_the_verdict_from_the_other(overconfident):
    inside = fit_part(overconfident)
    scores = overconfident.predictions["score"].to_numpy()
    right = (overconfident.predictions_at()["outcome"] == "true_positive").to_numpy()
    fitted = overconfident.fit_calibration(method="platt", **FEW)
    made = fit_scores("platt", scores[inside], right[inside])
    assert fitted.map.everywhere == made
    rows = {row["measure"]: row for row in fitted.df.to_dicts()}
    after = made.scores(scores[~inside])
    assert rows["ece"]["before"] == pytest.approx(
        cf.calibration_error(scores[~inside], right[~inside]), abs=1e-12
    )
    assert rows["ece"]["after"] == pytest.approx(cf.calibration_error(after, right[~inside]), abs=1e-12)
    assert rows["brier"]["after"] == pytest.approx(((after - right[~inside]) ** 2).mean(), abs=1e-12)
    assert rows["ece"]["support"] == (~inside).sum()
    assert fitted.map.fitted["predictions"] == inside.sum()


def test_a_cluster_is_on_one_side_whatever_else_there_is():
    ids = pl.Series([f"video {i}" for i in range(500)])
    whole = in_fitted_part(ids, share=0.3, seed=4)
    assert in_fitted_part(ids.reverse(), share=0.3, seed=4)[::-1].tolist() == whole.tolist()
    assert whole.mean() == pytest.approx(0.3, abs=0.07)
    assert in_fitted_part(ids, share=0.3, seed=5).tolist() != whole.tolist()
    evaluation = cf.evaluate(classified(2, clusters=40, per_cluster=10))
    sides = (
        evaluation.images.with_columns(inside=fit_part(evaluation))
        .group_by("cluster_id")
        .agg(pl.col("inside").n_unique())
    )
    assert sides["inside"].to_list() == [1] * 40


def test_every_level_has_its_own_map_unless_there_is_too_little(boxes):
    fitted = boxes.fit_calibration(method="beta", by="category", min_support=100, **FEW)
    assert [one.level for one in fitted.map.levels] == ["1", "2"]
    assert all(one.map is not None for one in fitted.map.levels)
    assert fitted.df["category"].unique().sort().to_list() == ["1", "2"]
    thin = boxes.fit_calibration(method="beta", by="category", min_support=10_000, **FEW)
    assert all(one.map is None for one in thin.map.levels)
    assert thin.map.of_level("1") == thin.map.everywhere


def test_overlap_as_the_target_is_judged_by_laece(boxes):
    fitted = boxes.fit_calibration(method="isotonic", target="overlap", judge_by="light", **FEW)
    assert fitted.df["measure"].unique(maintain_order=True).to_list() == ["ece", "brier", "nll", "laece"]
    assert fitted.df["light"].n_unique() == 2
    inside = fit_part(boxes)
    rows = boxes.predictions_at()
    overlap = np.where(rows["outcome"] == "true_positive", rows["overlap"].fill_null(0.0), 0.0)
    assert fitted.map.everywhere == fit_scores("isotonic", rows["score"].to_numpy()[inside], overlap[inside])


@pytest.mark.parametrize("by", [None, "category", "light", "size"])
@pytest.mark.parametrize("method", ["temperature", "platt", "beta", "isotonic"])
def test_what_is_saved_is_applied_as_it_was_judged(boxes, method, by, tmp_path):
    fitted = boxes.fit_calibration(method=method, by=by, judge_by=(), **FEW)
    read = cf.read_calibration(fitted.save(tmp_path / "map.json"))
    assert read == replace(fitted.map, policy=read.policy)
    assert read.to_dict() == fitted.map.to_dict()
    inside = fit_part(boxes)
    data = read.apply(boxes.data)
    assert data.predictions.drop("score").equals(boxes.data.predictions.drop("score"))
    scores = data.predictions["score"].to_numpy()[~inside]
    right = (boxes.predictions_at()["outcome"] == "true_positive").to_numpy()[~inside]
    judged = fitted.df.filter(measure="ece")["after"].item()
    assert judged == pytest.approx(cf.calibration_error(scores, right), abs=1e-12)


def test_probabilities_are_calibrated_with_the_confidence(tmp_path):
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(3) * 0.5, 600)
    y = [int(random.choice(3, p=0.5 * row + 1 / 6)) for row in p]
    evaluation = cf.evaluate(cf.from_labels(y, probabilities=p))
    for method in ("temperature", "isotonic"):
        fitted = evaluation.fit_calibration(method=method, by="category", **FEW)
        again = cf.evaluate(cf.read_calibration(fitted.save(tmp_path / "map.json")).apply(evaluation.data))
        assert (again.predictions["category_id"] == evaluation.predictions["category_id"]).all()
        told = np.array(again.predictions["probabilities"].to_list())
        assert told.sum(axis=1) == pytest.approx(np.ones(600))
        own = told[np.arange(600), again.predictions["category_id"].to_numpy()]
        assert own == pytest.approx(again.predictions["score"].to_numpy(), abs=1e-12)
        assert (
            again.calibration(**FEW).value("nll") < evaluation.calibration(**FEW).value("nll")
            or method == "isotonic"
        )


def test_unseen_levels_and_missing_scores():
    data = cf.from_labels(
        [0, 1] * 60, [0, 1, 1] * 40, scores=[0.9, 0.8, 0.6] * 40, attributes={"light": ["day", "night"] * 60}
    )
    fitted = cf.evaluate(data).fit_calibration(by="light", min_support=5, **FEW)
    rows = pl.DataFrame(
        {"image_id": [0, 1], "score": [0.7, None], "light": ["fog", "day"], "extra": ["a", "b"]}
    )
    applied = fitted.map.apply_to(rows)
    assert applied["score"].to_list() == [
        pytest.approx(fitted.map.everywhere.scores(np.array([0.7]))[0]),
        None,
    ]
    assert applied["extra"].to_list() == ["a", "b"]
    with pytest.raises(QueryError, match="give the table of images"):
        fitted.map.apply_to(rows.drop("light"))
    with pytest.raises(QueryError, match="no column 'score'"):
        fitted.map.apply_to(rows.drop("score"))
    with pytest.raises(QueryError, match="the map is for classification"):
        fitted.map.apply(detections(1, images=3))


@pytest.mark.parametrize(
    "values", [list(range(40)), [0.5 * i for i in range(40)], [1, 2] * 20, [1.0, 2.0] * 20]
)
def test_levels_of_numbers_are_found_again_in_other_tables(values):
    data = cf.from_labels(
        [0, 1] * 20, [0, 1, 1, 1] * 10, scores=[0.9, 0.8] * 20, attributes={"depth": values}
    )
    made = cf.evaluate(data).fit_calibration(by="depth", min_support=1, **FEW).map
    known = {one.level for one in made.levels}
    assert set(made.by.levels(data.predictions, data.images)) == known
    as_float = pl.DataFrame({"image_id": range(40), "depth": [float(value) for value in values]})
    assert set(made.by.levels(data.predictions, as_float)) == known


def test_files_that_were_altered_or_are_something_else_are_refused(overconfident, tmp_path):
    path = overconfident.fit_calibration(**FEW).save(tmp_path / "map.json")
    content = json.loads(path.read_text())
    for change, message in (
        ({"everywhere": {"support": 1, "parameters": {"temperature": 9.0}}}, "was altered"),
        ({"kind": "other"}, "no calibration map"),
        ({"schema_version": 99}, "version 99"),
    ):
        (tmp_path / "other.json").write_text(json.dumps(content | change))
        with pytest.raises(FormatError, match=message):
            cf.read_calibration(tmp_path / "other.json")
    (tmp_path / "other.json").write_text("[1")
    with pytest.raises(FormatError):
        cf.read_calibration(tmp_path / "other.json")
    with pytest.raises(MissingFileError, match="--save FILE"):
        cf.read_calibration(tmp_path / "none.json")


def test_options_without_meaning_are_refused(overconfident):
    for options in ({"method": "histogram"}, {"share": 0.0}, {"target": "iou"}, {"confidence": 2.0}):
        with pytest.raises(PolicyError):
            overconfident.fit_calibration(**options, **FEW)
    with pytest.raises(QueryError, match="has no overlap"):
        overconfident.fit_calibration(target="overlap", **FEW)
    with pytest.raises(QueryError, match="no prediction to fit on"):
        cf.evaluate(cf.from_labels([1], [1], scores=[0.5], labels=[0, 1])).fit_calibration(share=1e-9, **FEW)


def test_with_nothing_left_to_judge_the_verdict_is_null():
    evaluation = cf.evaluate(cf.from_labels([1, 0], [1, 1], scores=[0.5, 0.6], labels=[0, 1]))
    fitted = evaluation.fit_calibration(share=1 - 1e-12, **FEW)
    assert fitted.df["support"].to_list() == [0, 0, 0]
    assert fitted.df["after"].null_count() == fitted.df["verdict"].null_count() == 3
