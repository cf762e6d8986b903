"""Curves over the score: every point is `metrics` at that score, bands are those of repeated images."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

import cvfail as cf
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.saving import save_evidence
from cvfail.metrics.curves.roc_points import step_average_precision
from cvfail.metrics.curves.score_curve import ScoreCurve
from cvfail.metrics.ranking import cluster_weights
from tests.scenes import detection, random_records
from tests.thresholds.scored import evaluation_of, random_images

LIGHT = ["day", "night", None] * 4

scored = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.9]), st.booleans()), min_size=1, max_size=30
).filter(lambda rows: any(right for _, right in rows))


@given(scored)
def test_precision_and_recall_are_those_of_scikit_learn(rows):
    scores, right = [s for s, _ in rows], [r for _, r in rows]
    curve = ScoreCurve.of(scores, right, objects=sum(right))
    precision, recall, thresholds = precision_recall_curve(right, scores)
    np.testing.assert_array_equal(curve.scores, thresholds[::-1])
    np.testing.assert_allclose(curve.precision, precision[:-1][::-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.recall, recall[:-1][::-1], rtol=0, atol=1e-12)
    area = step_average_precision(scores, right)
    assert area == pytest.approx(average_precision_score(right, scores), abs=1e-12)


def test_the_golden_ties(golden):
    case = golden["cls_roc_pr_ties"]
    right, scores, expected = case["input"]["y_true"], case["input"]["score"], case["expected"]
    curve = ScoreCurve.of(scores, right, objects=sum(right))
    assert curve.scores[::-1].tolist() == expected["pr_thr"]
    np.testing.assert_allclose(curve.precision[::-1], expected["precision"][:-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.recall[::-1], expected["recall"][:-1], rtol=0, atol=1e-12)
    assert step_average_precision(scores, right) == pytest.approx(expected["average_precision"], abs=1e-12)


@pytest.mark.parametrize("beta", [1, 2])
def test_the_golden_f_scores(golden, beta):
    case = golden["thr_fbeta"]
    curve = ScoreCurve.of(case["input"]["scores"], case["input"]["tp"], objects=case["input"]["npos"])
    expected = case["expected"]
    assert curve.scores.tolist() == expected["thr"]
    assert (curve.right.tolist(), curve.wrong.tolist()) == (expected["TP"], expected["FP"])
    np.testing.assert_allclose(curve.f_score(beta), expected[f"F{beta}"], rtol=0, atol=1e-12)


def test_the_golden_costs_on_the_way(golden):
    case = golden["thr_cost"]
    rows = [
        (1, score, bool(right))
        for score, right in zip(case["input"]["scores"], case["input"]["tp"], strict=True)
    ]
    evaluation = evaluation_of([rows + [(1, None, True)] * (case["input"]["npos"] - 5)])
    for name, expected in case["expected"].items():
        wrong, missed = (float(part.split("=")[1]) for part in name.split(","))
        curve = evaluation.curve(false_positive_cost=wrong, missed_cost=missed, replicates=0).df
        assert curve["cost_per_image"].to_list() == expected["cost"][1:], "the first one rejects everything"


@pytest.mark.parametrize("by", [[], ["category"], ["light"], ["size"], ["light", "category"]])
@pytest.mark.parametrize("seed", range(3))
def test_every_point_is_the_metrics_at_its_score(seed, by):
    evaluation = cf.evaluate(detection(*random_records(seed, images=12), light=LIGHT))
    curve = evaluation.curve(by=by, points=None, replicates=0).df
    assert len(curve) > 10
    for score in curve["threshold"].unique().to_list():
        here = curve.filter(threshold=score)
        metrics = evaluation.metrics(by=by, score=score).df
        if by:
            told = metrics.with_columns(pl.col(name).cast(pl.String) for name in by)
            here = here.join(told, on=by, how="left", nulls_equal=True, suffix="_metrics")
        else:
            here = pl.concat([here, metrics.rename(lambda name: f"{name}_metrics")], how="horizontal")
        for name, other in (
            ("tp", "tp"),
            ("fp", "fp"),
            ("fn", "fn"),
            ("recall", "recall"),
            ("f_score", "f1"),
        ):
            told = here[f"{other}_metrics" if f"{other}_metrics" in here.columns else other]
            np.testing.assert_allclose(
                here[name].cast(pl.Float64), told.cast(pl.Float64), rtol=0, atol=1e-12, err_msg=name
            )


def test_attributes_of_ground_truth_alone_leave_recall():
    images, categories, annotations, detections = random_records(4, images=12)
    data = detection(images, categories, annotations, detections)
    data = data.__class__(
        **{
            **{name: getattr(data, name) for name in data.__dataclass_fields__},
            "ground_truth": data.ground_truth.with_columns(
                occluded=pl.Series([i % 2 == 0 for i in range(len(annotations))])
            ),
        }
    )
    evaluation = cf.evaluate(data)
    curve = evaluation.curve(by="occluded", points=None, replicates=5).df
    assert curve["precision"].is_null().all()
    assert curve["fp"].is_null().all()
    last = curve.group_by("occluded", maintain_order=True).last()
    metrics = evaluation.metrics(by="occluded", score=-1.0).df
    assert last["recall"].to_list() == metrics["recall"].to_list()
    assert evaluation.curve_area(by="occluded").df["area"].is_null().all()


def test_a_thinned_curve_is_part_of_the_whole_and_has_its_ends():
    evaluation = evaluation_of(random_images(3, images=200, scores=400))
    whole, thin = (evaluation.curve(points=points, replicates=0).df for points in (None, 40))
    assert 30 <= len(thin) <= 40 < len(whole)
    assert whole.join(thin, on=thin.columns, how="semi", nulls_equal=True).height == len(thin)
    assert thin["threshold"][0] == whole["threshold"][0]
    assert thin["threshold"][-1] == whole["threshold"][-1]


def test_bands_are_made_from_images_that_are_repeated():
    images = random_images(7, images=30, scores=8)
    evaluation = evaluation_of(images)
    curve = evaluation.curve(points=None, replicates=40, seed=5).df
    weights = cluster_weights(evaluation.evidence, replicates=40, seed=5)
    samples = []
    for row in weights[1:]:
        repeated = [rows for rows, times in zip(images, row.tolist(), strict=True) for _ in range(times)]
        scores = [s for rows in repeated for _, s, _ in rows if s is not None]
        right = [r for rows in repeated for _, s, r in rows if s is not None]
        objects = sum(r for rows in repeated for _, _, r in rows)
        again = ScoreCurve.of(scores, right, objects=objects)
        samples.append([again.at(score)[0] / objects for score in curve["threshold"]])
    from cvfail.statistics.replicates import wilson_of_replicates

    holding = sum(bool(rows) for rows in images)
    expected = wilson_of_replicates(
        curve["recall"], np.array(samples).T, clusters=holding, units=curve["support"]
    )
    np.testing.assert_allclose(curve["recall_lower"], expected.lower, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve["recall_upper"], expected.upper, rtol=0, atol=1e-12)


def test_the_band_of_the_cost_is_the_t_interval_of_images_that_are_repeated():
    from cvfail.statistics.quantiles import t_quantile
    from cvfail.statistics.replicates import variance_of_replicates

    images = random_images(7, images=30, scores=8)
    evaluation = evaluation_of(images)
    curve = evaluation.curve(points=None, replicates=40, seed=5, false_positive_cost=3.0, missed_cost=0.5).df
    samples = []
    for row in cluster_weights(evaluation.evidence, replicates=40, seed=5)[1:].tolist():
        repeated = [rows for rows, times in zip(images, row, strict=True) for _ in range(times)]
        costs = []
        for threshold in curve["threshold"]:
            wrong = sum(s is not None and s >= threshold and not r for rows in repeated for _, s, r in rows)
            missed = sum(r and (s is None or s < threshold) for rows in repeated for _, s, r in rows)
            costs.append((3.0 * wrong + 0.5 * missed) / len(repeated))
        samples.append(costs)
    variance = variance_of_replicates(np.array(samples).T) * 30 / 29
    half = t_quantile(0.95, 29) * np.sqrt(variance)
    estimate = curve["cost_per_image"].to_numpy()
    np.testing.assert_allclose(
        curve["cost_per_image_lower"], np.maximum(estimate - half, 0.0), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(curve["cost_per_image_upper"], estimate + half, rtol=0, atol=1e-12)


def test_blocks_threads_and_seed_change_nothing(tmp_path):
    from cvfail.metrics.curves.rates_over_score import score_curve

    evaluation = cf.evaluate(detection(*random_records(5, images=12), light=LIGHT))
    opened = cf.open(save_evidence(evaluation.evidence, tmp_path / "run", block_rows=15))
    assert opened.evidence.block_count > 2
    for by in ([], ["light", "category"], ["size"]):
        first, second = (one.curve(by=by, replicates=10).df for one in (evaluation, opened))
        assert first.equals(second)
        third = score_curve(evaluation._point(None, None), by=by, replicates=10, threads=1).df
        assert first.equals(third)


@pytest.mark.parametrize("by", [[], ["category"]])
def test_without_rows_there_is_an_empty_curve(by):
    for images in ([], [[]], [[(1, None, True)]]):
        frame = evaluation_of(images).curve(by=by, replicates=3).df
        assert frame.is_empty()
        assert frame.columns[: len(by)] == by
    alone = evaluation_of([[(1, 0.5, False)]]).curve(replicates=3).df.row(0, named=True)
    assert (alone["precision"], alone["recall"], alone["precision_lower"]) == (0.0, None, None)


def test_what_has_no_meaning_is_refused():
    evaluation = evaluation_of([[(1, 0.5, True)]])
    with pytest.raises(QueryError, match="no curve 'lift'"):
        evaluation.curve("lift")
    with pytest.raises(QueryError, match="no option 'targets'"):
        evaluation.curve("score", targets=[1.0])
    with pytest.raises(PolicyError, match="4 points at least"):
        evaluation.curve(points=1)
    with pytest.raises(QueryError, match="is not an attribute"):
        evaluation.curve(by="weather")


@pytest.mark.parametrize("seed", range(4))
def test_the_area_is_the_steps_below_the_curve_in_every_replicate(seed):
    images = random_images(seed, images=25, scores=6)
    evaluation = evaluation_of(images)
    table = evaluation.curve_area(by=[], replicates=30, seed=2).df.row(0, named=True)
    weights = cluster_weights(evaluation.evidence, replicates=30, seed=2)
    samples = []
    for row in weights:
        repeated = [rows for rows, times in zip(images, row.tolist(), strict=True) for _ in range(times)]
        kept = [(s, r) for rows in repeated for _, s, r in rows if s is not None]
        objects = sum(r for rows in repeated for _, _, r in rows)
        samples.append(step_average_precision([s for s, _ in kept], [r for _, r in kept], objects=objects))
    from cvfail.statistics.replicates import wilson_of_replicates

    expected = wilson_of_replicates(
        samples[0], samples[1:], clusters=sum(bool(rows) for rows in images), units=table["support"]
    )
    for name, value in zip(("area", "lower", "upper"), expected, strict=True):
        assert table[name] == pytest.approx(float(np.ravel(value)[0]), abs=1e-12)


@pytest.mark.parametrize("kind", ["score", "roc", "froc"])
def test_a_curve_of_each_class_of_no_classes_has_no_rows_but_the_columns(kind):
    nothing = cf.evaluate(detection([], [], [], []))
    some = cf.evaluate(detection([1], [1], [], []))
    assert nothing.curve(kind, by="category").df.is_empty()
    assert nothing.curve(kind, by="category").df.columns == some.curve(kind, by="category").df.columns
