"""Shares of causes in scenes with one planted cause each, and with all at once."""

from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cvfail as cf
from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.register import CAUSES
from cvfail.failures.causes.shares import CAUSE_SCHEMA, causes
from tests.failures.causes.scenes import scene
from tests.scenes import detection

PLANTED = {
    "night_small": (0.6, "size"),
    "rain_faint": (0.6, "threshold"),
    "east_shift": (0.3, "localisation"),
    "crowd_twice": (0.3, "duplicates"),
    "a_as_b": (0.6, "confusion"),
    "wrong_label": (0.25, "label_noise"),
}


@pytest.fixture(scope="module")
def mixed():
    """Modes of all kinds at once, and their causes."""
    rates = {name: rate for name, (rate, _) in PLANTED.items()}
    modes = evaluate(scene(2, **rates)).failure_modes()
    return modes, modes.causes()


def largest(table, rank):
    own = table.df.filter(pl.col("rank") == rank)
    return own.row(int(own["share"].arg_max()), named=True)["cause"]


@pytest.mark.parametrize("name", PLANTED)
def test_the_planted_cause_has_the_largest_share(name):
    rate, cause = PLANTED[name]
    modes = evaluate(scene(5, **{name: rate})).failure_modes()
    assert modes.df["significant"][0]
    assert largest(modes.causes(), 1) == cause


def test_shares_of_a_mode_add_up_to_one(mixed):
    modes, table = mixed
    sums = table.df.group_by("rank", maintain_order=True).agg(pl.col("share", "errors").sum())
    assert sums["rank"].to_list() == modes.df["rank"].to_list()
    assert np.abs(sums["share"].to_numpy() - 1.0).max() < 1e-12
    assert sums["errors"].to_numpy() == pytest.approx(modes.df["errors"].to_numpy(), abs=1e-9)


def test_each_error_is_divided_and_no_more(mixed):
    modes, table = mixed
    for rank, errors in enumerate(modes.errors, 1):
        names = table.df.filter(pl.col("rank") == rank)["cause"]
        weights = np.stack([table.weights(rank, name) for name in names])
        assert weights.min() >= 0.0
        assert np.abs(weights.sum(axis=0) - 1.0).max() < 1e-12
        assert weights.shape[1] == errors.rows.size


def test_a_share_lies_in_its_interval_and_is_no_more_than_the_gross_one(mixed):
    df = mixed[1].df.filter(pl.col("lower").is_not_null())
    assert len(df) > 10
    assert ((df["lower"] <= df["share"] + 1e-12) & (df["share"] <= df["upper"] + 1e-12)).all()
    assert (df["share"] <= df["gross_share"] + 1e-12).all()


def test_columns_are_those_that_are_documented_and_facts_are_json(mixed):
    modes, table = mixed
    assert dict(table.df.schema) == CAUSE_SCHEMA
    for row in table.df.iter_rows(named=True):
        assert msgspec.json.decode(row["facts"]) == pytest.approx(table.facts(row["rank"], row["cause"]))
        assert row["evidence"]
    assert "evidence" in repr(table)
    assert table.df["mode"].to_list()[0] == modes.df["mode"][0]


def test_rows_are_the_errors_of_which_a_cause_has_half(mixed):
    modes, table = mixed
    rank = next(r for r, one in enumerate(modes.errors, 1) if one.mode.name == "missed | weather=rain")
    rows = table.rows(rank, "threshold")
    assert len(rows) == table.facts(rank, "threshold")["recovered"] > 20
    assert set(rows["weather"]) == {"rain"}
    assert table.rows(rank, "confusion").is_empty()


def test_the_order_of_rows_changes_nothing(mixed):
    data = scene(2, **{name: rate for name, (rate, _) in PLANTED.items()})
    rng = np.random.default_rng(0)
    frames = {
        name: data.frame(name)[rng.permutation(len(data.frame(name)))]
        for name in ("images", "ground_truth", "predictions")
    }
    again = evaluate(replace(data, **frames)).failure_modes().causes()
    left, right = (t.df.sort("mode", "cause").drop("rank", "facts") for t in (mixed[1], again))
    assert_frame_equal(left, right, abs_tol=1e-9)


def test_causes_of_no_mode_are_an_empty_table():
    table = evaluate(detection([], [], [], [])).failure_modes().causes()
    assert table.df.is_empty()
    assert dict(table.df.schema) == CAUSE_SCHEMA


def test_a_mode_without_errors_on_another_evaluation_has_null_shares(mixed):
    clean = scene(3, base=0.0)
    again = evaluate(clean).reevaluate(mixed[0].modes[:1])
    table = again.causes()
    assert again.df["errors"].to_list() == [0]
    assert table.df["share"].null_count() == len(table.df) > 0


def test_a_register_can_be_extended_and_what_claims_first_gets_most(mixed):
    modes, table = mixed

    def half(errors, context):
        return Claim(np.full(errors.rows.size, 0.5), {"seen": 1}, "half of everything")

    halved = causes(modes, register=(("half", half), *CAUSES))
    assert halved.df.filter(pl.col("cause") == "half")["share"].to_list() == pytest.approx(
        [0.5] * len(modes.df)
    )
    rest = halved.df.filter(pl.col("cause") != "half")
    assert rest["share"].to_numpy() == pytest.approx(table.df["share"].to_numpy() / 2)


def test_unknown_ranks_and_causes_are_answered_with_what_there_is(mixed):
    with pytest.raises(QueryError, match="no failure mode of rank 99"):
        mixed[1].facts(99, "size")
    with pytest.raises(QueryError, match="one of label_noise"):
        mixed[1].rows(1, "bad luck")


def test_causes_of_a_classifier_are_confusion_and_what_images_tell():
    rng = np.random.default_rng(1)
    true = rng.choice(["cat", "dog", "owl"], 900)
    camera = rng.choice(["a", "b"], 900)
    said = np.where((true == "cat") & (camera == "b") & (rng.random(900) < 0.5), "dog", true)
    sure = np.array([{"cat": 0, "dog": 1, "owl": 2}[name] for name in said])
    probabilities = np.full((900, 3), 0.2)
    probabilities[np.arange(900), sure] = 0.6
    images = pl.DataFrame({"camera": camera})
    data = cf.from_labels(true, probabilities=probabilities, labels=["cat", "dog", "owl"], attributes=images)
    table = evaluate(data).failure_modes().causes()
    facts = table.facts(1, "confusion")
    assert facts["pair"] == "cat→dog"
    assert facts["gap"] == pytest.approx(0.4)
    assert (facts["reverse"], facts["close_calls"]) == (0, 0.0)
    assert "size" not in table.df["cause"].to_list()
    assert table.df.group_by("rank").agg(pl.col("share").sum())["share"].to_list() == pytest.approx(
        [1.0] * table.df["rank"].n_unique()
    )
