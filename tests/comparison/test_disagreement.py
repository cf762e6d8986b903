"""Disagreement: matrices of tools on golden cases, and exactly the rows that change sides."""

import numpy as np
import pytest

import cvfail as cf
from cvfail.comparison.conventions import CONVENTIONS, Convention
from cvfail.comparison.disagreement import disagreement
from cvfail.errors import PolicyError, QueryError
from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from tests.comparison.models import classifiers, two_models
from tests.scenes import detection

TOOLS = {
    "ultralytics 8.4": "ultralytics_8.4.190",
    "supervision": "supervision",
    "hotcoco": "hotcoco",
    "mmdet": "mmdet",
    "fiftyone": "fiftyone_1.22.1 classwise=False",
    "fiftyone classwise": "fiftyone_1.22.1 classwise=True",
}
CASES = ("A_wrong_class_high_score", "B_two_gt_same_place", "D_duplicate", "E_iou_between_.45_.5")
CASES += ("F_score_thresholds", "G_steal", "I_empty_gt", "J_empty_dt")


def boxed(box, category, **more):
    left, top, right, bottom = box
    return {"image_id": 1, "category_id": category, "bbox": [left, top, right - left, bottom - top], **more}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("case", CASES)
def test_matrices_are_those_of_the_tools(golden, case, tool):
    case = golden[f"cm_{case}"]
    truths = [boxed(box, category) for box, category in case["input"]["gt_xyxy_cls"]]
    found = [boxed(box, category, score=score) for box, category, score in case["input"]["dt_xyxy_cls_score"]]
    evidence = evaluate(detection([1], [0, 1], truths, found)).evidence
    expected = next(value for name, value in case["expected"].items() if name.startswith(TOOLS[tool]))
    if expected == "n/a":
        pytest.skip("the tool cannot do this")
    matrix = disagreement(evidence, tool, "hotcoco").first
    if tool.startswith("ultralytics"):
        matrix = matrix.T  # its rows are predictions
    assert matrix.tolist() == expected


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tool", [*CONVENTIONS, Policy(score=0.4, iou=0.75)])
def test_rows_that_change_sides_explain_the_whole_difference(seed, tool):
    evidence = two_models(seed)[0]
    found = disagreement(evidence, Policy(), tool)
    assert (found.first == OperatingPoint.of(evidence).cell_counts).all()
    names = [*evidence.category_names, "(background)"]
    apart = np.zeros(found.first.shape, int)
    for row in found.rows.filter(table="ground_truth").iter_rows(named=True):
        for side, sign in (("first", -1), ("second", 1)):
            for other in row[side].split(", "):
                apart[names.index(row["label"]), names.index(other)] += sign
    assert (found.second[:-1] - found.first[:-1] == apart[:-1]).all()
    assert found.df["missed"].to_list() == [found.first[:-1, -1].sum(), found.second[:-1, -1].sum()]


def test_nothing_changes_sides_under_one_convention():
    evidence = two_models(2)[0]
    same = disagreement(evidence, "hotcoco", "fiftyone")
    assert same.rows.is_empty()
    assert same.reasons.df.is_empty()
    assert (same.first == same.second).all()


def test_the_public_function_takes_an_evaluation():
    from cvfail.evaluation import Evaluation

    evidence = two_models(2)[0]
    found = cf.disagreement(Evaluation(evidence), "mmdet", "supervision")
    assert found.rows.equals(disagreement(evidence, "mmdet", "supervision").rows)


def test_reasons_are_counted():
    found = disagreement(two_models(2, images=30)[0], "hotcoco", "supervision")
    assert found.reasons.df["count"].sum() == len(found.rows) > 0
    assert set(found.rows["reason"]) <= {"score", "ignored", "pairing"}
    left_out = found.rows.filter(reason="score")
    assert set(left_out["second"]) == {"(left out)"}


def test_what_lies_on_a_crowd_is_left_out_as_ignored_and_not_for_its_score():
    annotations = [
        {"image_id": 0, "category_id": 1, "bbox": [0, 0, 50, 50], "iscrowd": 1},
        {"image_id": 0, "category_id": 1, "bbox": [200, 0, 50, 50]},
    ]
    detections = [
        {"image_id": 0, "category_id": 1, "bbox": [0, 0, 50, 50], "score": 0.9},
        {"image_id": 0, "category_id": 1, "bbox": [200, 0, 50, 50], "score": 0.8},
        {"image_id": 0, "category_id": 1, "bbox": [400, 0, 50, 50], "score": 0.25},
    ]
    evidence = evaluate(detection([0], [1], annotations, detections)).evidence
    rows = disagreement(evidence, Policy(), "ultralytics 8.4").rows
    assert rows.select("row", "second", "reason").rows() == [
        (0, "(background)", "ignored"),
        (2, "(left out)", "score"),
    ]


def test_what_has_no_meaning_is_refused():
    evidence = two_models(2)[0]
    with pytest.raises(QueryError, match="no convention 'yolo'"):
        disagreement(evidence, "yolo", "mmdet")
    with pytest.raises(PolicyError, match=r"background_iou=0\.05"):
        disagreement(evidence, Convention(0.1, 0.05, "all"), "mmdet")
    with pytest.raises(QueryError, match="classifier"):
        disagreement(classifiers(1)[0], "mmdet", "hotcoco")
