"""Bounds and verdicts of all rows of a gate: noise neither passes nor fails it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.gate.inference import (
    bounds,
    bounds_of_counts,
    bounds_of_shares,
    is_count,
    kept_skewness,
    p_value_of_counts,
    p_value_of_excess,
    p_value_of_shares,
    widened_error,
)
from cvfail.gate.needed import clusters_needed
from cvfail.gate.rule import Rule
from cvfail.gate.rules_file import Rules
from cvfail.statistics.family_wise import holm
from cvfail.statistics.quantiles import normal_quantile, t_quantile

Numbers = NDArray[np.float64]


def judged(estimates: pl.DataFrame, asked: Sequence[Rule], rules: Rules, *, same_model: bool) -> pl.DataFrame:
    """Put a verdict to every row.

    Args:
        estimates: See `cvfail.gate.estimates.ESTIMATES_SCHEMA`, in the order of ``asked``.
        asked: The rule of each row.
        rules: The gate.
        same_model: Whether the candidate has the baseline's predictions, so that no difference needs a test.

    Returns:
        The estimates and lower and upper, one-sided bounds; p_value of keeping the limit; adjusted_p_value, the same
        for all rows of the gate; needed, where it is to be investigated how many images (or clusters) with units
        would tell, see `cvfail.gate.needed.clusters_needed`; verdict; reason, null for a pass.

    Notes:
        A row passes if its bound on the bad side keeps the limit: with one row that truly breaks its limit, the gate
        passes with a probability of at most 1 - confidence, however many rows there are. A row fails if its adjusted
        p-value is below 1 - confidence: with none that truly breaks its limit, the gate fails with at most this
        probability. Adjusted by Holm's procedure in which every rule has the same share of the level, and every
        row of a rule the same share of the rule's, so that a rule for eighty classes takes nothing from the others.

        Bounds of differences are of the t statistic of the linearised difference with the clusters paired (AP: of
        its replicates, whose skewness is taken out, see `cvfail.gate.inference.without_skewness`), see
        `cvfail.gate.inference.widened_error` for its standard error. Shares of the candidate
        alone have exact bounds with the effective number of units; counts per image those of their logarithm.

        In simulations (``tests/gate/simulated.py``) of 20 to 1000 images with one to four objects, recalls of .5 to
        .99 and one to ten rows, gates whose rows all are at their limits failed in at most 4.3 % of 4000 samples, and
        a row at its limit passed in at most 5.1 %. Rows of AP at their mean over 2000 sets of 50 images failed by
        themselves in at most 4.6 % and passed in at most 6.4 %, over 1500 sets of 150 in 4.5 % and 5.7 % (standard
        errors .5 %); without the skewness 7.6 % and 6.8 % passed.
    """
    is_relative = np.array([rule.is_relative for rule in asked], np.bool_)
    exact = is_relative & same_model
    limit = np.array([rule.limit for rule in asked], np.float64)
    is_floor = np.array([rule.is_floor for rule in asked], np.bool_)
    estimate = np.where(exact, 0.0, estimates["estimate"].to_numpy())
    lower, upper, p_value = _inference(estimates, limit, is_floor, rules.confidence)
    lower, upper = np.where(exact, 0.0, lower), np.where(exact, 0.0, upper)
    keeps = _keeps(asked, lower, upper)
    tested = exact | (_enough(estimates, asked, rules) & ~np.isnan(p_value) & ~np.isnan(lower))
    p_value = np.where(exact, np.where(keeps, 1.0, 0.0), np.where(tested, p_value, np.nan))
    weights = _weights(asked, tested)
    adjusted = holm(p_value, weights=weights)
    keeps &= tested
    fails = tested & (adjusted < 1.0 - rules.confidence) & ~keeps
    level = (1.0 - rules.confidence) * weights / max(weights[tested].sum(), 1.0)
    needed = clusters_needed(estimates, limit, is_floor, level=level, confidence=rules.confidence)
    needed = np.where(tested & ~keeps & ~fails & (needed < np.inf), needed, np.nan)
    told = [
        _told(rule, row, rules, tested=tested[place], keeps=keeps[place], fails=fails[place])
        for place, (rule, row) in enumerate(
            zip(
                asked,
                estimates.with_columns(p_value=p_value, needed=needed).iter_rows(named=True),
                strict=True,
            )
        )
    ]
    return estimates.with_columns(
        pl.Series("lower", lower),
        pl.Series("upper", upper),
        pl.Series("p_value", p_value),
        pl.Series("adjusted_p_value", adjusted),
        pl.Series("needed", needed),
        pl.Series("verdict", [verdict for verdict, _ in told], dtype=pl.String),
        pl.Series("reason", [reason for _, reason in told], dtype=pl.String),
        pl.Series("estimate", estimate),
    ).with_columns(pl.selectors.float().fill_nan(None))


def _inference(
    estimates: pl.DataFrame, limit: Numbers, is_floor: NDArray[np.bool_], confidence: float
) -> tuple[Numbers, Numbers, Numbers]:
    """One-sided bounds, and the p-value of keeping the limit."""
    columns = {name: estimates[name].to_numpy() for name in ("estimate", "error", "trials", "step")}
    estimate, trials = columns["estimate"], columns["trials"]
    degrees = estimates["clusters"].fill_null(0).to_numpy() - 1.0
    error = widened_error(columns["error"], columns["step"], confidence)
    trials = trials * (normal_quantile(2 * confidence - 1) / t_quantile(2 * confidence - 1, degrees)) ** 2
    skewness = kept_skewness(estimates["skewness"].to_numpy(), columns["error"], error)
    by_t = bounds(estimate, error, degrees, confidence, skewness)
    counts = bounds_of_counts(np.abs(estimate), error, columns["step"], degrees, confidence)
    shares = bounds_of_shares(estimate, trials, confidence)
    excess = np.where(is_floor, limit - estimate, estimate - limit)
    kinds = [~np.isnan(columns["trials"]), is_count(estimates)]
    p_value = np.select(
        kinds,
        [
            p_value_of_shares(estimate, trials, limit, is_floor),
            p_value_of_counts(np.abs(estimate), error, np.abs(limit), degrees),
        ],
        p_value_of_excess(excess, error, degrees, np.where(is_floor, -skewness, skewness)),
    )
    lower, upper = (np.select(kinds, [shares[side], counts[side]], by_t[side]) for side in range(2))
    return lower, upper, p_value


def _keeps(asked: Sequence[Rule], lower: Numbers, upper: Numbers) -> NDArray[np.bool_]:
    """Whether the bounds on the bad side keep the limits; what must improve must be beyond them."""
    limit = np.array([rule.limit for rule in asked], np.float64)
    is_floor = np.array([rule.is_floor for rule in asked], np.bool_)
    beyond = np.array([rule.bound == "improve" for rule in asked], np.bool_)
    slack = np.where(is_floor, lower - limit, limit - upper)
    return np.asarray(np.where(beyond, slack > 0.0, slack >= 0.0))


def _enough(estimates: pl.DataFrame, asked: Sequence[Rule], rules: Rules) -> NDArray[np.bool_]:
    least = [_least(rule, rules) for rule in asked]
    units = np.array([one[0] for one in least], np.float64)
    clusters = np.array([one[1] for one in least], np.float64)
    return np.asarray(
        (estimates["support"].fill_null(0.0).to_numpy() >= units)
        & (estimates["clusters"].fill_null(0).to_numpy() >= clusters)
    )


def _least(rule: Rule, rules: Rules) -> tuple[int, int]:
    """Units and clusters below which a row of a rule is not judged."""
    units = rules.min_units if rule.min_units is None else rule.min_units
    return units, rules.min_clusters if rule.min_clusters is None else rule.min_clusters


def _weights(asked: Sequence[Rule], tested: NDArray[np.bool_]) -> Numbers:
    """The same for every rule, and the same for every tested row of one."""
    places = {id(rule): number for number, rule in enumerate(asked)}
    of_rule = np.array([places[id(rule)] for rule in asked], np.int64)
    count = np.bincount(of_rule[tested], minlength=len(asked) + 1)
    return np.asarray(1.0 / np.maximum(count[of_rule], 1))


def _told(
    rule: Rule, row: dict[str, float], rules: Rules, *, tested: bool, keeps: bool, fails: bool
) -> tuple[str, str | None]:
    """The verdict on one row and its reason."""
    if keeps:
        return "pass", None
    if fails:
        return "fail", "beyond the limit"
    reason = _why_not_known(rule, row, rules, tested=tested)
    return ("fail", f"critical, and {reason}") if rule.critical else ("investigate", reason)


def _why_not_known(rule: Rule, row: dict[str, float], rules: Rules, *, tested: bool) -> str:
    units, clusters = _least(rule, rules)
    if row["estimate"] is None:
        return "undefined"
    if (row["support"] or 0.0) < units:
        return f"{row['support'] or 0:g} units, fewer than {units}"
    if (row["clusters"] or 0) < clusters:
        return f"{row['clusters'] or 0} images with units, fewer than {clusters}"
    if not tested:
        return "too little data for an interval"
    known = row["needed"]
    more = "" if np.isnan(known) else f" (about {float(f'{known:.1e}'):,.0f} images would tell)"
    if row["p_value"] < 1.0 - rules.confidence:
        return f"beyond the limit by itself, but not for one of so many rows{more}"
    return f"the interval holds the limit{more}"
