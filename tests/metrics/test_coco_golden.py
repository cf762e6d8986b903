"""The reference cases of section 1: summaries and matches of pycocotools, case by case."""

import numpy as np
import pytest

from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.metrics.coco_summary import coco_summary
from cvfail.metrics.precision_recall import RECALLS, precision_recall
from tests.scenes import detection

SUMMARIES = [
    "coco_single_perfect",
    "coco_two_perfect",
    "coco_only_crowd",
    "coco_area_bounds_inclusive",
    "coco_area_from_annotation",
    "coco_unmatched_outside_area",
    "coco_maxdets",
    "coco_absent_category",
    "coco_no_det_category",
    "coco_duplicate_det",
    "coco_degenerate_box",
    "coco_string_ids",
    "coco_mixed",
]


def evidence_of(case, **policy):
    given = case["input"]
    ids = [image["id"] for image in given["images"]], [category["id"] for category in given["categories"]]
    return make_evidence(detection(*ids, given["annotations"], given["detections"]), Policy(**policy))


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_summary_is_the_reference_tools(golden, name):
    case = golden[name]
    summary = coco_summary(evidence_of(case), replicates=0).df["estimate"].fill_null(-1.0)
    np.testing.assert_allclose(summary.to_numpy(), case["expected"]["stats"], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "key", "iou", "policy"),
    [
        ("coco_iou_tie_last_gt_wins", None, 0.5, {}),
        ("coco_score_tie_input_order", None, 0.5, {}),
        ("coco_score_tie_input_order", "ev_t75", 0.75, {}),
        ("coco_iou_equal_thr", "t50", 0.5, {}),
        ("coco_iou_equal_thr", "t55", 0.55, {}),
        ("coco_iou_thr_1", "t", 1.0, {"iou_thresholds": (1.0,), "iou": 1.0}),
        ("coco_crowd_break", "t50", 0.5, {}),
        ("coco_crowd_break", "t65", 0.65, {}),
        ("coco_only_crowd", None, 0.5, {}),
        ("coco_area_ignored_single_match", "all", 0.5, {}),
        ("coco_duplicate_det", "ev", 0.5, {}),
        ("coco_degenerate_box", "ev", 0.5, {}),
    ],
)
def test_each_prediction_is_matched_as_in_the_reference(golden, name, key, iou, policy):
    case = golden[name]
    expected = case["expected"] if key is None else case["expected"][key]
    point = OperatingPoint.of(evidence_of(case, **policy), iou=iou, score=0.0)
    by_score = sorted(
        range(len(expected["dtIds"])), key=lambda row: -case["input"]["detections"][row]["score"]
    )
    assert [row + 1 for row in by_score] == expected["dtIds"], "the case lists predictions in score order"
    bits = point.evidence.outcomes.column("predictions", "matched").to_numpy()
    matched = (point.correct | (point.neutral & point._bit(bits)))[by_score]
    assert matched.tolist() == [match != 0 for match in expected["dtMatches"]]
    assert point.neutral[by_score].tolist() == expected["dtIgnore"]
    ids = [annotation["id"] for annotation in case["input"]["annotations"]]
    partner = dict(zip(ids, point.partner.tolist(), strict=True))
    crowd = {a["id"] for a in case["input"]["annotations"] if a["iscrowd"]}
    for truth, match in zip(expected["gtIds"], expected["gtMatches"], strict=True):
        if truth not in crowd:  # a crowd is matched many times; the reference keeps the last
            assert partner[truth] + 1 == match


def test_annotation_id_zero_does_not_lose_its_match(golden):
    """pycocotools takes id 0 for "unmatched" and scores 0 here; rows, not ids, are matched in cvfail."""
    summary = coco_summary(evidence_of(golden["coco_gt_id_zero_bug"]), replicates=0).df
    assert summary["estimate"][0] == pytest.approx(1.0, abs=1e-12)


def test_a_custom_largest_limit_is_used_for_ap(golden):
    """pycocotools hard-codes 100 predictions for AP and prints -1; cvfail uses the largest limit."""
    case = golden["coco_maxdets_custom"]
    summary = coco_summary(evidence_of(case, max_detections=(1, 10, 300)), replicates=0).df
    assert summary["estimate"].fill_null(-1.0).to_list()[1:] == pytest.approx(case["expected"]["stats"][1:])
    assert summary["estimate"][0] == pytest.approx(1.0)


def test_recall_thresholds_are_linspace_not_hundredths(golden):
    case = golden["coco_recthr_float"]
    curve = precision_recall(evidence_of(case))
    assert f"np.float64({RECALLS[57]})" == case["expected"]["recThrs57"]
    assert np.count_nonzero(curve.precision[0, 0]) == case["expected"]["n_nonzero"]
    assert curve.average_precision[0, 0] == pytest.approx(case["expected"]["AP50"], abs=1e-12)


def test_a_tie_of_scores_in_one_image_keeps_input_order(golden):
    case = golden["coco_score_tie_input_order"]
    ap50 = precision_recall(evidence_of(case)).average_precision[0, 0]
    assert ap50 == pytest.approx(case["expected"]["AP50"], abs=1e-12)


def test_absent_categories_are_null_per_class_and_left_out_of_the_mean(golden):
    case = golden["coco_absent_category"]
    curve = precision_recall(evidence_of(case))
    values = np.nan_to_num(curve.average_precision[:, 0], nan=-1.0)
    np.testing.assert_allclose(values, case["expected"]["AP50_per_cat"], rtol=0, atol=1e-12)
