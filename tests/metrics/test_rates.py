"""Rates by group: worked by hand, additive over partitions, and what attributes of each kind leave undefined."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.metrics.rates import rates
from tests.scenes import detection, random_records


def two_images():
    """Day: a small object found, a medium one missed. Night: a small one missed, a large false positive."""
    truths = [(1, [0, 0, 10, 10]), (1, [100, 100, 50, 50]), (2, [0, 0, 20, 20])]
    found = [(1, [0, 0, 10, 10], 0.9), (2, [300, 300, 200, 200], 0.8), (2, [0, 0, 20, 20], 0.1)]
    data = detection(
        [1, 2],
        [5],
        [{"image_id": i, "category_id": 5, "bbox": b} for i, b in truths],
        [{"image_id": i, "category_id": 5, "bbox": b, "score": s} for i, b, s in found],
        light=["day", "night"],
    )
    truth = data.ground_truth.with_columns(occlusion=pl.Series(["none", "heavy", None]))
    return type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=truth,
        predictions=data.predictions,
    )


def table(data, **options):
    return rates(
        OperatingPoint.of(make_evidence(data, Policy()), score=options.pop("score", None)), **options
    ).df


def test_overall_rates_by_hand():
    row = table(two_images()).row(0, named=True)
    assert (row["tp"], row["fp"], row["fn"], row["support"], row["predicted"], row["clusters"]) == (
        1,
        1,
        2,
        3,
        2,
        2,
    )
    assert (row["precision"], row["recall"], row["f1"]) == pytest.approx((1 / 2, 1 / 3, 2 / 5))
    assert 0 <= row["recall_lower"] < 1 / 3 < row["recall_upper"] <= 1


def test_a_lower_score_threshold_finds_the_third_object():
    assert table(two_images(), score=0.05)["tp"].item() == 2


def test_an_image_attribute_splits_both_sides():
    frame = table(two_images(), by=["light"])
    assert frame.select("light", "tp", "fp", "fn", "fp_rule").rows() == [
        ("day", 1, 0, 1, "exact"),
        ("night", 0, 1, 1, "exact"),
    ]
    assert frame["precision"].to_list() == [1.0, 0.0]


def test_size_is_the_objects_own_and_a_false_positives_own():
    frame = table(two_images(), by=["size"])
    assert frame.select("size", "tp", "fp", "fn", "fp_rule").rows() == [
        ("small", 1, 0, 1, "own_geometry"),
        ("medium", 0, 0, 1, "own_geometry"),
        ("large", 0, 1, 0, "own_geometry"),
    ]
    assert frame["recall"].to_list() == [0.5, 0.0, None]


def test_an_attribute_of_ground_truth_alone_leaves_precision_undefined_and_null_is_a_group():
    frame = table(two_images(), by=["occlusion"])
    assert frame.select("occlusion", "recall", "precision", "fp", "fp_rule").rows() == [
        ("heavy", 0.0, None, None, "none"),
        ("none", 1.0, None, None, "none"),
        (None, 0.0, None, None, "none"),
    ]


def test_several_attributes_cross():
    assert table(two_images(), by=["light", "size"]).select("light", "size", "support").rows() == [
        ("day", "small", 1),
        ("day", "medium", 1),
        ("night", "small", 1),
        ("night", "large", 0),
    ]


def test_macro_gives_each_class_the_same_weight_and_weighted_the_support():
    truths = [(1, 1), (1, 1), (1, 1), (1, 2)]
    boxes = [[40 * n, 0, 10, 10] for n in range(4)]
    data = detection(
        [1],
        [1, 2],
        [{"image_id": i, "category_id": c, "bbox": b} for (i, c), b in zip(truths, boxes, strict=True)],
        [{"image_id": 1, "category_id": c, "bbox": boxes[n], "score": 0.9} for c, n in ((1, 0), (2, 3))],
    )
    assert table(data, average="macro")["recall"].item() == pytest.approx((1 / 3 + 1) / 2)
    assert table(data, average="weighted")["recall"].item() == pytest.approx(2 / 4)
    assert table(data)["recall"].item() == pytest.approx(2 / 4)


def test_the_worked_detection_example():
    """TP=560, FP=190, FN=140: precision .747, recall .8, and recall by size .58, .82, .93."""
    by_size = {"small": (10, 133, 77), "medium": (50, 392, 321), "large": (100, 175, 162)}
    truths, found = [], []
    for side, total, hits in by_size.values():
        for n in range(total):
            truths.append({"image_id": n, "category_id": 1, "bbox": [0, side * 10, side, side]})
            if n < hits:
                found.append({**truths[-1], "score": 0.9})
    found += [{"image_id": n, "category_id": 1, "bbox": [500, 0, 9, 9], "score": 0.9} for n in range(190)]
    data = detection(list(range(400)), [1], truths, found)
    row = table(data).row(0, named=True)
    assert (row["tp"], row["fp"], row["fn"]) == (560, 190, 140)
    assert (round(row["precision"], 3), round(row["recall"], 3)) == (0.747, 0.8)
    assert [round(value, 2) for value in table(data, by=["size"])["recall"]] == [0.58, 0.82, 0.93]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), by=st.sampled_from(["category", "size"]))
def test_counts_over_a_partition_add_up_to_the_whole(seed, by):
    data = detection(*random_records(seed))
    parts, whole = table(data, by=[by]), table(data)
    assert parts.select("tp", "fp", "fn").sum().row(0) == whole.select("tp", "fp", "fn").row(0)


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
def test_nothing_to_count_is_null(average):
    frame = table(detection([1], [1], [], []), average=average)
    assert frame.select("tp", "precision", "recall", "f1", "recall_lower").rows() == [
        (0, None, None, None, None)
    ]
    assert table(detection([], [], [], []), by=["category"], average=average).is_empty()


def test_an_unknown_attribute_lists_the_known_ones():
    with pytest.raises(QueryError, match="one of category, size, light, occlusion"):
        table(two_images(), by=["weather"])
