"""Shares of causes: what was planted has most of its mode, shares add up, rows in another order change nothing."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.demo.coco_files import write_instances, write_results
from cvfail.demo.simulation import simulate
from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.failures.causes.attributable import Attributable
from cvfail.failures.causes.register import INHERENT
from tests.failures.test_modes import street
from tests.scenes import detection

PLANTED = ("size", "threshold", "duplicates", "localisation", "confusion", "label_noise")
"""Of the demo's modes, in the order of their ranks; see tests/demo/test_planted_causes.py."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    simulation = simulate()
    write_instances(simulation, folder / "truth.json")
    write_results(simulation, folder / "found.json")
    return cf.evaluate(cf.read_coco(folder / "truth.json", folder / "found.json"))


def test_each_planted_mode_has_its_planted_cause_as_the_largest_share(demo):
    table = demo.failure_modes().causes()
    largest = (
        table.df.sort("share", descending=True).group_by("rank", maintain_order=True).first().sort("rank")
    )
    assert tuple(largest["cause"].head(len(PLANTED))) == PLANTED


def test_shares_of_a_mode_add_up_to_one_and_no_gross_share_is_less(demo):
    table = demo.failure_modes().causes().df
    sums = table.group_by("rank").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * len(sums), abs=1e-12)
    assert (table["gross_share"] >= table["share"] - 1e-12).all()
    assert (table["share"] >= 0.0).all()
    known = table.filter(pl.col("lower").is_not_null())
    assert len(known)
    assert (known["lower"] <= known["share"] + 1e-12).all()
    assert (known["share"] <= known["upper"] + 1e-12).all()


def test_facts_are_the_numbers_of_the_table_and_rows_are_the_errors(demo):
    modes = demo.failure_modes()
    table = modes.causes()
    row = table.df.filter((pl.col("rank") == 3) & (pl.col("cause") == "duplicates")).row(0, named=True)
    assert json.loads(row["facts"]) == table.facts(3, "duplicates")
    assert table.weights(3, "duplicates").sum() == pytest.approx(row["errors"])
    assert table.rows(3, "duplicates").equals(modes.examples(3))
    with pytest.raises(QueryError, match="99"):
        table.facts(99, "threshold")


def test_a_lower_threshold_is_priced_by_replaying_it(demo):
    """What the facts say of rain equals what precision and recall of the slice are at that threshold."""
    facts = demo.failure_modes().causes().facts(2, "threshold")
    now, then = (
        demo.slices("weather=rain", metrics="f1", score=score).df["estimate"][0]
        for score in (None, facts["threshold"])
    )
    assert (now, then) == pytest.approx((facts["f1_now"], facts["f1_then"]), abs=1e-12)


def test_rows_in_another_order_give_the_same_shares():
    data = street(1, images=120, night_small=0.7, crowd_duplicates=0.15)
    shuffled = replace(data, ground_truth=data.ground_truth[::-1], images=data.images[::-1])
    one, other = (evaluate(each).failure_modes().causes().df for each in (data, shuffled))
    assert one.select("rank", "cause").equals(other.select("rank", "cause"))
    assert np.allclose(one["share"], other["share"], rtol=0, atol=1e-12)


def test_an_attributable_fraction_needs_a_difference_that_is_no_chance():
    assert Attributable(0.5, 0.1, 0.001).fraction == pytest.approx(0.8)
    assert Attributable(0.5, 0.1, 0.2).fraction == 0.0
    assert Attributable(0.1, 0.5, 0.001).fraction == 0.0
    assert Attributable(0.5, None, None).fraction == 0.0


def test_no_modes_have_no_causes_and_what_has_no_other_cause_is_inherent():
    empty = evaluate(detection([], [], [], [])).failure_modes().causes().df
    assert empty.is_empty()
    table = evaluate(street(1, images=120, night_small=0.7)).failure_modes().causes().df
    assert set(table.group_by("rank").agg(pl.col("cause").last())["cause"]) == {INHERENT}
