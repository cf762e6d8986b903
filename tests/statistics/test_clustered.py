"""Clustered ratios: worked by hand, against a twin, additive over shards, and honest about what they cover."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cvfail.statistics.clustered import (
    CLUSTER_SUMS,
    cluster_sums,
    clustered_ratio,
    merge_sums,
    ratio_from_sums,
)
from cvfail.statistics.proportions import wilson
from tests.statistics.twins import clustered_twin

RATIO = {"numerator": "y", "denominator": "n", "cluster": "image"}
COLUMNS = ["estimate", "lower", "upper", "support", "numerator", "clusters", "design_effect"]

units = st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, 5), st.integers(0, n), st.just(n)))
tables = st.lists(units, min_size=1, max_size=30)


def frame(rows, **columns):
    schema = {"image": pl.Int64, "y": pl.Int64, "n": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(**columns)


def test_three_images_by_hand():
    # y, n = (2, 2), (1, 2), (0, 1): p = 3/5, residuals .8, -.2, -.6; v = 3/2 · 1.04 / 25; deff = v / (.24 / 5)
    row = clustered_ratio(frame([(1, 2, 2), (2, 1, 2), (3, 0, 1)]), **RATIO).row(0, named=True)
    assert row["estimate"] == pytest.approx(0.6)
    assert row["design_effect"] == pytest.approx(0.0624 / 0.048)
    effective = 5 / 1.3
    expected = wilson(0.6 * effective, effective, quantile=4.302652729911275)
    assert (row["lower"], row["upper"]) == pytest.approx(expected[1:], abs=1e-9)
    assert (row["support"], row["numerator"], row["clusters"]) == (5.0, 3.0, 3)


@given(tables)
def test_the_result_is_that_of_the_twin(rows):
    row = clustered_ratio(frame(rows), **RATIO)
    assert row.columns == COLUMNS
    if row["clusters"].item() < 2:
        assert row.select("lower", "upper", "design_effect").row(0) == (None, None, None)
        return
    estimate, lower, upper, effect = clustered_twin(rows)
    assert row.select("estimate", "lower", "upper").row(0) == pytest.approx(
        (estimate, lower, upper), abs=1e-9
    )
    assert row["design_effect"].item() == (None if effect is None else pytest.approx(effect, abs=1e-9))


@settings(max_examples=40)
@given(tables, st.randoms())
def test_the_order_of_rows_and_how_a_cluster_is_cut_into_rows_change_nothing(rows, random):
    pieces = [(image, y // 2, n // 2) for image, y, n in rows]
    pieces += [(image, y - y // 2, n - n // 2) for image, y, n in rows]
    random.shuffle(pieces)
    assert_frame_equal(
        clustered_ratio(frame(pieces), **RATIO), clustered_ratio(frame(rows), **RATIO), check_exact=True
    )


@settings(max_examples=40)
@given(tables, st.sets(st.integers(0, 5)))
def test_sums_of_shards_add_up_to_the_whole(rows, first):
    whole = frame(rows, by=pl.col("n") % 2)
    mask = pl.col("image").is_in(list(first))
    shards = [cluster_sums(whole.filter(part), **RATIO, by=["by"]) for part in (mask, ~mask)]
    merged = merge_sums(shards, by=["by"])
    assert_frame_equal(merged, cluster_sums(whole, **RATIO, by=["by"]), check_exact=True)
    assert_frame_equal(ratio_from_sums(merged), clustered_ratio(whole, **RATIO, by=["by"]), check_exact=True)


@given(tables)
def test_clusters_without_units_change_nothing(rows):
    empty = [(image + 100, 0, 0) for image, _, _ in rows]
    assert_frame_equal(clustered_ratio(frame(rows + empty), **RATIO), clustered_ratio(frame(rows), **RATIO))


def test_groups_are_sorted_and_null_is_a_group():
    rows = frame([(1, 1, 1), (2, 0, 1), (3, 1, 1), (4, 1, 1)], light=pl.Series(["night", None, "day", None]))
    result = clustered_ratio(rows, **RATIO, by=["light"])
    assert result["light"].to_list() == ["day", "night", None]
    assert result["support"].to_list() == [1.0, 1.0, 2.0]
    assert result["lower"].is_null().to_list() == [True, True, False]


def test_one_cluster_has_an_estimate_but_no_interval():
    row = clustered_ratio(frame([(1, 3, 4)]), **RATIO).row(0, named=True)
    assert (row["estimate"], row["lower"], row["upper"], row["clusters"]) == (0.75, None, None, 1)


def test_grouping_by_the_cluster_itself_leaves_one_cluster_per_group():
    assert clustered_ratio(frame([(1, 1, 2), (2, 2, 2)]), **RATIO, by=["image"])["clusters"].to_list() == [
        1,
        1,
    ]


@pytest.mark.parametrize(("found", "end"), [(0, "lower"), (2, "upper")])
def test_without_visible_variance_units_count_as_independent(found, end):
    row = clustered_ratio(frame([(image, found, 2) for image in range(10)]), **RATIO).row(0, named=True)
    bounds = wilson(10.0 * found, 20.0, quantile=2.2621571628540993)
    assert row[end] == row["estimate"] == found / 2
    assert (row["lower"], row["upper"]) == pytest.approx(bounds[1:], abs=1e-9)
    assert row["design_effect"] is None


def test_even_clusters_do_not_make_the_interval_narrower_than_independent_units_would():
    row = clustered_ratio(frame([(image, 1, 2) for image in range(10)]), **RATIO).row(0, named=True)
    assert row["design_effect"] == 0.0
    bounds = wilson(10.0, 20.0, quantile=2.2621571628540993)
    assert (row["lower"], row["upper"]) == pytest.approx(bounds[1:], abs=1e-9)


def test_single_units_as_clusters_give_nearly_the_interval_of_independent_units():
    rows = [(image, int(image % 3 == 0), 1) for image in range(3000)]
    row = clustered_ratio(frame(rows), **RATIO).row(0, named=True)
    assert row["design_effect"] == pytest.approx(3000 / 2999)
    assert (row["lower"], row["upper"]) == pytest.approx(wilson(1000, 3000)[1:], abs=1e-4)


def test_f1_is_a_ratio_of_sums_too():
    rows = pl.DataFrame({"image": [1, 2, 3], "tp": [400, 20, 0], "fp": [100, 30, 10], "fn": [0, 40, 20]})
    tp, fp, fn = pl.col("tp"), pl.col("fp"), pl.col("fn")
    result = clustered_ratio(rows, numerator=2 * tp, denominator=2 * tp + fp + fn, cluster="image")
    assert result["estimate"].item() == 840 / 1040


def test_no_rows_are_an_ordinary_input():
    empty = frame([], by=pl.lit(1))
    row = clustered_ratio(empty, **RATIO).row(0, named=True)
    nothing = {"support": 0.0, "numerator": 0.0, "clusters": 0}
    assert row == dict.fromkeys(COLUMNS) | nothing
    assert clustered_ratio(empty, **RATIO, by=["by"]).shape == (0, 1 + len(COLUMNS))
    assert cluster_sums(empty, **RATIO).row(0) == (0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert merge_sums([cluster_sums(empty, **RATIO, by=["by"])], by=["by"]).columns == ["by", *CLUSTER_SUMS]


def test_the_interval_covers_what_it_promises_where_independent_units_do_not():
    """300 data sets of 80 images with 10 objects each, correlated within images (design effect about 2.8).

    The Monte Carlo error of a coverage of .95 over 300 data sets is .013, so that .91 to .98 holds three of them.
    """
    random = np.random.default_rng(20)
    data_sets, images, objects, truth, within = 300, 80, 10, 0.8, 0.2
    rate = random.beta(
        truth * (1 - within) / within, (1 - truth) * (1 - within) / within, (data_sets, images)
    )
    rows = pl.DataFrame(
        {
            "data_set": np.repeat(np.arange(data_sets), images),
            "image": np.tile(np.arange(images), data_sets),
            "y": random.binomial(objects, rate).ravel(),
            "n": np.full(data_sets * images, objects),
        }
    )
    result = clustered_ratio(rows, **RATIO, by=["data_set"])
    naive = wilson(result["numerator"].to_numpy(), result["support"].to_numpy())
    clustered = result.select(pl.lit(truth).is_between("lower", "upper")).to_series().mean()
    assert 0.91 <= clustered <= 0.98
    assert np.mean((naive.lower <= truth) & (truth <= naive.upper)) < 0.85
    assert 2.3 < result["design_effect"].mean() < 3.3
