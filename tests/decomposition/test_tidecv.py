"""compat="tidecv": its golden cases, random data against a plain twin, and where the default decides otherwise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.decomposition.error_types import error_types
from cvfail.errors import QueryError
from cvfail.evaluation import Evaluation
from cvfail.evidence.making import make_evidence
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.matching.policy import Policy
from tests.decomposition.plain_tidecv import OURS, PlainRun
from tests.scenes import detection, random_records

CASES = ["cls", "loc_bounds", "dupe", "bkg", "both", "miss", "miss_all", "no_gt_class", "best_match"]
CASES += ["iou_tie_first", "ignore", "empty_image", "max_dets", "mixed"]


def answer(table):
    """A table in tidecv's words."""
    rows = {row["error_type"]: row for row in table.df.to_dicts()}
    return {
        "AP": rows["missed"]["ap"],
        "dAP": {theirs: rows[ours]["delta_ap"] for theirs, ours in OURS.items()},
        "special": {
            "FalsePos": rows["all false positives"]["delta_ap"],
            "FalseNeg": rows["all false negatives"]["delta_ap"],
        },
        "counts": {theirs: rows[ours]["count"] for theirs, ours in OURS.items()},
    }


def assert_equal(found, expected):
    assert found["counts"] == expected["counts"]
    assert found["AP"] == pytest.approx(expected["AP"], rel=0, abs=1e-12)
    for part in ("dAP", "special"):
        assert found[part] == pytest.approx(expected[part], rel=0, abs=1e-12)


def records_of(case):
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
    return images, sorted({row["category_id"] for row in truths + found}), truths, found


@pytest.mark.parametrize("name", CASES)
def test_the_golden_cases(golden, name):
    case = golden[f"tide_{name}"]
    limit = 2 if name == "max_dets" else 100
    evidence = make_evidence(detection(*records_of(case)), Policy(max_detections=(limit,)))
    assert_equal(answer(error_types(evidence, compat="tidecv")), case["expected"]["tidecv_1.0.1"])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    progressive=st.booleans(),
    limit=st.sampled_from([100, 4]),
    iou=st.sampled_from([0.5, 0.75]),
)
def test_random_data_with_ties_and_crowds_against_the_plain_twin(seed, progressive, limit, iou):
    images, categories, annotations, detections = random_records(seed)
    if not detections and not any(not a["iscrowd"] for a in annotations):
        return
    evidence = make_evidence(
        detection(images, categories, annotations, detections), Policy(max_detections=(limit,))
    )
    found = answer(error_types(evidence, compat="tidecv", progressive=progressive, iou=iou))
    expected = PlainRun(images, annotations, detections, t_f=iou, limit=limit)
    if not expected.positives and not expected.matched_order:
        return
    assert_equal(found, expected.answer(progressive=progressive))


def test_saved_in_blocks_it_is_the_same(tmp_path):
    evidence = make_evidence(detection(*random_records(7, images=24)), Policy())
    stored = open_evidence(save_evidence(evidence, tmp_path / "run", block_rows=7))
    assert error_types(stored, compat="tidecv").df.equals(error_types(evidence, compat="tidecv").df)


def test_a_score_leaves_predictions_out_as_if_they_were_not_in_the_file():
    images, categories, annotations, detections = random_records(3)
    evidence = make_evidence(detection(images, categories, annotations, detections), Policy())
    kept = [d for d in detections if d["score"] >= 0.4]
    less = make_evidence(detection(images, categories, annotations, kept), Policy())
    assert error_types(evidence, compat="tidecv", score=0.4).df.equals(error_types(less, compat="tidecv").df)


def both(images, annotations, detections):
    """The default and tidecv on the same records, by row, gains of both from 0 to 1."""
    categories = sorted({row["category_id"] for row in annotations + detections})
    evaluation = Evaluation(make_evidence(detection(images, categories, annotations, detections), Policy()))
    ours = {row["error_type"]: row for row in evaluation.error_types(score=0.0).to_dicts()}
    theirs = {row["error_type"]: row for row in evaluation.error_types(compat="tidecv").to_dicts()}
    for row in theirs.values():
        row.update(ap=row["ap"] / 100, delta_ap=row["delta_ap"] / 100)
    return ours, theirs


BOX, FAR = [0, 0, 100, 100], [500, 500, 50, 50]


def truth(category=1, box=BOX, image=1, **more):
    return {"image_id": image, "category_id": category, "bbox": box, **more}


def found(category=1, box=BOX, score=0.9, image=1):
    return {"image_id": image, "category_id": category, "bbox": box, "score": score}


def test_a_class_without_ground_truth_is_in_the_mean_of_tidecv_only():
    ours, theirs = both([1], [truth()], [found(), found(2, FAR, 0.8)])
    assert (ours["background"]["ap"], theirs["background"]["ap"]) == (pytest.approx(1), 0.5)
    assert (ours["background"]["delta_ap"], theirs["background"]["delta_ap"]) == (0.0, 0.5)


def test_a_class_that_is_missed_altogether_scores_one_if_excused_or_leaves_the_mean_of_tidecv():
    ours, theirs = both([1], [truth(), truth(2, FAR)], [found()])
    assert (ours["missed"]["delta_ap"], theirs["missed"]["delta_ap"]) == (pytest.approx(0.5), 0.5)
    ours, theirs = both([1], [truth(), truth(2, FAR)], [found(score=0.9), found(1, FAR, 0.95)])
    assert ours["all false negatives"]["delta_ap"] == pytest.approx(0.5)
    ours, theirs = both([1], [truth(), truth(2, FAR)], [found(), found(2, [800, 0, 50, 50], 0.5)])
    assert ours["background"]["delta_ap"] == theirs["background"]["delta_ap"] == 0.0
    assert theirs["missed"]["delta_ap"] == 0.0, "tidecv: 0, with predictions and no ground truth left"


def test_tied_scores_change_nothing_by_default_and_gain_or_lose_in_tidecv():
    """The true positive stands first in image order; a repair of nothing puts it behind the false positive."""
    ours, theirs = both([1, 2], [truth()], [found(score=0.5), found(box=FAR, score=0.5, image=2)])
    assert ours["missed"]["delta_ap"] == ours["all false negatives"]["delta_ap"] == 0.0
    assert theirs["all false negatives"]["delta_ap"] == -0.5


def test_a_prediction_on_a_crowd_has_an_error_type_in_tidecv_only():
    crowd = truth(box=[0, 0, 200, 200], iscrowd=1)
    ours, theirs = both([1], [truth(box=FAR), crowd], [found(), found(box=FAR, score=0.5)])
    assert (ours["background"]["count"], theirs["background"]["count"]) == (0, 1)
    assert theirs["background"]["delta_ap"] == 0.0


def test_half_of_a_prediction_in_a_crowd_is_ignored_by_default_and_wrong_in_tidecv():
    crowd = truth(box=[0, 0, 200, 200], iscrowd=1)
    ours, theirs = both(
        [1], [truth(box=FAR), crowd], [found(box=[150, 0, 100, 100]), found(box=FAR, score=0.5)]
    )
    assert ours["background"]["ap"] == pytest.approx(1.0)
    assert theirs["background"]["ap"] == 0.5


def test_of_equal_overlaps_the_last_object_is_taken_by_default_and_the_first_in_tidecv():
    """Either way one object is found; which one shows in the prediction that aims at the other."""
    right, left = [30, 0, 100, 100], [-30, 0, 100, 100]
    ours, theirs = both(
        [1], [truth(box=left), truth(box=right)], [found(score=0.9), found(box=right, score=0.8)]
    )
    assert (ours["duplicate"]["count"], ours["missed"]["count"]) == (1, 1)
    assert (theirs["duplicate"]["count"], theirs["missed"]["count"]) == (0, 0)


def test_a_limit_is_per_class_by_default_and_over_all_classes_in_tidecv():
    many = [found(1, [200 + 2 * i, 300, 50, 50], 0.9) for i in range(100)]
    ours, theirs = both([1], [truth(2)], [*many, found(2, score=0.5)])
    assert ours["missed"]["count"] == 0
    assert theirs["missed"]["count"] == 1


def test_groups_and_intervals_are_refused():
    evidence = make_evidence(detection(*random_records(3)), Policy())
    with pytest.raises(QueryError, match="no groups"):
        error_types(evidence, compat="tidecv", by="category")
    with pytest.raises(QueryError, match="no intervals"):
        error_types(evidence, compat="tidecv", replicates=10)


def test_nothing_at_all_has_null_gains():
    frame = error_types(make_evidence(detection([], [], [], []), Policy()), compat="tidecv").df
    assert frame["delta_ap"].null_count() == 8
    assert frame["count"].to_list() == [0] * 8
