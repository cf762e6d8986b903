"""Ablations: only single changes are compared, and the one that removed a mode is named."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.comparison.ablations import ablations
from cvfail.comparison.comparison import compare
from cvfail.errors import PolicyError
from cvfail.evaluation import Evaluation, evaluate
from tests.comparison.models import shuffled, two_datasets
from tests.comparison.test_flips import planted


@pytest.fixture(scope="module")
def runs():
    """A night model, a daylight model, and the latter with other scores: two settings, three of four corners."""
    night, crowds = planted()
    return {
        "base": (night, {"night data": False, "nms": 0.5}),
        "more nights": (crowds, {"night data": True, "nms": 0.5}),
        "both": (crowds.at(score=0.7), {"night data": True, "nms": 0.9}),
    }


@pytest.fixture(scope="module")
def modes(runs):
    evaluation = Evaluation(runs["base"][0])
    return [
        evaluation.failure_mode("missed", "light=night & size=small"),
        evaluation.failure_mode("duplicate", "density=crowded"),
    ]


def test_only_runs_that_differ_in_one_setting_are_compared(runs, modes):
    table = ablations(runs, modes=modes, replicates=20)
    pairs = table.df.select("setting", "before", "after", "baseline_run", "candidate_run").unique(
        maintain_order=True
    )
    assert pairs.rows() == [
        ("night data", "False", "True", "base", "more nights"),
        ("nms", "0.5", "0.9", "more nights", "both"),
    ]
    assert table.runs.rows() == [
        ("base", "False", "0.5"),
        ("more nights", "True", "0.5"),
        ("both", "True", "0.9"),
    ]


def test_rows_are_those_of_the_comparison_but_for_q_values_over_all(runs, modes):
    table = ablations(runs, modes=modes, replicates=20)
    own = table.df.filter(setting="nms")
    pair = compare(
        runs["more nights"][0], runs["both"][0], modes=modes, replicates=20, average_precision=False
    )
    names = [name for name in pair.df.columns if name not in {"model", "q_value"}]
    assert own.select(names).equals(pair.df.select(names))
    from cvfail.statistics.multiplicity import benjamini_hochberg

    assert table.df["q_value"].equals(benjamini_hochberg(table.df["p_value"]).alias("q_value"))


def test_the_change_that_removed_a_mode_is_named_and_what_it_brought(runs, modes):
    table = ablations(runs, modes=modes, replicates=20)
    removed = table.removed().df
    assert removed.select("setting", "slice").row(0) == ("night data", "missed | light=night & size=small")
    brought = table.brought().df
    assert ("night data", "duplicate | density=crowded") in brought.select("setting", "slice").rows()
    assert (removed["difference"] < 0).all()
    assert (brought["difference"] > 0).all()


def test_the_public_function_takes_evaluations(runs, modes):
    known = {name: (Evaluation(one), settings) for name, (one, settings) in runs.items()}
    assert cf.ablations(known, modes=modes, replicates=20).df.equals(
        ablations(runs, modes=modes, replicates=20).df
    )


def test_a_setting_that_a_run_lacks_is_unset(runs):
    table = ablations({"a": (runs["base"][0], {}), "b": (runs["base"][0], {"mosaic": 1})}, replicates=0)
    assert set(table.df["before"]) == {"(unset)"}
    assert (table.df["difference"].drop_nulls() == 0).all()


def test_runs_without_single_changes_have_no_rows_but_the_columns(runs):
    far = {"base": runs["base"], "both": runs["both"]}
    table, whole = ablations(far, replicates=0), ablations(runs, replicates=0)
    assert len(table) == 0
    assert table.df.schema == whole.df.schema
    assert len(ablations({})) == 0
    assert table.removed().df.is_empty()


def test_the_same_settings_twice_are_refused(runs):
    with pytest.raises(PolicyError, match="'a' and 'b' have the same settings"):
        ablations({"a": (runs["base"][0], {"x": 1}), "b": (runs["both"][0], {"x": 1})})


def test_average_precision_is_there_if_it_is_asked_for(runs):
    table = ablations(runs, replicates=0, average_precision=True)
    assert not table.df.filter(pl.col("metric") == "ap").is_empty()


def swapped(runs):
    """The same runs with the other one of each pair first."""
    return {name: runs[name] for name in reversed(runs)}


def test_a_change_that_changes_nothing_differs_by_exactly_0(runs, modes):
    night = runs["base"][0]
    same = {"a": (night, {"x": 1}), "b": (night, {"x": 2})}
    rows = ablations(same, modes=modes, by="light", average_precision=True, replicates=20).df
    known = rows.filter(pl.col("difference").is_not_null())
    assert set(known["level"]) == {"overall", "class", "slice", "failure mode"}
    for name in ("difference", "lower", "upper"):
        assert (known[name].drop_nulls() == 0.0).all()
    assert (known["q_value"].drop_nulls() == 1.0).all()


def test_the_other_run_first_flips_every_sign(runs, modes):
    key = ["setting", "level", "slice", "category", "metric"]
    here, there = (
        ablations(one, modes=modes, by="light", replicates=20).df.sort(key) for one in (runs, swapped(runs))
    )
    assert here.select(key).equals(there.select(key))
    assert here["before"].equals(there["after"].alias("before"))
    assert here["baseline_run"].equals(there["candidate_run"].alias("baseline_run"))
    assert here["difference"].equals((-there["difference"]).alias("difference"))
    for name, other, sign in (("lower", "upper", -1), ("upper", "lower", -1), ("q_value", "q_value", 1)):
        np.testing.assert_allclose(here[name].to_numpy(), sign * there[other].to_numpy(), rtol=0, atol=1e-12)


def test_the_order_of_rows_does_not_matter_to_ablations():
    first, second = two_datasets(6, images=20, ties=False)
    runs = {"a": (first, {"x": 1}), "b": (second, {"x": 2})}
    mixed = {name: (shuffled(data, 9), own) for name, (data, own) in runs.items()}
    here, there = (
        ablations(
            {name: (evaluate(data).evidence, own) for name, (data, own) in one.items()},
            by=("light", "size"),
            replicates=20,
        ).df
        for one in (runs, mixed)
    )
    for name in ("difference", "lower", "upper", "p_value", "q_value", "detectable"):
        np.testing.assert_allclose(here[name].to_numpy(), there[name].to_numpy(), rtol=0, atol=1e-12)
