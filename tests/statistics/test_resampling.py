"""Ratios under bootstrap weights: against repeated rows, additive over shards, the same for both models."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cvfail.errors import QueryError
from cvfail.statistics import resampling
from cvfail.statistics.bootstrap import percentile_interval, poisson_weights
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.resampling import bootstrap_difference, bootstrap_ratio, replicate_sums

RATIO = {"numerator": "y", "denominator": "n", "cluster": "image"}
PAIR = {"numerators": ("y", "z"), "denominators": ("n", "n"), "cluster": "image"}
COLUMNS = ["estimate", "lower", "upper", "support", "clusters", "undefined"]
PAIRED = ["estimate", "lower", "upper", "p_value", "first", "second", "support", "clusters", "undefined"]

units = st.integers(1, 5).flatmap(
    lambda n: st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e"]), st.integers(0, n), st.integers(0, n), st.just(n)
    )
)
tables = st.lists(units, min_size=1, max_size=25)


def frame(rows, **columns):
    schema = {"image": pl.String, "y": pl.Int64, "z": pl.Int64, "n": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(**columns)


def replicates_twin(rows, replicates, seed):
    """(y, z, n) totals of each replicate, one row at a time."""
    totals = np.zeros((3, replicates))
    for image, *counts in rows:
        weights = poisson_weights([image], replicates, seed=seed)[:, 0]
        for k, count in enumerate(counts):
            totals[k] += count * weights
    return totals


@settings(max_examples=30)
@given(tables)
def test_percentiles_are_those_of_the_twin(rows):
    row = bootstrap_ratio(frame(rows), **RATIO, interval="percentile", replicates=30, seed=5)
    assert row.columns == COLUMNS
    y, _, n = replicates_twin(rows, 30, 5)
    expected = percentile_interval(np.divide(y, n, out=np.full(30, np.nan), where=n > 0))
    assert row["undefined"].item() == expected.undefined == (n == 0).sum()
    if len({image for image, *_ in rows}) > 1 and expected.lower is not None:
        assert row.select("lower", "upper").row(0) == pytest.approx(expected[:2], abs=1e-12)
    else:
        assert row.select("lower", "upper").row(0) == (None, None)


@settings(max_examples=30)
@given(tables)
def test_differences_are_those_of_the_twin_under_the_same_weights(rows):
    row = bootstrap_difference(frame(rows), **PAIR, replicates=40, seed=6).row(0, named=True)
    assert list(row) == PAIRED
    y, z, n = replicates_twin(rows, 40, 6)
    samples = (z - y)[n > 0] / n[n > 0]
    assert row["estimate"] == pytest.approx(row["second"] - row["first"])
    if row["clusters"] > 1 and samples.size:
        expected = np.quantile(samples, [0.025, 0.975])
        assert (row["lower"], row["upper"]) == pytest.approx(tuple(expected), abs=1e-12)
        side = min((samples <= 0).sum(), (samples >= 0).sum())
        assert row["p_value"] == pytest.approx(min(2 * (1 + side) / (1 + samples.size), 1.0))
        assert row["p_value"] >= 1 / 41


@settings(max_examples=25)
@given(tables, st.randoms())
def test_order_groups_and_blocks_change_nothing(rows, random):
    whole = bootstrap_ratio(frame(rows), **RATIO, by=["image"], replicates=12)
    alone = [
        bootstrap_ratio(part, **RATIO, by=["image"], replicates=12)
        for part in frame(rows).partition_by("image")
    ]
    assert_frame_equal(pl.concat(alone).sort("image"), whole, check_exact=True)
    shuffled = frame(random.sample(rows, len(rows)))
    assert_frame_equal(
        bootstrap_ratio(shuffled, **RATIO, replicates=12),
        bootstrap_ratio(frame(rows), **RATIO, replicates=12),
        check_exact=True,
    )


def test_blocks_of_clusters_add_up(monkeypatch):
    random = np.random.default_rng(0)
    sums = random.integers(0, 9, (50, 3))
    whole = replicate_sums(range(50), sums, replicates=20, seed=1)
    np.testing.assert_array_equal(whole, (poisson_weights(range(50), 20, seed=1) @ sums).T)
    monkeypatch.setattr(resampling, "_BLOCK", 70)
    np.testing.assert_array_equal(replicate_sums(range(50), sums, replicates=20, seed=1), whole)
    shards = [replicate_sums(np.arange(50)[k::3], sums[k::3], replicates=20, seed=1) for k in range(3)]
    np.testing.assert_array_equal(sum(shards), whole)


def test_identical_models_do_not_differ():
    rows = [(name, k % 3, k % 3, 3) for k, name in enumerate("abcde" * 4)]
    row = bootstrap_difference(frame(rows), **PAIR, replicates=100).row(0, named=True)
    assert (row["estimate"], row["lower"], row["upper"], row["p_value"]) == (0.0, 0.0, 0.0, 1.0)


def test_the_bootstrap_gives_the_interval_of_the_linearised_ratio():
    random = np.random.default_rng(7)
    n = 1 + random.poisson(4, 300)
    y = random.binomial(n, random.beta(6, 2, 300))
    rows = pl.DataFrame({"image": range(300), "y": y, "n": n})
    expected = clustered_ratio(rows, **RATIO).row(0, named=True)
    row = bootstrap_ratio(rows, **RATIO, replicates=4000).row(0, named=True)
    width = expected["upper"] - expected["lower"]
    assert (row["lower"], row["upper"]) == pytest.approx(
        (expected["lower"], expected["upper"]), abs=0.04 * width
    )


def test_a_rare_group_stays_in_the_answer():
    """Replicates in which none of its images is drawn are counted, not taken as 0, and the group does not vanish."""
    rows = frame([("a", 1, 1, 1), ("b", 1, 0, 1), *[(f"x{k}", 1, 1, 2) for k in range(30)]])
    rows = rows.with_columns(
        kind=pl.when(pl.col("image").str.len_chars() < 2).then(pl.lit("rare")).otherwise(pl.lit("usual"))
    )
    rare, usual = bootstrap_ratio(rows, **RATIO, by=["kind"], replicates=500).rows(named=True)
    assert (rare["estimate"], rare["support"], rare["clusters"]) == (1.0, 2.0, 2)
    assert abs(rare["undefined"] / 500 - np.exp(-2)) < 0.06
    assert rare["upper"] - rare["lower"] > 0.5
    assert usual["undefined"] == 0


def test_one_cluster_has_no_interval_and_no_p_value():
    one = frame([("a", 1, 2, 3)])
    assert bootstrap_ratio(one, **RATIO).select("estimate", "lower", "upper").row(0) == (1 / 3, None, None)
    assert bootstrap_difference(one, **PAIR).select("lower", "p_value").row(0) == (None, None)


def test_no_rows_are_an_ordinary_input():
    empty = frame([], kind=pl.lit("a"))
    assert bootstrap_ratio(empty, **RATIO).row(0) == (None, None, None, 0.0, 0, 1000)
    assert bootstrap_ratio(empty, **RATIO, by=["kind"]).columns == ["kind", *COLUMNS]
    assert bootstrap_difference(empty, **PAIR, by=["kind"]).columns == ["kind", *PAIRED]
    assert bootstrap_difference(empty, **PAIR)["estimate"].item() is None
    assert replicate_sums([], np.zeros((0, 2)), replicates=3, seed=0).tolist() == [[0.0] * 3] * 2


def test_what_only_one_model_was_run_on_is_an_error():
    rows = frame([("a", 1, 1, 1), ("b", 1, None, 1)])
    with pytest.raises(QueryError, match="null in 1 of 2 rows"):
        bootstrap_difference(rows, **PAIR)
    with pytest.raises(QueryError, match="integers or texts"):
        bootstrap_ratio(rows.with_columns(image=pl.lit(None, pl.String)), **RATIO)
