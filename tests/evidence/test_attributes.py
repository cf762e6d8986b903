"""Attributes: levels of numbers, sizes on the boundaries, and what cannot be grouped by."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvfail.evidence.attributes import as_levels, attribute, attribute_names, dropped_attributes
from cvfail.evidence.making import make_evidence
from cvfail.matching.policy import Policy
from tests.scenes import detection


@given(st.lists(st.none() | st.floats(allow_infinity=False), min_size=1, max_size=60))
def test_levels_of_numbers_keep_nulls_apart_and_follow_the_order_of_the_values(values):
    numbers = pl.Series(values, dtype=pl.Float64)
    levels = as_levels(numbers)
    assert len(levels) == len(numbers)
    frame = pl.DataFrame({"value": numbers.fill_nan(None), "level": levels})
    if isinstance(levels.dtype, pl.Enum):
        assert frame.filter(pl.col("value").is_null())["level"].is_null().all()
        known = frame.drop_nulls().sort("value")
        assert known["level"].to_physical().is_sorted()
        assert known["level"].n_unique() <= 4


def test_many_equal_values_give_two_levels_and_not_an_error():
    values = pl.Series([0.0] * 90 + list(range(1, 21)), dtype=pl.Float64)
    assert as_levels(values).value_counts().sort("count")["count"].to_list() == [20, 90]


def test_size_buckets_are_half_open_so_that_they_partition():
    boxes = [(32, 32, 1023.9), (32, 32, 1024.0), (96, 96, 9215.9), (96, 96, 9216.0)]
    truths = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, width, height], "area": area}
        for width, height, area in boxes
    ]
    evidence = make_evidence(detection([1], [1], truths, []), Policy())
    assert attribute(evidence, "size").truth.to_list() == ["small", "medium", "medium", "large"]


def test_identifiers_constants_and_lists_are_not_offered():
    data = detection([1, 2, 3, 4], [1], [], [], light=["day", "night", "day", "day"], site=["x"] * 4)
    images = data.images.with_columns(
        tags=pl.Series([["a"], ["b"], [], []]), temperature=pl.Series([1.5, 2.5, 3.5, 9.0])
    )
    wide = type(data)(
        task="detection",
        images=images,
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions,
    )
    evidence = make_evidence(wide, Policy())
    assert attribute_names(evidence) == ["category", "size", "light", "temperature"]
    assert dropped_attributes(evidence) == ["site", "tags"]


def test_what_both_sides_have_gives_false_positives_their_own_value():
    data = detection([1], [1], [a_box(), a_box()], [a_box(score=0.9)] * 3)
    truth = data.ground_truth.with_columns(
        angle=pl.Series([1, 2]), cover=pl.Series(["a", "b"]), tag=pl.lit("x")
    )
    found = data.predictions.with_columns(angle=pl.Series([2.0, 2.5, None]), cover=pl.lit(7))
    evidence = make_evidence(replace(data, ground_truth=truth, predictions=found), Policy())
    angle = attribute(evidence, "angle")
    assert (angle.rule, angle.truth.to_list()) == ("own_geometry", ["1", "2"])
    assert angle.prediction.to_list() == ["2", "2.5", None]
    assert attribute(evidence, "cover").rule == attribute(evidence, "tag").rule == "none"


def a_box(**more):
    return {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], **more}


@pytest.mark.parametrize("value", [None, "day"])
def test_an_attribute_without_any_other_value_is_dropped(value):
    data = detection([1, 2], [1], [], [], light=pl.Series([value, value], dtype=pl.String))
    assert dropped_attributes(make_evidence(data, Policy())) == ["light"]


def test_a_kept_attribute_is_what_fresh_evidence_answers_at_every_operating_point():
    def evidence():
        boxes = [{"image_id": 1 + n % 3, "category_id": 1, "bbox": [0, 0, 9 * n + 1, 9]} for n in range(30)]
        found = [{**box, "score": 0.3 + n / 50} for n, box in enumerate(boxes)]
        return make_evidence(detection([1, 2, 3], [1], boxes, found, light=["day", "night", "day"]), Policy())

    asked = evidence()
    for name in attribute_names(asked):
        first, again, fresh = (
            attribute(asked, name),
            attribute(asked.at(score=0.5), name),
            attribute(evidence(), name),
        )
        assert first.rule == again.rule == fresh.rule
        assert first.truth.equals(again.truth)
        assert first.truth.equals(fresh.truth)
        assert (first.prediction is None) == (fresh.prediction is None)
        assert fresh.prediction is None or fresh.prediction.equals(again.prediction)
    assert attribute(asked, "size") is attribute(asked.at(score=0.5), "size")
