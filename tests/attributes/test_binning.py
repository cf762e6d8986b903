"""Bins against their definitions; null and whatever is no number is in none of them."""

import math
from bisect import bisect_right
from datetime import date, datetime, time

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.attributes.binning import bin_expression, edge_labels
from cvfail.errors import PolicyError

numbers = st.lists(st.none() | st.floats(), max_size=40)
edges = st.lists(st.floats(-1e6, 1e6), unique=True, max_size=6).map(sorted)


@given(numbers, edges)
def test_each_number_is_in_the_bin_from_its_edge_to_before_the_next(values, at):
    labels = edge_labels(at)
    binned = cf.bin_by_edges(pl.Series("a", values, dtype=pl.Float64), at)
    is_number = [value is not None and math.isfinite(value) for value in values]
    expected = [
        labels[bisect_right(at, value)] if known else None
        for value, known in zip(values, is_number, strict=True)
    ]
    assert binned.to_list() == expected
    assert (binned.name, binned.dtype) == ("a", pl.Enum(labels))


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=40), edges.filter(bool))
def test_an_expression_bins_as_a_series_does(values, at):
    series = pl.Series("a", values, dtype=pl.Float64)
    expression = bin_expression(pl.col("a"), at, edge_labels(at))
    assert pl.DataFrame([series]).select(expression)["a"].equals(cf.bin_by_edges(series, at))


@given(edges)
def test_every_bin_has_a_name_of_its_own(at):
    assert len(set(edge_labels(at))) == len(at) + 1


def test_labels_may_be_the_users_own():
    binned = cf.bin_by_edges(pl.Series([1, 1024, 9216]), [1024, 9216], labels=["small", "medium", "large"])
    assert binned.to_list() == ["small", "medium", "large"]


@given(
    st.lists(st.none() | st.integers(-20, 20) | st.floats(-1e3, 1e3), max_size=60).map(
        lambda values: pl.Series(values, dtype=pl.Float64, strict=False)
    ),
    st.integers(2, 6),
)
def test_quantile_bins_never_part_equal_numbers_and_number_no_more_than_asked(values, count):
    binned = cf.bin_by_quantiles(values, count)
    known = pl.DataFrame({"value": values, "bin": binned.to_physical()}).drop_nulls().sort("value")
    assert known.height == len(values.drop_nulls())
    assert known["bin"].is_sorted()
    assert known.group_by("value").agg(pl.col("bin").n_unique())["bin"].eq(1).all()
    assert len(binned.dtype.categories) <= count


def test_quantiles_of_different_numbers_make_bins_of_equal_size():
    values = pl.Series(np.random.default_rng(0).permutation(1000).astype(float))
    assert cf.bin_by_quantiles(values, 5).value_counts()["count"].to_list() == [200] * 5


def test_predictions_are_cut_at_the_quantiles_of_the_ground_truth():
    truth, found = pl.Series([1.0, 2.0, 3.0, 4.0]), pl.Series([100.0, 200.0, 0.0])
    assert cf.bin_by_quantiles(found, [0.5], reference=truth).to_list() == ["≥ 2.5", "≥ 2.5", "< 2.5"]


@pytest.mark.parametrize("values", [[], [None], [None, None], [3.0], [3.0, 3.0], [math.nan, math.inf]])
def test_without_two_numbers_there_is_one_bin(values):
    binned = cf.bin_by_quantiles(pl.Series(values, dtype=pl.Float64))
    assert binned.to_list() == ["all" if value == 3.0 else None for value in values]


MOMENTS = [datetime(2024, 1, 1, 5, 59, 59), datetime(2023, 12, 3, 6), datetime(2024, 7, 7, 17, 59), None]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("hour", ["05:00", "06:00", "17:00", None]),
        ("day_night", ["night", "day", "day", None]),
        ("weekday", ["Monday", "Sunday", "Sunday", None]),
        ("month", ["January", "December", "July", None]),
    ],
)
def test_times_are_grouped_by_their_name_and_null_by_none(by, expected):
    assert cf.bin_by_time(pl.Series(MOMENTS, dtype=pl.Datetime), by).to_list() == expected
    assert cf.bin_by_time(pl.Series([], dtype=pl.Datetime), by).to_list() == []
    assert cf.bin_by_time(pl.Series([None]), by).to_list() == [None]


@given(st.lists(st.datetimes(), max_size=20))
def test_hours_months_and_weekdays_stand_in_the_order_of_time(moments):
    values = pl.Series(moments, dtype=pl.Datetime)
    assert cf.bin_by_time(values, "hour").to_physical().to_list() == [m.hour for m in moments]
    assert cf.bin_by_time(values, "month").to_physical().to_list() == [m.month - 1 for m in moments]
    assert cf.bin_by_time(values, "weekday").to_physical().to_list() == [m.weekday() for m in moments]


def test_clock_times_have_hours_and_dates_have_months():
    assert cf.bin_by_time(pl.Series([time(18)]), "day_night").to_list() == ["night"]
    assert cf.bin_by_time(pl.Series([date(2024, 5, 1)]), "month").to_list() == ["May"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cf.bin_by_edges(pl.Series([1]), [2, 2]), "edges must be finite and ascend"),
        (lambda: cf.bin_by_edges(pl.Series([1]), [math.nan]), "edges must be finite and ascend"),
        (lambda: cf.bin_by_edges(pl.Series([1]), [2], labels=["a"]), "1 edges need 2 different labels"),
        (lambda: cf.bin_by_edges(pl.Series([1]), [2], labels=["a", "a"]), "1 edges need 2 different labels"),
        (lambda: cf.bin_by_edges(pl.Series("s", ["x"]), [2]), "'s' holds String; only numbers"),
        (lambda: cf.bin_by_quantiles(pl.Series("s", ["x"])), "'s' holds String; only numbers"),
        (lambda: cf.bin_by_quantiles(pl.Series([1]), 1), "name at least 2 bins"),
        (lambda: cf.bin_by_quantiles(pl.Series([1]), [0.5, 0.2]), "ascending numbers between 0 and 1"),
        (lambda: cf.bin_by_time(pl.Series("s", ["x"]), "hour"), "'s' holds String; hour needs datetimes"),
        (lambda: cf.bin_by_time(pl.Series("s", [date(2024, 1, 1)]), "hour"), "hour needs datetimes or times"),
        (lambda: cf.bin_by_time(pl.Series([time(1)]), "month"), "month needs datetimes or dates"),
        (lambda: cf.bin_by_time(pl.Series([None]), "year"), "no times are grouped by 'year'"),
    ],
)
def test_what_cannot_be_binned_is_refused_with_what_was_found(make, message):
    with pytest.raises(PolicyError, match=message):
        make()
