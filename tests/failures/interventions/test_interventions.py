"""Actions for modes: each planted failure gets the action that fits, with the images that it takes to see it."""

import numpy as np
import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.failures.conditions import Condition
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.interventions.facts import SliceSize
from cvfail.failures.interventions.rule import Rule
from cvfail.failures.interventions.watch import watched_modes
from cvfail.matching.policy import Policy
from cvfail.statistics.power import required_paired_units, units_for_interval
from cvfail.statistics.proportions import wilson
from tests.failures.causes.scenes import scene

FITTING = {
    "night_small": (0.6, "tile_small_objects"),
    "rain_faint": (0.6, "lower_threshold_in_slice"),
    "east_shift": (0.3, "mend_systematic_offset"),
    "crowd_twice": (0.3, "lower_nms_iou"),
    "a_as_b": (0.6, "separate_pair_of_classes"),
    "wrong_label": (0.25, "review_suspect_labels"),
}


@pytest.mark.parametrize("name", FITTING)
def test_a_planted_failure_gets_the_action_that_fits(name):
    rate, action = FITTING[name]
    modes = evaluate(scene(5, **{name: rate})).failure_modes()
    first = modes.interventions().df.filter(rank=1)
    causes = modes.causes().df.filter(rank=1)
    largest = causes.row(int(causes["share"].arg_max()), named=True)["cause"]
    assert action in first.filter(cause=largest)["action"].to_list()


@pytest.fixture(scope="module")
def modes():
    return evaluate(scene(5, night_small=0.6)).failure_modes()


def test_modes_that_may_be_chance_get_no_action_unless_asked_for(modes):
    significant = modes.df.filter("significant")["rank"].to_list()
    assert len(significant) < len(modes.df)
    assert set(modes.interventions().df["rank"]) == set(significant)
    assert set(modes.interventions(only_significant=False).df["rank"]) > set(significant)


def test_own_rules_alone_can_be_asked(modes):
    rule = Rule(
        name="ours",
        kind="data",
        causes=("size",),
        gain="share",
        effort="days",
        text="{errors} of {support} where {slice}: {rate:.0%}, {cause_share:.0%} of it by size",
    )
    row = modes.interventions(rules=[rule]).df.row(0, named=True)
    mode = modes.df.row(0, named=True)
    share = modes.causes().df.filter(rank=1, cause="size")["share"].item()
    assert row["text"] == (
        f"{mode['errors']} of {mode['support']} where {mode['slice']}: {mode['rate']:.0%}, {share:.0%} of it by size"
    )
    assert row["errors_gone"] == pytest.approx(share * mode["errors"])
    assert row["hash"] == mode["hash"]


def test_without_modes_there_are_no_actions():
    evaluation = evaluate(scene(5))
    none = evaluation.failure_modes(insignificant=0)
    assert none.df.is_empty()
    assert none.interventions().df.is_empty()


def test_more_training_data_are_asked_for_in_rows():
    modes = evaluate(scene(5, night_missed=0.4)).failure_modes()
    light = ["day"] * 950 + ["night"] * 50
    table = modes.interventions(training=pl.DataFrame({"light": light}))
    rows = table.df.filter(action="collect_like_slice")
    assert len(rows) > 0
    facts = modes.causes(training=pl.DataFrame({"light": light})).facts(rows["rank"][0], "coverage")
    fair = facts["fair_share"]
    wanted = rows["amount"][0]
    assert (50 + wanted) / (1000 + wanted) == pytest.approx(fair, abs=1e-3)
    assert facts["times_rarer"] == pytest.approx(fair / 0.05)


def test_images_to_see_a_change_follow_the_formula(modes):
    size = SliceSize.of(modes.errors[0])
    per_image = size.units / size.images
    units = required_paired_units(2 * 20 / size.units, 20 / size.units, design_effect=size.design_effect)
    assert size.images_to_see(20.0) == np.ceil(units / per_image)
    assert size.images_to_see(0.0) is None


def test_images_for_an_interval_give_that_interval(modes):
    size = SliceSize.of(modes.errors[0])
    images = size.images_for_interval(0.05)
    independent = images * size.units / size.images / size.design_effect
    _, lower, upper = wilson(size.rate * independent, independent)
    assert (upper - lower) / 2 == pytest.approx(0.05, abs=0.001)


def test_units_for_an_interval_invert_wilsons_interval():
    for rate in (0.01, 0.2, 0.5, 0.97):
        units = float(units_for_interval(rate, 0.03))
        _, lower, upper = wilson(rate * units, units)
        assert (upper - lower) / 2 == pytest.approx(0.03, abs=1e-9)
    assert units_for_interval(0.1, 0.0) == np.inf
    assert units_for_interval(0.1, 0.9) == 0.0


def frozen(error, *conditions, task="detection"):
    return FailureMode(error, conditions, iou=0.5, score=0.25, policy=Policy(), task=task)


def test_the_slices_beside_and_the_errors_traded_are_watched():
    evidence = evaluate(scene(5)).evidence
    night_small = (Condition("light", "night"), Condition("size", "small"))
    watched = [one.name for one in watched_modes(frozen("missed", *night_small), evidence)]
    assert watched == [
        "background | light=night & size=small",
        "background | (all)",
        "missed | light=day & size=small",
        "missed | light=night & size=medium",
    ]


def test_a_confusion_is_watched_the_other_way_round():
    evidence = evaluate(scene(5)).evidence
    a, b = evidence.category_names[:2]
    mode = frozen(f"{a}→{b}", Condition("category", a), Condition("light", "night"))
    watched = [one.name for one in watched_modes(mode, evidence)]
    assert watched == [
        f"{b}→{a} | category={b} & light=night",
        f"{b}→{a} | (all)",
        f"{a}→{b} | category={a} & light=day",
    ]


def test_missed_objects_are_watched_when_false_positives_are_fought():
    evidence = evaluate(scene(5)).evidence
    watched = [one.name for one in watched_modes(frozen("duplicate", Condition("light", "night")), evidence)]
    assert watched == ["missed | light=night", "missed | (all)", "duplicate | light=day"]


def test_watched_modes_can_be_looked_at_again(modes):
    evaluation = evaluate(scene(6, night_small=0.6))
    actions = modes.interventions()
    again = evaluation.reevaluate(actions.watch(1))
    assert len(again.df) == len(actions.watch(1)) == actions.df["watch"][0].count("; ") + 1
    with pytest.raises(QueryError, match="no failure mode of rank 99"):
        actions.watch(99)
