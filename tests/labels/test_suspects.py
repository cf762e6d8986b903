"""The table of suspects: what it says of each kind, and its options."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.labels.suspect_rows import KINDS
from tests.scenes import detection, random_records

CAT, DOG = 1, 2


def box(image, category, x, score=None, y=0, size=10):
    row = {"image_id": image, "category_id": category, "bbox": [x, y, size, size]}
    return row if score is None else {**row, "score": score}


def one_of_each():
    """Image 1: a cat without label, a dog labelled cat, a badly drawn cat, a label of nothing; image 2: doubles."""
    truths = [
        *(box(1, CAT, 100), box(1, CAT, 200), box(1, DOG, 300)),
        *(box(2, CAT, 0), box(2, CAT, 0), box(2, DOG, 0.1)),
        box(1, CAT, 400),
    ]
    found = [
        *(box(1, CAT, 0, 0.95), box(1, CAT, 0.5, 0.9), box(1, DOG, 100, 0.85), box(1, CAT, 204, 0.9)),
        *(box(2, CAT, 0, 0.8), box(1, CAT, 400, 0.7)),
    ]
    return cf.evaluate(detection([1, 2], [CAT, DOG], truths, found))


def test_each_kind_says_why():
    frame = one_of_each().label_errors(min_score=0.8).df
    assert dict(frame.select("kind", "reason").iter_rows()) == {
        "duplicate": "another class 1 label overlaps it by 1.0",
        "conflict": "labelled class 2, but a class 1 label overlaps it by 0.98",
        "missing": "class 1 with score 0.95 where no label is",
        "wrong_class": "labelled class 1, but class 2 with score 0.85 overlaps it by 1.0",
        "spurious": "no prediction of any class touches this class 2, but 3 of 3 labels no larger than it",
        "bad_box": "the box of class 1 overlaps the one found with score 0.9 by only 0.43",
    }
    by_kind = {row["kind"]: row for row in frame.to_dicts()}
    assert by_kind["missing"]["label"] is by_kind["missing"]["ground_truth_index"] is None
    assert by_kind["wrong_class"]["suggested"] == "class 2"
    assert by_kind["wrong_class"]["suspicion"] == pytest.approx(0.85)
    assert by_kind["bad_box"]["suspicion"] == pytest.approx(0.9 * (1 - 6 / 14))
    assert by_kind["bad_box"]["suggested"] is by_kind["spurious"]["prediction_index"] is None
    assert by_kind["spurious"]["suspicion"] == pytest.approx(4 / 5)
    assert by_kind["duplicate"]["suspicion"] == 1.0
    assert by_kind["conflict"]["file_name"] == "2.jpg"
    assert frame["rank"].to_list() == [1, 2, 3, 4, 5, 6]


def test_the_documented_columns_are_the_real_ones():
    from cvfail.labels.suspects import LabelErrors

    for name in one_of_each().label_errors().df.columns:
        assert f"`{name}`" in LabelErrors.__doc__


def test_rows_show_both_boxes_and_both_labels_of_one_place():
    suspects = one_of_each().label_errors(min_score=0.8)
    rank = dict(suspects.df.select("kind", "rank").iter_rows())
    wrong = suspects.rows(rank["wrong_class"])
    assert wrong.select("true", "predicted", "score", "gt_x", "pred_x").rows() == [
        ("class 1", "class 2", 0.85, 100.0, 100.0)
    ]
    assert suspects.rows(rank["conflict"])["true"].to_list() == ["class 2", "class 1"]
    assert suspects.rows(rank["missing"]).select("image_id", "true", "pred_x").rows() == [(1, None, 0.0)]
    for rank in (0, 7):
        with pytest.raises(cf.CvfailError, match="no rank"):
            suspects.rows(rank)


def test_kinds_and_top_choose():
    evaluation = one_of_each()
    some = evaluation.label_errors(kinds=["missing", "spurious"], min_score=0.8)
    assert some.df["kind"].to_list() == ["missing", "spurious"]
    assert some.df["rank"].to_list() == [1, 2]
    assert evaluation.label_errors(kinds="missing", min_score=0.8).df["kind"].to_list() == ["missing"]
    assert len(evaluation.label_errors(top=2, min_score=0.8)) == 2
    assert len(evaluation.label_errors(top=0)) == 0
    counts = some.counts.df
    assert dict(counts.select("kind", "suspects").iter_rows()) == dict.fromkeys(KINDS, 0) | {
        "missing": 1,
        "spurious": 1,
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kinds": ["mising"]}, "missing"),
        ({"top": -1}, "negative"),
        ({"compat": "cleanlab"}, "object_label_quality"),
        ({"by": "confident_learning"}, "classification"),
    ],
)
def test_options_without_meaning_are_refused(options, said):
    with pytest.raises(cf.CvfailError, match=said):
        one_of_each().label_errors(**options)


def test_the_order_of_images_changes_nothing():
    images, categories, annotations, detections = random_records(11, images=15)

    def suspects(order):
        place = {image: i for i, image in enumerate(order)}
        rows = [sorted(some, key=lambda row: place[row["image_id"]]) for some in (annotations, detections)]
        data = detection(order, categories, *rows)
        return cf.evaluate(data, cf.Policy(score=0.2)).label_errors(min_score=0.3).df

    before, after = suspects(images), suspects(images[::-1])
    assert len(before) > 5
    assert before.equals(after)


def test_a_missing_label_is_one_suspect_however_many_predictions_find_the_object():
    found = [box(1, CAT, 0, 0.9), box(1, CAT, 1, 0.95), box(1, DOG, 0, 0.93), box(1, DOG, 50, 0.85)]
    evaluation = cf.evaluate(detection([1], [CAT, DOG], [], found))
    frame = evaluation.label_errors(kinds=["missing"]).df
    assert frame["prediction_index"].to_list() == [1, 3]


def test_a_prediction_on_an_ignored_label_is_no_missing_label():
    truths = [{**box(1, CAT, 5), "ignored": 1}]
    evaluation = cf.evaluate(detection([1], [CAT], truths, [box(1, CAT, 0, 0.9)]))
    assert len(evaluation.label_errors()) == 0


def test_suspects_of_a_classifier_name_the_class_they_should_have():
    evaluation = cf.evaluate(
        cf.from_labels(
            ["cat", "cat", "cat", "dog"], probabilities=[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]
        )
    )
    suspects = evaluation.label_errors()
    assert suspects.df.select("kind", "image_id", "label", "suggested", "suspicion", "score").rows() == [
        ("wrong_class", 2, "cat", "dog", 0.9, 0.9)
    ]
    assert suspects.df["reason"].item() == "labelled cat, but dog has a probability of 0.9"
    assert suspects.rows(1)["true"].item() == "cat"
    assert "out-of-sample" in suspects.caption
    assert len(evaluation.label_errors(by="predicted_neq_given", compat="cleanlab")) == 1
    truth_kind, prediction_kind = _rows(evaluation)
    assert truth_kind.tolist() == prediction_kind.tolist() == [0, 0, 2, 0]


def _rows(evaluation):
    from cvfail.labels.suspect_rows import suspect_rows

    return suspect_rows(evaluation._point(None, None))


def test_a_classifier_without_probabilities_has_no_suspect_rows_but_the_question_is_refused():
    evaluation = cf.evaluate(cf.from_labels(["a", "b"], ["b", "b"], scores=[0.9, 0.8]))
    assert not np.any(_rows(evaluation))
    with pytest.raises(cf.CvfailError, match="probabilities"):
        evaluation.label_errors()


def test_a_saved_evaluation_has_the_same_suspects(tmp_path):
    evaluation = one_of_each()
    again = cf.open(evaluation.save(tmp_path / "run"))
    assert again.label_errors(min_score=0.8).df.equals(evaluation.label_errors(min_score=0.8).df)


def test_no_images_no_suspects():
    frame = cf.evaluate(detection([], [], [], [])).label_errors().df
    assert frame.height == 0
    assert frame.schema["suspicion"] == pl.Float64


@pytest.mark.parametrize("detector", ["dets_yolov2_e150", "dets_yolov3"])
def test_voc_suspects_are_false_positives_and_unfound_labels(shared_data, detector):
    folder = shared_data / "det_voc2007_test"
    data = cf.read_coco(
        folder / "gt_coco.json", folder / f"{detector}.parquet", ignore="difficult", on_invalid="drop"
    )
    evaluation = cf.evaluate(data)
    frame = evaluation.label_errors().df
    assert set(frame["kind"]) == {"missing", "wrong_class", "bad_box", "spurious"}
    truths = evaluation.ground_truth_at()["outcome"].cast(pl.String)
    predictions = evaluation.predictions["prediction_index"].len()
    assert "found" not in set(truths.gather(frame["ground_truth_index"].drop_nulls()))
    assert frame["prediction_index"].max() < predictions


def test_the_face_that_wider_labels_twice_is_the_first_suspect(shared_data):
    folder = shared_data / "det_widerface_val"
    truth = pl.read_parquet(folder / "gt.parquet").with_columns(category_id=pl.lit("face"))
    found = pl.read_parquet(folder / "det_retinaface.parquet").with_columns(category_id=pl.lit("face"))
    data = cf.from_frames(
        ground_truth=truth.drop("event"),
        predictions=found,
        box_format="xywh",
        columns={"image_id": "image"},
        on_invalid="drop",
    )
    suspects = cf.evaluate(data, cf.Policy(max_detections=(1, 10, 1000))).label_errors(top=1)
    assert suspects.df.select("kind", "suspicion").row(0) == ("duplicate", 1.0)
    one, two = suspects.rows(1).select("gt_x", "gt_y", "gt_width", "gt_height").rows()
    assert one == two
