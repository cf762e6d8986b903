"""Networks on degraded photographs: the worst degradation and severity are those of a plain group-by."""

import polars as pl
import pytest

from cvfail.slices.search import search_slices

LEAST = 300


@pytest.fixture(scope="module")
def trials(shared_data):
    """The trials of three networks; a photograph is a cluster, however it was degraded."""
    trials = pl.read_parquet(shared_data / "cls_16class_degradations" / "trials.parquet")
    return trials.filter(pl.col("group") == "dnn").select(
        degradation="experiment",
        severity="condition",
        network="subj",
        photograph=pl.col("imagename").str.extract(r"(n\d{8}_\d+)"),
        error=pl.col("response") != pl.col("category"),
    )


def in_excess(trials, names):
    """Slices of exactly these attributes with their excess over the rate of all, by a plain group-by."""
    rate = trials["error"].mean()
    return {
        " & ".join(f"{name}={level}" for name, level in zip(names, levels, strict=True)): (support, errors)
        for *levels, support, errors in trials.group_by(names)
        .agg(pl.len(), pl.col("error").sum().alias("errors"))
        .filter((pl.col("len") >= LEAST) & (pl.col("errors") > rate * pl.col("len")))
        .rows()
    }


def test_every_slice_in_excess_is_found_in_the_order_of_a_plain_group_by(trials):
    found = search_slices(
        trials,
        attributes=["degradation", "severity"],
        cluster="photograph",
        objective="excess",
        max_order=2,
        min_support=LEAST,
        top=1000,
        statistics=False,
    ).df
    plain = {}
    for names in (["degradation"], ["severity"], ["degradation", "severity"]):
        plain |= in_excess(trials, names)
    searched = {}
    for row in found.iter_rows(named=True):
        for text in (row["slice"], *row["same_units_as"]):
            searched[text] = (row["support"], row["errors"])
    assert searched == plain
    rate = trials["error"].mean()
    excess = [errors - rate * support for support, errors in found.select("support", "errors").rows()]
    assert excess == sorted(excess, reverse=True)
    assert found["score"].to_list() == pytest.approx(excess, abs=1e-6)


def test_the_worst_degradation_and_severity_stand_first(trials):
    pairs = in_excess(trials, ["degradation", "severity"])
    rate = trials["error"].mean()
    worst = sorted(pairs, key=lambda text: pairs[text][1] - rate * pairs[text][0], reverse=True)[:5]
    combined = trials.with_columns(condition=pl.concat_str("degradation", "severity", separator=" "))
    found = search_slices(
        combined,
        attributes=["condition", "network"],
        cluster="photograph",
        objective="excess",
        max_order=1,
        top=5,
    ).df
    named = [text.replace("degradation=", "condition=").replace(" & severity=", " ") for text in worst]
    assert found["slice"].to_list() == named
    assert found["q_value"].max() < 1e-6
    assert found["rate"].min() > 0.5


def test_the_worst_slice_of_each_network_is_that_of_its_own_trials(trials):
    for network in trials["network"].unique().sort():
        own = trials.filter(pl.col("network") == network)
        rate = own["error"].mean()
        plain = {}
        for names in (["degradation"], ["severity"], ["degradation", "severity"]):
            plain |= in_excess(own, names)
        worst = max(plain, key=lambda text: plain[text][1] - rate * plain[text][0])
        found = search_slices(
            own, attributes=["degradation", "severity"], cluster="photograph", objective="excess", top=1
        ).df
        assert worst in {found["slice"][0], *found["same_units_as"][0]}
        assert found["q_value"][0] < 0.05
