"""Verdicts as files, and what becomes of the labels."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.labels.correction import corrected
from cvfail.labels.verdicts import Verdicts, read_verdicts
from tests.labels.test_suspects import CAT, DOG, box, one_of_each
from tests.scenes import detection, random_records


def suspects():
    return one_of_each().label_errors(min_score=0.8)


def judged(path, **verdicts):
    """The file with the given verdicts by kind."""
    frame = pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.read_parquet(path)
    told = pl.DataFrame(
        {"kind": list(verdicts), "said": list(verdicts.values())}, schema_overrides={"said": pl.String}
    )
    frame = frame.join(told, on="kind", how="left").with_columns(verdict=pl.col("said")).drop("said")
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_confirmed_is_put_right_and_everything_else_stays(tmp_path, suffix):
    found, evaluation = suspects(), one_of_each()
    path = found.write_verdicts(tmp_path / f"verdicts{suffix}")
    judged(path, missing="Confirmed", wrong_class="confirmed", bad_box="rejected", spurious="unsure")
    again = evaluation.corrected(path)
    before, after = evaluation.data.ground_truth, again.data.ground_truth
    changed = after.join(before, on=before.columns, how="anti")
    assert changed.select("ground_truth_id", "image_id", "category_id", "x", "area").rows() == [
        (0, 1, DOG, 100.0, 100.0),
        (7, 1, CAT, 0.0, 100.0),
    ]
    assert len(after) == len(before) + 1
    points = [one.metrics().df.row(0, named=True) for one in (evaluation, again)]
    assert [(point["tp"], point["fp"], point["fn"]) for point in points] == [(2, 4, 5), (4, 2, 4)]


def test_every_kind_confirmed_leaves_no_such_suspect():
    again = one_of_each().corrected(suspects().all_confirmed())
    left = again.label_errors(min_score=0.8).df
    assert left.height == 0
    assert again.data.ground_truth.select("image_id", "category_id", "x").rows() == [
        *((1, DOG, 100.0), (1, CAT, 204.0), (1, CAT, 400.0), (1, CAT, 0.0), (2, CAT, 0.0)),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_correcting_every_suspect_of_a_random_scene_does_not_lower_recall(seed):
    evaluation = cf.evaluate(detection(*random_records(seed, images=12)), cf.Policy(score=0.2))
    for kind in ("missing", "wrong_class", "spurious"):
        again = evaluation.corrected(evaluation.label_errors(kinds=[kind], min_score=0.3).all_confirmed())
        recall = [one.metrics().df["recall"].item() for one in (evaluation, again)]
        assert recall[1] >= recall[0] - 1e-12


def test_nothing_confirmed_changes_nothing(tmp_path):
    evaluation = one_of_each()
    path = suspects().write_verdicts(tmp_path / "verdicts.csv")
    assert evaluation.corrected(path).data.ground_truth.equals(evaluation.data.ground_truth)
    assert read_verdicts(path).df.height == 6
    assert corrected(evaluation.data, read_verdicts(path)) is not evaluation.data


def test_a_person_may_name_another_class():
    rows = suspects().all_confirmed().df.filter(pl.col("kind").is_in(["missing", "wrong_class", "bad_box"]))
    named = one_of_each().corrected(rows.with_columns(corrected=pl.lit("class 2"))).data.ground_truth
    by_number = one_of_each().corrected(rows.with_columns(corrected=pl.lit("2"))).data.ground_truth
    assert named.equals(by_number)
    assert named.filter(pl.col("x").is_in([0.0, 204.0]), image_id=1)["category_id"].to_list() == [DOG, DOG]


def test_labels_with_text_ids_get_new_ones_that_are_free():
    truth = {
        "image_id": ["i"],
        "category_id": ["cat"],
        "bbox": [[50, 50, 9, 9]],
        "ground_truth_id": ["added p"],
    }
    found = {
        "image_id": ["i"],
        "category_id": ["cat"],
        "score": [0.9],
        "bbox": [[0, 0, 9, 9]],
        "prediction_id": ["p"],
    }
    data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
    evaluation = cf.evaluate(data)
    again = evaluation.corrected(evaluation.label_errors(kinds=["missing"]).all_confirmed())
    assert again.ground_truth["ground_truth_id"].to_list() == ["added p", "added p'"]


def test_labels_of_classified_images_change_their_class():
    evaluation = cf.evaluate(
        cf.from_labels(
            ["cat", "cat", "cat", "dog"], probabilities=[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]
        )
    )
    again = evaluation.corrected(evaluation.label_errors().all_confirmed())
    assert again.data.ground_truth["category_id"].to_list() == ["cat", "cat", "dog", "dog"]
    assert again.agreement().df.filter(metric="accuracy")["estimate"].item() == 1.0


def broken(**changes):
    rows = suspects().all_confirmed().df
    return rows.with_columns(**{name: pl.lit(value) for name, value in changes.items()})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (lambda: broken(ground_truth_id="77"), r"ground_truth_id must be that of a row.*5 of 6"),
        (lambda: broken(prediction_id="x"), "prediction_id must be that of a row of the predictions"),
        (lambda: broken(image_id="9"), "image_id must be that of the ground truth"),
        (lambda: broken(label="class 1").filter(kind="spurious"), "label must still be the class"),
        (lambda: broken(suggested="clas 2"), "did you mean class 2"),
        (lambda: broken(corrected="cow"), "corrected must be a class"),
        (lambda: broken(suggested=None, corrected=None), "needs the right one"),
        (lambda: pl.concat([broken(), broken()]), "one confirmed verdict only"),
        (lambda: broken(verdict="yes"), r"verdict must be one of confirmed, rejected, unsure; 6 of 6"),
        (lambda: broken(kind="mistake"), "kind must be one of missing"),
        (lambda: broken().drop("kind"), "verdicts need the columns kind"),
    ],
)
def test_verdicts_that_do_not_fit_the_data_are_refused(table, said):
    with pytest.raises(cf.SchemaError, match=said):
        one_of_each().corrected(table())


def test_a_confirmed_verdict_cannot_be_applied_twice():
    verdicts = suspects().all_confirmed()
    again = one_of_each().corrected(verdicts)
    with pytest.raises(cf.SchemaError, match="the data changed"):
        again.corrected(verdicts)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(cf.CvfailError, match=r"\.csv or \.parquet"):
        suspects().write_verdicts(tmp_path / "verdicts.json")
    (tmp_path / "verdicts.txt").write_text("")
    with pytest.raises(cf.CvfailError, match=r"\.csv or \.parquet"):
        read_verdicts(tmp_path / "verdicts.txt")
    (tmp_path / "verdicts.parquet").write_text("no")
    with pytest.raises(cf.CvfailError, match="cannot be read"):
        read_verdicts(tmp_path / "verdicts.parquet")
    with pytest.raises(cf.CvfailError):
        read_verdicts(tmp_path / "absent.csv")


def test_documented_columns_are_the_real_ones():
    for name in suspects().all_confirmed().df.columns:
        assert f"`{name}`" in Verdicts.__doc__


def test_without_labels_or_predictions_there_is_nothing_to_correct():
    evaluation = cf.evaluate(detection([1], [CAT], [], []))
    assert evaluation.corrected(evaluation.label_errors().all_confirmed()).ground_truth.height == 0
    found = cf.evaluate(detection([1], [CAT], [], [box(1, CAT, 0, 0.9)]))
    again = found.corrected(found.label_errors().all_confirmed())
    assert again.data.ground_truth["ground_truth_id"].to_list() == [0]
    assert again.metrics().df["recall"].item() == 1.0
