"""Error types: tidecv's cases under our decision, prefix stability, and repairs that add up to a perfect model."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.decomposition.error_types import error_types
from cvfail.decomposition.replay import Replay
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.statistics.bootstrap import percentile_interval
from tests.scenes import detection, random_records

OURS = {
    "Cls": "classification",
    "Loc": "localisation",
    "Both": "both",
    "Dupe": "duplicate",
    "Bkg": "background",
    "Miss": "missed",
}

AS_TIDECV = [
    "tide_loc_bounds",
    "tide_dupe",
    "tide_bkg",
    "tide_both",
    "tide_miss",
    "tide_miss_all",
    "tide_best_match",
]
AS_TIDECV += ["tide_iou_tie_first", "tide_empty_image", "tide_mixed"]


def answer(case):
    given = case["input"]
    truths = [{"image_id": i, "category_id": c, "bbox": b} for i, c, b in given["gt_img_cls_xywh"]]
    truths += [
        {"image_id": i, "category_id": c, "bbox": b, "iscrowd": 1} for i, c, b in given["ignore_img_cls_xywh"]
    ]
    found = [
        {"image_id": i, "category_id": c, "bbox": b, "score": s}
        for i, c, b, s in given["dets_img_cls_xywh_score"]
    ]
    images = sorted({row["image_id"] for row in truths + found})
    categories = sorted({row["category_id"] for row in truths + found})
    frame = error_types(make_evidence(detection(images, categories, truths, found), Policy()), score=0.0).df
    return {row["error_type"]: row for row in frame.to_dicts()}


@pytest.mark.parametrize("name", AS_TIDECV)
def test_counts_and_gains_equal_tidecv_where_the_rules_agree(golden, name):
    expected = golden[name]["expected"]["tidecv_1.0.1"]
    rows = answer(golden[name])
    assert {theirs: rows[ours]["count"] for theirs, ours in OURS.items()} == expected["counts"]
    for theirs, ours in OURS.items():
        assert rows[ours]["delta_ap"] == pytest.approx(expected["dAP"][theirs] / 100, abs=1e-9)
    assert rows["all false negatives"]["delta_ap"] == pytest.approx(
        expected["special"]["FalseNeg"] / 100, abs=1e-9
    )
    assert rows["all false positives"]["delta_ap"] == pytest.approx(
        expected["special"]["FalsePos"] / 100, abs=1e-9
    )


def test_a_class_without_ground_truth_does_not_enter_the_mean(golden):
    """tidecv scores it 0, so that removing its background error seems to gain 50 points; here it gains nothing."""
    rows = answer(golden["tide_no_gt_class"])
    assert rows["background"]["count"] == 1
    assert rows["background"]["delta_ap"] == 0.0


def test_a_class_whose_objects_are_all_excused_scores_one_without_false_positives(golden):
    """tidecv drops the emptied class from the mean; the class set is fixed here."""
    expected = golden["tide_cls"]["expected"]["tidecv_1.0.1"]
    rows = answer(golden["tide_cls"])
    assert {theirs: rows[ours]["count"] for theirs, ours in OURS.items()} == expected["counts"]
    assert rows["classification"]["delta_ap"] == pytest.approx(expected["dAP"]["Cls"] / 100)
    assert rows["all false negatives"]["delta_ap"] == 1.0


def test_predictions_on_a_crowd_have_no_error_type(golden):
    """tidecv types ignored predictions and wants more than half of them inside; COCO's rule ignores both here."""
    rows = answer(golden["tide_ignore"])
    assert sum(row["count"] for name, row in rows.items() if name in OURS.values()) == 0


def brute_force_type(evidence, row, found, iou, background):
    """The ordered tests written down for one prediction, from boxes and categories."""
    truths = evidence.ground_truth.with_row_index("row")
    own = evidence.predictions.row(row, named=True)
    same, other, used, every = [0.0], [0.0], [0.0], [0.0]
    for truth in truths.iter_rows(named=True):
        if truth["image_id"] != own["image_id"] or not truth["is_regular"]:
            continue
        shared_width = min(own["x"] + own["width"], truth["x"] + truth["width"]) - max(own["x"], truth["x"])
        shared_height = min(own["y"] + own["height"], truth["y"] + truth["height"]) - max(
            own["y"], truth["y"]
        )
        if shared_width <= 0 or shared_height <= 0:
            continue
        shared = shared_width * shared_height
        overlap = shared / (own["width"] * own["height"] + truth["width"] * truth["height"] - shared)
        every.append(overlap)
        if truth["category_id"] == own["category_id"]:
            same.append(overlap)
            if found[truth["row"]]:
                used.append(overlap)
        else:
            other.append(overlap)
    if background <= max(same) <= iou:
        return 2
    if max(other) >= iou:
        return 1
    if max(used) >= iou:
        return 4
    return 5 if max(every) <= background else 3


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), score=st.sampled_from([0.0, 0.25, 0.5]), iou=st.sampled_from([0.5, 0.75]))
def test_types_equal_the_ordered_tests_done_one_by_one(seed, score, iou):
    evidence = make_evidence(detection(*random_records(seed)), Policy())
    point = OperatingPoint.of(evidence, iou=iou, score=score)
    kind, _ = point.typed
    for row in range(len(evidence.predictions)):
        expected = brute_force_type(evidence, row, point.found, iou, 0.1) if point.wrong[row] else 0
        assert kind[row] == expected


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_types_of_kept_predictions_do_not_depend_on_the_score_threshold(seed):
    evidence = make_evidence(detection(*random_records(seed)), Policy())
    low, high = (OperatingPoint.of(evidence, score=score) for score in (0.0, 0.5))
    np.testing.assert_array_equal(low.typed[0][high.kept], high.typed[0][high.kept])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_repairing_everything_gives_average_precision_one(seed):
    """All unfound objects excused and all false positives removed leaves a perfect model."""
    images, categories, annotations, detections = random_records(seed)
    evidence = make_evidence(detection(images, categories, annotations, detections), Policy())
    point = OperatingPoint.of(evidence, score=-np.inf)
    kept_truths = [
        annotations[i] for i in evidence.ground_truth["ground_truth_id"].filter(pl.Series(point.found))
    ]
    kept = [detections[i] for i in evidence.predictions["prediction_id"].filter(pl.Series(point.correct))]
    if not kept:
        return
    perfect = error_types(make_evidence(detection(images, categories, kept_truths, kept), Policy())).df
    assert perfect["delta_ap"].to_list() == pytest.approx([0.0] * 8, abs=1e-12)
    assert perfect["count_all"].sum() == 0


def test_nothing_at_all_is_answered_with_zero_counts_and_null_gains():
    frame = error_types(make_evidence(detection([], [], [], []), Policy())).df
    assert frame["count"].to_list() == [0] * 8
    assert frame["delta_ap"].null_count() == 8
    assert frame["share"].null_count() == 8


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_one_after_the_other_the_gains_add_up_to_a_perfect_model(seed):
    frame = error_types(make_evidence(detection(*random_records(seed)), Policy()), progressive=True).df.head(
        6
    )
    if frame["ap"].null_count() == 0:
        assert frame["delta_ap"].sum() == pytest.approx(1.0 - frame["ap"][0], abs=1e-12)


def test_intervals_are_those_of_paired_replicates():
    evidence = make_evidence(detection(*random_records(11, images=40)), Policy())
    frame = error_types(evidence, replicates=100, seed=5).df
    replay = Replay.of(OperatingPoint.of(evidence, score=-np.inf))
    options = {"replicates": 100, "seed": 5}
    base = replay.average_precision_replicates(**options)
    better = replay.average_precision_replicates(repaired=replay.kind == 2, **options)
    lower, upper, _ = percentile_interval(better - base)
    row = frame.filter(error_type="localisation").row(0, named=True)
    assert (row["delta_ap_lower"], row["delta_ap_upper"]) == (lower, upper)
    assert row["delta_ap_lower"] < row["delta_ap"] < row["delta_ap_upper"]


def test_without_replicates_the_bounds_are_null_and_not_shown():
    table = error_types(make_evidence(detection(*random_records(1)), Policy()))
    assert table.df["delta_ap_lower"].null_count() == 8
    assert "delta_ap_lower" not in repr(table)
