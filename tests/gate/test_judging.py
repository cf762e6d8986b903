"""Verdicts on known differences: what noise does, and what small data do.

The shares of many runs are in the notes of `cvfail.gate.judging.judged`; here are enough to see a gross error.
"""

import numpy as np
import polars as pl
import pytest

from cvfail.gate.estimates import ESTIMATES_SCHEMA, relative_estimates
from cvfail.gate.inference import (
    bounds,
    bounds_of_shares,
    p_value_of_excess,
    p_value_of_shares,
    rare_error,
    widened_error,
    with_skewness,
    without_skewness,
)
from cvfail.gate.judging import judged
from cvfail.gate.rules_file import rules_from
from cvfail.statistics.power_of_t import required_clusters
from tests.gate.simulated import pair, question, rates_of_verdicts, verdicts

RUNS = 120
POWER_RUNS = 200
MOST = 0.05 + 3 * np.sqrt(0.05 * 0.95 / RUNS)
"""Three standard errors above 5 %."""


def test_a_gate_whose_rows_are_all_at_their_limits_fails_in_one_of_twenty():
    shares = rates_of_verdicts(
        RUNS,
        bound="max_fall",
        value=0.03,
        classes=8,
        images=60,
        per_image=2.0,
        before=[0.8] * 8,
        after=[0.77] * 8,
    )
    assert shares["fail"] <= MOST


def test_a_gate_with_one_row_at_its_limit_passes_in_one_of_twenty():
    shares = rates_of_verdicts(
        RUNS,
        bound="max_fall",
        value=0.05,
        classes=3,
        images=100,
        per_image=2.0,
        before=[0.9] * 3,
        after=[0.85, 0.9, 0.99],
        seed=1,
    )
    assert shares["pass"] <= MOST


def test_a_share_at_its_limit_fails_in_one_of_twenty():
    shares = rates_of_verdicts(
        RUNS,
        bound="at_least",
        value=0.9,
        classes=8,
        images=60,
        per_image=1.5,
        before=[0.9] * 8,
        after=[0.9] * 8,
        seed=2,
    )
    assert shares["fail"] <= MOST


def test_a_large_fall_is_seen_and_no_change_passes():
    options = {"classes": 8, "images": 300, "per_image": 2.0, "before": [0.8] * 8, "bound": "max_fall"}
    broken = rates_of_verdicts(20, value=0.03, after=[0.6] + [0.8] * 7, **options)
    kept = rates_of_verdicts(20, value=0.1, after=[0.8] * 8, **options)
    assert broken["fail"] >= 0.9
    assert kept["pass"] >= 0.9


def test_the_verdicts_do_not_depend_on_the_order_of_the_clusters():
    rng = np.random.default_rng(3)
    models = pair(rng, images=80, per_image=2.0, before=[0.8, 0.7], after=[0.7, 0.7])
    from dataclasses import replace

    mixed = [replace(one, sums=one.sums.sample(fraction=1.0, shuffle=True, seed=1)) for one in models]
    first, second = (verdicts(pair_, "max_fall", 0.02, classes=2) for pair_ in (models, mixed))
    for name in ("lower", "upper", "p_value"):
        assert first[name].to_list() == pytest.approx(second[name].to_list(), abs=1e-12)
    assert first["verdict"].equals(second["verdict"])


def rows(**columns):
    count = len(columns["estimate"])
    filled = {
        "baseline": [0.5] * count,
        "question": [str(i) for i in range(count)],
        "support": [100.0] * count,
        "clusters": [50] * count,
    }
    nothing = {name: [None] * count for name in ESTIMATES_SCHEMA}
    return pl.DataFrame(nothing | filled | columns, schema=ESTIMATES_SCHEMA)


def judge_rows(frame, *tables, same_model=False, **settings):
    """The verdicts on rows of as many rules."""
    rules = rules_from({"gate": settings, "rule": [*tables]}, source="rules")
    repeated = [rules.rules[0]] * len(frame) if len(rules.rules) == 1 else rules.rules
    return judged(frame, repeated, rules, same_model=same_model)


FALL = {"metric": "recall", "max_fall": 0.02}


def test_by_hand():
    frame = rows(
        estimate=[0.0, -0.02, -0.10, -0.10, None, -0.10],
        error=[0.01, 0.01, 0.01, 0.05, None, 0.01],
        support=[100.0, 100.0, 100.0, 100.0, 0.0, 29.0],
    )
    judged_rows = judge_rows(frame, FALL)
    assert judged_rows["verdict"].to_list() == [
        "pass",
        "investigate",
        "fail",
        "investigate",
        "investigate",
        "investigate",
    ]
    assert judged_rows["lower"][0] == pytest.approx(0.0 - 1.6766 * 0.01, abs=1e-6), "t of 49 at .95"
    assert judged_rows["reason"].to_list() == [
        None,
        "the interval holds the limit",
        "beyond the limit",
        "the interval holds the limit (about 190 images would tell)",
        "undefined",
        "29 units, fewer than 30",
    ]
    assert judged_rows["p_value"].null_count() == 2
    by_normal = 50 * ((2.241403 + 0.841621) * 0.05 / 0.08) ** 2  # at .05 / 4, for one of four tested rows
    assert by_normal < judged_rows["needed"][3] < by_normal + 5


def test_one_row_of_many_needs_more_to_fail():
    frame = rows(estimate=[-0.06] + [0.1] * 19, error=[0.02] * 20)
    alone, among = judge_rows(frame[:1], FALL), judge_rows(frame, FALL)
    assert (alone["verdict"][0], among["verdict"][0]) == ("fail", "investigate")
    assert among["reason"][0].startswith(
        "beyond the limit by itself, but not for one of so many rows (about "
    )
    assert among["adjusted_p_value"][0] == pytest.approx(20 * alone["p_value"][0])


def test_a_rule_of_many_rows_takes_nothing_from_another():
    frame = rows(estimate=[-0.07] + [0.1] * 40, error=[0.02] * 41)
    tables = [{**FALL, "name": str(number)} for number in (0, 1)]
    rules = rules_from({"rule": tables}, source="rules")
    repeated = [rules.rules[0], *[rules.rules[1]] * 40]
    found = judged(frame, repeated, rules, same_model=False)
    assert found["adjusted_p_value"][0] == pytest.approx(2 * found["p_value"][0])
    assert found["verdict"][0] == "fail"


def test_models_that_never_differ_in_few_units_are_to_be_investigated():
    frame = rows(estimate=[0.0, 0.0], error=[0.0, 0.0], step=[1 / 60, 1 / 600], support=[60.0, 600.0])
    assert judge_rows(frame, FALL)["verdict"].to_list() == ["investigate", "pass"]
    assert judge_rows(frame, FALL, same_model=True)["verdict"].to_list() == ["pass", "pass"]


def test_the_least_error_says_the_rule_of_three():
    assert 1.6448536 * widened_error(np.zeros(1), np.full(1, 1 / 100), 0.95) == pytest.approx(
        0.029957, abs=1e-6
    )


@pytest.mark.parametrize("found", [0, 1, 30, 49, 50])
def test_bounds_of_shares_are_those_of_the_binomial_tails(found):
    from scipy.stats import binom

    share, trials = np.array([found / 50]), np.array([50.0])
    lower, upper = bounds_of_shares(share, trials, 0.95)
    assert found == 0 or binom.sf(found - 1, 50, lower[0]) == pytest.approx(0.05)
    assert found == 50 or binom.cdf(found, 50, upper[0]) == pytest.approx(0.05)
    for limit in (0.0, 0.3, 0.9, 1.0):
        told = p_value_of_shares(
            np.repeat(share, 2), np.repeat(trials, 2), np.full(2, limit), np.array([True, False])
        )
        assert told == pytest.approx([binom.cdf(found, 50, limit), binom.sf(found - 1, 50, limit)])


def test_counts_of_one_model_are_judged_by_their_logarithm():
    options = {"error": [0.2, 0.2, 0.0], "step": [0.01] * 3, "baseline": [None] * 3}
    rule = {"metric": "false_positives_per_image", "at_most": 1.0}
    found = judge_rows(rows(estimate=[0.6, 2.0, 0.0], **options), rule)
    assert found["verdict"].to_list() == ["investigate", "fail", "pass"]
    reach = np.exp(1.6765509 * np.hypot(0.2, 0.01 * 2.9957323 / 1.6448536) / 0.6)
    assert found["upper"].to_list()[::2] == pytest.approx([0.6 * reach, 0.029957323], rel=1e-5)
    assert found["lower"][2] == 0.0
    never = judge_rows(rows(estimate=[0.6, 2.0, 0.0], **options), {**rule, "at_most": 0.0})
    assert never["verdict"].to_list() == ["fail", "fail", "investigate"], (
        "none in 100 images is not none ever"
    )


@pytest.mark.parametrize("skewness", [-0.4, 0.0, 1e-12, 0.25])
def test_bounds_of_skewed_estimates_are_where_their_p_value_is_the_level(skewness):
    estimate, error, degrees = np.array([-0.1]), np.array([0.02]), np.array([49.0])
    lower, upper = bounds(estimate, error, degrees, 0.95, np.array([skewness]))
    below = p_value_of_excess(lower - estimate, error, degrees, -skewness)
    above = p_value_of_excess(estimate - upper, error, degrees, skewness)
    assert (below.item(), above.item()) == (pytest.approx(0.95), pytest.approx(0.95))
    assert lower < estimate < upper
    steps = np.linspace(-6, 6, 200)
    assert with_skewness(without_skewness(steps, skewness), skewness) == pytest.approx(steps, abs=1e-6)
    assert without_skewness(-steps, -skewness) == pytest.approx(-without_skewness(steps, skewness))


def test_an_estimate_that_leans_to_low_values_passes_less_and_fails_more_easily():
    options = {"estimate": [0.015, -0.07], "error": [0.02, 0.02]}
    plain, leaning = (judge_rows(rows(**options, skewness=[one] * 2), FALL) for one in (None, -0.4))
    assert plain["verdict"].to_list() == ["pass", "fail"]
    assert leaning["verdict"].to_list() == ["investigate", "fail"]
    assert leaning["p_value"][1] < plain["p_value"][1]


def test_the_mean_of_a_skewed_population_passes_in_one_of_twenty_not_one_of_ten():
    """Means of 40 whose unit is 1 less a gamma variate of shape .5, judged at their mean as AP is."""
    rng = np.random.default_rng(5)
    values = 1.0 - rng.gamma(0.5, 2.0, (1500, 40))
    centred = values - values.mean(axis=1, keepdims=True)
    error = values.std(axis=1, ddof=1) / np.sqrt(40)
    skewness = (centred**3).mean(axis=1) / (centred**2).mean(axis=1) ** 1.5 / np.sqrt(40)
    frame = {"estimate": values.mean(axis=1), "error": error, "clusters": [40] * 1500}
    rule = {"metric": "recall", "max_fall": 0.0}
    plain, ours = (judge_rows(rows(**frame, skewness=one), rule) for one in ([None] * 1500, skewness))
    passed = [(one["verdict"] == "pass").mean() for one in (plain, ours)]
    assert passed[0] > 0.1
    assert passed[1] < 0.08


IMPROVE = {"metric": "recall", "improve": 0.02}


def test_what_must_improve_passes_only_beyond_its_limit():
    frame = rows(estimate=[0.1, 0.04, 0.02, 0.0, -0.05], error=[0.01] * 5)
    told = judge_rows(frame, IMPROVE)["verdict"].to_list()
    assert told == ["pass", "pass", "investigate", "investigate", "fail"], "the fourth is one of five rows"
    assert judge_rows(frame[3:4], IMPROVE)["verdict"].to_list() == ["fail"]
    falls = rows(estimate=[-0.1, -0.02, 0.1], error=[0.01] * 3)
    fewer = {"metric": "false_positives_per_image", "improve": 0.02}
    assert judge_rows(falls, fewer)["verdict"].to_list() == ["pass", "investigate", "fail"]


@pytest.mark.parametrize("value", [0.0, 0.02])
def test_the_same_model_is_no_improvement(value):
    frame = rows(estimate=[0.0], error=[0.0], step=[0.001])
    assert judge_rows(frame, {**IMPROVE, "improve": value}, same_model=True)["verdict"].to_list() == ["fail"]


def test_as_many_images_as_are_needed_would_tell():
    """A mean of 50 that is near its limit: of the number told, four of five samples pass, or fail."""
    from scipy.special import nctdtr, stdtrit

    frame = rows(estimate=[-0.01, -0.04], error=[0.02, 0.02])
    apart = [judge_rows(frame[[place]], FALL).row(0, named=True) for place in (0, 1)]
    assert [one["verdict"] for one in apart] == ["investigate"] * 2
    for one, distance in zip(apart, (0.01, 0.02), strict=True):
        many = one["needed"]
        centre = distance / (0.02 * np.sqrt(50 / many))
        assert 1 - nctdtr(many - 1, centre, stdtrit(many - 1, 0.95)) == pytest.approx(0.8, abs=0.01)
    among = judge_rows(rows(estimate=[-0.04] + [0.1] * 19, error=[0.02] * 20), FALL)
    assert among["needed"][0] > 2 * apart[1]["needed"], "one of twenty needs more"
    assert judge_rows(frame[[0, 0]], FALL)["needed"][0] == apart[0]["needed"], "to pass it does not"


def test_what_is_needed_of_shares_and_counts():
    share = rows(estimate=[0.85, 1.0], trials=[60.0, 20.0], support=[60.0, 60.0], baseline=[None] * 2)
    told = judge_rows(share, {"metric": "recall", "at_least": 0.8})
    first, second = told["needed"]
    assert told["verdict"].to_list() == ["investigate", "pass"]
    assert first == pytest.approx(50 * (2.486 / 0.05) ** 2 * 0.85 * 0.15 / 60, rel=0.12)
    assert second is None
    count = rows(estimate=[0.9], error=[0.2], step=[0.02], baseline=[None])
    rule = {"metric": "false_positives_per_image", "at_most": 1.0}
    assert judge_rows(count, rule)["needed"].item() == pytest.approx(
        50 * (2.486 * 0.2 / (0.9 * np.log(1 / 0.9))) ** 2, rel=0.03
    )
    even = judge_rows(rows(estimate=[-0.02], error=[0.01]), FALL)
    assert even["needed"].item() is None
    assert even["reason"].item() == "the interval holds the limit"


@pytest.mark.parametrize(("after", "verdict"), [(0.70, "fail"), (0.80, "pass")])
def test_verdicts_on_known_differences_have_the_power_that_was_computed_in_advance(after, verdict):
    """From one large set: how many images a fall of .1, or none, takes against a margin of .05."""
    options = {"per_image": 2.0, "before": [0.8], "after": [after]}
    large = pair(np.random.default_rng(6), images=20_000, **options)
    known = relative_estimates([question(0)], *large)
    images = required_clusters(0.05, known["error"], known["clusters"], rare=0.0, level=0.05, sides=1).item()
    step = known["step"].item() * known["clusters"].item() / images
    rare = rare_error(np.array([step]), 0.95) * images / 20_000
    images = required_clusters(0.05, known["error"], known["clusters"], rare=rare, level=0.05, sides=1).item()
    all_images = int(images * 20_000 / known["clusters"].item())
    shares = rates_of_verdicts(
        POWER_RUNS, bound="max_fall", value=0.05, classes=1, images=all_images, **options
    )
    assert shares[verdict] == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / POWER_RUNS))


def test_models_that_are_alike_rarely_pass_or_fail_a_rule_to_improve():
    options = {"classes": 1, "images": 60, "per_image": 2.0, "before": [0.8], "after": [0.8]}
    shares = rates_of_verdicts(RUNS, bound="improve", value=0.0, **options)
    assert shares["pass"] <= MOST
    assert shares["fail"] <= MOST


def test_critical_rules_fail_where_they_cannot_be_told():
    frame = rows(estimate=[-0.02], error=[0.01])
    found = judge_rows(frame, {**FALL, "critical": True})
    assert found["verdict"].item() == "fail"
    assert found["reason"].item() == "critical, and the interval holds the limit"


def test_without_rows_there_is_nothing_to_judge():
    assert len(judge_rows(rows(estimate=[]), FALL)) == 0
