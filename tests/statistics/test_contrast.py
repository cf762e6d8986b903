"""A slice against the rest: equal to a twin that sees every image, and rarely wrong where nothing differs."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cvfail.statistics.contrast import contrast_from_sums, slice_against_rest
from cvfail.statistics.slice_sums import (
    SLICE_SUMS,
    TOTAL_SUMS,
    merge_sums_of_slices,
    slice_sums,
    total_sums,
)
from tests.statistics.twins import contrast_twin

COLUMNS = [
    "slice",
    *("units", "errors", "rate", "rest_units", "rest_errors", "rest_rate"),
    *("difference", "difference_lower", "difference_upper"),
    *("excess_errors", "excess_lower", "excess_upper", "clusters", "p_value"),
]

objects = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(["day", "night", None]), st.booleans()),
    min_size=1,
    max_size=60,
)


def counted(rows, *by):
    schema = {"cluster": pl.Int64, "slice": pl.String, "errors": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(units=pl.lit(1))
    return frame.group_by(*by, "cluster").agg(pl.col("errors", "units").sum())


def contrast(rows):
    return slice_against_rest(counted(rows, "slice"), counted(rows), by=["slice"])


def as_mapping(frame):
    return {
        cluster: (errors, units)
        for cluster, errors, units in frame.select("cluster", "errors", "units").rows()
    }


@given(objects)
def test_every_slice_equals_the_twin(rows):
    result, everywhere = contrast(rows), as_mapping(counted(rows))
    assert result.columns == COLUMNS
    for row in result.rows(named=True):
        own = [entry for entry in rows if entry[1] == row["slice"]]
        others = [entry for entry in rows if entry[1] != row["slice"]]
        assert (row["units"], row["errors"]) == (len(own), sum(error for *_, error in own))
        assert (row["rest_units"], row["rest_errors"]) == (len(others), sum(error for *_, error in others))
        assert row["clusters"] == len({image for image, *_ in own})
        answer = [row[name] for name in ("difference", "difference_lower", "difference_upper", "p_value")]
        sides = min(len({image for image, *_ in side}) for side in (own, others))
        if sides < 2 or len({error for *_, error in rows}) == 1:
            assert answer[1:] == [None, None, None]
        else:
            assert answer == pytest.approx(contrast_twin(as_mapping(counted(own)), everywhere), abs=1e-9)


@given(objects)
def test_excess_errors_are_the_difference_on_the_scale_of_errors(rows):
    for row in contrast(rows).filter(pl.col("difference").is_not_null()).rows(named=True):
        assert row["excess_errors"] == pytest.approx(row["errors"] - row["units"] * row["rest_rate"])
        if row["p_value"] is not None:
            assert row["excess_lower"] == pytest.approx(row["difference_lower"] * row["units"])
            assert (row["excess_lower"] > 0 or row["excess_upper"] < 0) == (row["p_value"] < 0.05)


@settings(max_examples=40)
@given(objects, st.randoms())
def test_the_order_of_rows_changes_nothing(rows, random):
    assert_frame_equal(contrast(random.sample(rows, len(rows))), contrast(rows), check_exact=True)


def test_many_slices_are_compared_at_once_as_one_by_one():
    random = np.random.default_rng(0)
    light, size = random.choice(["day", "night"], 300), random.choice(["small", "large"], 300)
    frame = pl.DataFrame(
        {
            "cluster": random.integers(0, 40, 300),
            "light": light,
            "size": size,
            "errors": random.random(300) < 0.3,
            "units": np.ones(300),
        }
    )
    totals = frame.select("cluster", "errors", "units")
    together = slice_against_rest(frame, totals, by=["light", "size"])
    alone = [
        slice_against_rest(part, totals, by=["light", "size"]) for part in frame.partition_by("light", "size")
    ]
    assert_frame_equal(together, pl.concat(alone).sort("light", "size"), check_exact=True)


@settings(max_examples=40)
@given(objects, st.sets(st.integers(0, 7)))
def test_sums_of_shards_add_up_to_the_whole(rows, first):
    shards = [[row for row in rows if (row[0] in first) is side] for side in (True, False)]
    sums = [slice_sums(counted(part, "slice"), counted(part), by=["slice"]) for part in shards]
    totals = [total_sums(counted(part)) for part in shards]
    merged, whole = merge_sums_of_slices(sums, by=["slice"]), merge_sums_of_slices(totals, by=[])
    assert merged.columns == ["slice", *SLICE_SUMS]
    assert whole.columns == list(TOTAL_SUMS)
    assert_frame_equal(contrast_from_sums(merged, whole, by=["slice"]), contrast(rows), check_exact=True)


def test_a_slice_that_shares_its_images_with_the_rest_is_compared_within_images():
    """Every image has easy and hard units; that images differ as a whole must not blur the difference."""
    random = np.random.default_rng(5)
    images, units = 100, 20
    ease = np.repeat(random.uniform(0.1, 0.7, images), 2)
    rate = np.clip(ease + np.tile([0.05, -0.05], images) + random.normal(0, 0.1, 2 * images), 0, 1)
    errors = random.binomial(units, rate)
    cluster, kind = np.repeat(np.arange(images), 2), np.tile(["hard", "easy"], images)
    frame = pl.DataFrame({"cluster": cluster, "slice": kind, "errors": errors, "units": units})
    row = slice_against_rest(frame, frame, by=["slice"]).filter(slice="hard").row(0, named=True)
    apart = frame.with_columns(cluster=pl.int_range(pl.len()))
    unpaired = slice_against_rest(apart, apart, by=["slice"]).filter(slice="hard").row(0, named=True)
    width, wider = (each["difference_upper"] - each["difference_lower"] for each in (row, unpaired))
    assert row["difference"] == unpaired["difference"]
    assert width < 0.8 * wider
    per_image = errors.reshape(-1, 2) @ [1, -1] / units
    assert width / 2 == pytest.approx(1.98 * per_image.std(ddof=1) / np.sqrt(images), rel=0.01)


def test_a_planted_slice_stands_out():
    random = np.random.default_rng(1)
    cluster = np.repeat(np.arange(200), 5)
    small = random.random(1000) < 0.2
    frame = pl.DataFrame(
        {
            "cluster": cluster,
            "slice": np.where(small, "small", "large"),
            "errors": random.random(1000) < np.where(small, 0.5, 0.1),
            "units": 1,
        }
    )
    row = slice_against_rest(frame, frame, by=["slice"]).filter(slice="small").row(0, named=True)
    assert row["p_value"] < 1e-12
    assert row["difference_lower"] < 0.4 < row["difference_upper"]
    assert row["excess_errors"] == pytest.approx(0.4 * row["units"], rel=0.25)


def test_two_images_that_agree_by_chance_are_no_finding():
    """Without its floor the variance of such a slice is 0, and its p-value with it."""
    rows = [(image, "rare" if image < 2 else "rest", image % 3 != 2) for image in range(60)]
    row = contrast(rows).filter(slice="rare").row(0, named=True)
    assert row["rate"] == 1.0
    assert row["p_value"] > 0.2


@pytest.mark.parametrize("rate", [0.05, 0.3])
@pytest.mark.parametrize("images", [3, 10, 30])
def test_equal_slices_are_rarely_called_different(images, rate):
    """1000 slices of a few images each, all with the same error rate, correlated within images.

    At the 5 % level at most 5 % may be called different; two Monte Carlo errors of that are 1.4 %.
    """
    random = np.random.default_rng(images)
    units = 1 + random.poisson(5, 1000 * images)
    cells = pl.DataFrame(
        {
            "slice": np.repeat(np.arange(1000), images),
            "cluster": np.arange(1000 * images),
            "errors": random.binomial(units, random.beta(rate * 9, (1 - rate) * 9, units.size)),
            "units": units,
        }
    )
    result = slice_against_rest(cells, cells, by=["slice"])
    assert result["p_value"].null_count() == 0
    assert (result["p_value"] < 0.05).mean() <= 0.064


@pytest.mark.parametrize("images", [5, 20])
def test_equal_slices_of_unequal_images_are_rarely_called_different(images):
    """As above, but one image may hold most of the objects of a slice, as crowds do.

    The t distribution is an approximation here: up to 8 % at the 5 % level, .5 % at .1 %. Counting every image as a
    whole one calls 19 and 21 % different.
    """
    random = np.random.default_rng(images)
    units = 1 + random.poisson(random.lognormal(1.5, 1.7, 1000 * images))
    cells = pl.DataFrame(
        {
            "slice": np.repeat(np.arange(1000), images),
            "cluster": np.arange(1000 * images),
            "errors": random.binomial(units, random.beta(1.2, 2.8, units.size)),
            "units": units,
        }
    )
    result = slice_against_rest(cells, cells, by=["slice"])
    assert (result["p_value"] < 0.05).mean() <= 0.08
    assert (result["p_value"] < 0.001).mean() <= 0.005


@pytest.mark.parametrize(
    "rows",
    [
        [(1, "day", True), (1, "night", False), (2, "night", False)],  # day has one image
        [(1, "day", True), (2, "day", False)],  # day has no rest
        [(1, "day", False), (2, "day", False), (3, "night", False), (4, "night", False)],  # no errors
    ],
)
def test_what_cannot_be_tested_has_no_p_value(rows):
    row = contrast(rows).filter(slice="day").row(0, named=True)
    assert [row[name] for name in ("difference_lower", "excess_upper", "p_value")] == [None, None, None]


def test_units_missing_everywhere_leave_rates_undefined():
    slices = pl.DataFrame({"slice": ["a"], "cluster": [1], "errors": [0], "units": [0]})
    row = slice_against_rest(slices, slices, by=["slice"]).row(0, named=True)
    assert (row["rate"], row["rest_rate"], row["difference"], row["clusters"]) == (None, None, None, 0)


def test_no_rows_are_an_ordinary_input():
    slices, totals = counted([], "slice"), counted([])
    assert slice_against_rest(slices, totals, by=["slice"]).columns == COLUMNS
    assert slice_against_rest(slices, counted([(1, "a", True)]), by=["slice"]).is_empty()
