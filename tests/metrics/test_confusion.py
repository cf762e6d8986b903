"""The confusion matrix: normative cases, the slow oracle, and its invariants on any data."""

import importlib.util

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.metrics.confusion import ConfusionMatrix, confusion_matrix
from tests.scenes import detection, random_records

CASES = [
    "A_wrong_class_high_score",
    "B_two_gt_same_place",
    "C_no_match_fp",
    "E_iou_between_.45_.5",
    "F_score_thresholds",
    "G_steal",
    "H_iou_vs_score",
    "I_empty_gt",
    "J_empty_dt",
]


def xywh(corners):
    x1, y1, x2, y2 = corners
    return [x1, y1, x2 - x1, y2 - y1]


@pytest.fixture(scope="session")
def reference(shared_spec):
    spec = importlib.util.spec_from_file_location("reference", shared_spec / "reference_implementation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", CASES)
def test_normative_cases(golden, name):
    case = golden[f"cmspec_{name}"]
    truths = [{"image_id": 1, "category_id": c, "bbox": xywh(b)} for b, c in case["input"]["gt_xyxy_cls"]]
    found = [
        {"image_id": 1, "category_id": c, "bbox": xywh(b), "score": s}
        for b, c, s in case["input"]["dt_xyxy_cls_score"]
    ]
    size = len(case["expected"]["matrix"]) - 1
    point = OperatingPoint.of(make_evidence(detection([1], list(range(size)), truths, found), Policy()))
    matrix = confusion_matrix(point)
    assert matrix.counts.tolist() == case["expected"]["matrix"]
    pairs = point.cells.drop_nulls().select("prediction_index", "ground_truth_index").rows()
    assert sorted(map(list, pairs)) == case["expected"]["pairs_det_gt"]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("score", "iou"), [(0.25, 0.5), (0.5, 0.75), (0.0, 0.95)])
def test_equals_the_slow_oracle(reference, seed, score, iou):
    images, categories, annotations, detections = random_records(seed)
    truths = [
        {
            "img": a["image_id"],
            "cat": a["category_id"],
            "box": a["bbox"],
            "area": a["area"],
            "crowd": a["iscrowd"],
        }
        for a in annotations
    ]
    found = [
        {"img": d["image_id"], "cat": d["category_id"], "box": d["bbox"], "score": d["score"]}
        for d in detections
    ]
    expected, _ = reference.confusion(images, categories, truths, found, score_thr=score, iou=iou)
    evidence = make_evidence(detection(images, categories, annotations, detections), Policy())
    matrix = confusion_matrix(OperatingPoint.of(evidence, iou=iou, score=score))
    np.testing.assert_array_equal(matrix.counts, expected)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), score=st.floats(0, 1), iou=st.sampled_from([0.5, 0.7, 0.95]))
def test_rows_add_up_to_ground_truth_and_columns_to_predictions(seed, score, iou):
    evidence = make_evidence(detection(*random_records(seed)), Policy())
    point = OperatingPoint.of(evidence, iou=iou, score=score)
    counts = confusion_matrix(point).counts
    size = len(evidence.category_names)
    coding = evidence.coding
    truths = np.bincount(coding.truth_category[evidence.regular()], minlength=size)
    found = np.bincount(coding.truth_category[point.found], minlength=size)
    counted = np.bincount(coding.category[point.correct | point.wrong], minlength=size)
    np.testing.assert_array_equal(counts[:-1].sum(axis=1), truths)
    np.testing.assert_array_equal(counts[:, :-1].sum(axis=0), counted)
    np.testing.assert_array_equal(np.diag(counts)[:-1], found)
    assert counts.sum() == evidence.regular().sum() + counts[-1].sum()
    assert counts[-1, -1] == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_permuting_the_rows_changes_nothing_when_scores_differ(seed):
    images, categories, annotations, detections = random_records(seed)
    rng = np.random.default_rng(seed)
    detections = [{**d, "score": s} for d, s in zip(detections, rng.random(len(detections)), strict=True)]
    shuffled = [detections[i] for i in rng.permutation(len(detections))]
    before, after = (
        confusion_matrix(
            OperatingPoint.of(make_evidence(detection(images, categories, annotations, rows), Policy()))
        ).counts
        for rows in (detections, shuffled)
    )
    np.testing.assert_array_equal(before, after)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_counts_of_disjoint_image_sets_add_up_to_the_whole(seed):
    images, categories, annotations, detections = random_records(seed)
    parts = [images[:3], images[3:]]
    total = sum(
        confusion_matrix(
            OperatingPoint.of(
                make_evidence(
                    detection(
                        part,
                        categories,
                        [a for a in annotations if a["image_id"] in part],
                        [d for d in detections if d["image_id"] in part],
                    ),
                    Policy(),
                )
            )
        ).counts
        for part in parts
    )
    whole = confusion_matrix(
        OperatingPoint.of(make_evidence(detection(images, categories, annotations, detections), Policy()))
    )
    np.testing.assert_array_equal(whole.counts, total)


def six_rows():
    """By hand: a cat found, a cat taken for a dog, a dog missed, a dog found twice, a cat from nothing."""
    truths = [([0, 0, 10, 10], 1), ([20, 0, 10, 10], 1), ([40, 0, 10, 10], 2), ([60, 0, 10, 10], 2)]
    found = [([0, 0, 10, 10], 1, 0.9), ([20, 0, 10, 10], 2, 0.8), ([60, 0, 10, 10], 2, 0.7)]
    found += [([60, 0, 10, 9], 2, 0.6), ([80, 80, 10, 10], 1, 0.5), ([0, 0, 10, 10], 1, 0.2)]
    return detection(
        [7],
        [1, 2],
        [{"image_id": 7, "category_id": c, "bbox": b} for b, c in truths],
        [{"image_id": 7, "category_id": c, "bbox": b, "score": s} for b, c, s in found],
    )


def test_a_matrix_computed_by_hand_and_the_rows_behind_its_cells():
    matrix = confusion_matrix(OperatingPoint.of(make_evidence(six_rows(), Policy())))
    assert matrix.labels == ["class 1", "class 2", "(background)"]
    assert matrix.counts.tolist() == [[1, 1, 0], [0, 1, 1], [1, 1, 0]]
    confused = matrix.examples("class 1", "class 2")
    assert confused.select("prediction_index", "ground_truth_index", "overlap").rows() == [(1, 1, 1.0)]
    assert confused.select("true", "predicted", "score", "gt_x", "pred_x").rows() == [
        ("class 1", "class 2", 0.8, 20.0, 20.0)
    ]
    missed = matrix.examples("class 2", "(background)")
    assert missed.select("ground_truth_index", "prediction_index", "score").rows() == [(2, None, None)]
    assert matrix.examples("(background)", "class 1")["prediction_index"].to_list() == [4]


def test_normalising_by_row_gives_recall_and_by_column_precision_on_the_diagonal():
    matrix = confusion_matrix(OperatingPoint.of(make_evidence(six_rows(), Policy())))
    by_row = matrix.wide("true").df
    assert by_row["→ class 1"].to_list() == [0.5, 0.0, 0.5]
    assert by_row["→ (background)"].to_list() == [0.0, 0.5, None]
    assert matrix.wide("predicted").df["→ class 2"].to_list() == pytest.approx([1 / 3] * 3)
    assert matrix.wide("all").df.select(pl.exclude("true")).to_numpy()[0, 0] == pytest.approx(1 / 6)


def test_long_form_has_every_cell_and_a_null_corner():
    frame = confusion_matrix(OperatingPoint.of(make_evidence(six_rows(), Policy()))).df
    assert frame.columns == [
        "true",
        "predicted",
        "count",
        "share_of_true",
        "share_of_predicted",
        "share_of_all",
    ]
    assert len(frame) == 9
    assert frame.row(-1) == ("(background)", "(background)", None, None, None, None)
    assert pl.DataFrame(confusion_matrix(OperatingPoint.of(make_evidence(six_rows(), Policy())))).equals(
        frame
    )


def test_an_unknown_class_is_named_with_what_was_meant():
    matrix = ConfusionMatrix(np.zeros((2, 2)), ["zebra", "horse"])
    with pytest.raises(QueryError, match="no rows behind"):
        matrix.examples("zebra", "horse")
    matrix = confusion_matrix(OperatingPoint.of(make_evidence(six_rows(), Policy())))
    with pytest.raises(QueryError, match="did you mean class 1"):
        matrix.examples("class1", "class 2")


@pytest.mark.parametrize(
    ("annotations", "detections"),
    [
        ([], []),
        ([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]}], []),
        ([], [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "score": 0.5}]),
    ],
)
def test_nothing_on_either_side_is_an_ordinary_input(annotations, detections):
    matrix = confusion_matrix(
        OperatingPoint.of(make_evidence(detection([1], [1], annotations, detections), Policy()))
    )
    assert matrix.counts.sum() == len(annotations) + len(detections)
    assert matrix.most_confused().df.is_empty()
    nothing = confusion_matrix(OperatingPoint.of(make_evidence(detection([], [], [], []), Policy())))
    assert nothing.labels == ["(background)"]
