"""What a chosen threshold is worth on images that were not used to choose it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.metrics.curves.grouped_scores import ScoredGroup
from cvfail.statistics.event_rates import rate_from_variance
from cvfail.statistics.proportions import Interval, wilson_from_variance
from cvfail.statistics.quantiles import t_quantile
from cvfail.statistics.replicates import variance_of_replicates
from cvfail.thresholds.choosing import MEASURES, Tallies

Numbers = NDArray[np.float64]

_SHARES = ("precision", "recall", "f_score")


@dataclass(frozen=True)
class Judgement:
    """The value of one threshold, by measure.

    Attributes:
        rows: For each of `MEASURES`: chosen_on, held_out, held_out_lower, held_out_upper, next_lower, next_upper;
            NaN where undefined.
    """

    rows: dict[str, dict[str, float]]


def halves(clusters: int, splits: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Divide the clusters in halves, again and again.

    Args:
        clusters: Number of clusters n.
        splits: How often.
        seed: Of the random order.

    Returns:
        Weights of the clusters to choose on and of those to judge on, 0 or 1, both of shape (2 · splits, n): each
        division and then its reverse.

    Example:
        >>> chosen_on, judged_on = halves(4, 1, seed=0)
        >>> chosen_on.sum(axis=1).tolist(), (chosen_on + judged_on).tolist()
        ([2, 2], [[1, 1, 1, 1], [1, 1, 1, 1]])
    """
    random = np.random.default_rng(seed)
    first = np.zeros((splits, clusters), np.uint8)
    for row in first:
        row[random.permutation(clusters)[: clusters // 2]] = 1
    both = np.stack([first, 1 - first], axis=1).reshape(2 * splits, clusters)
    return both, (1 - both).astype(np.uint8)


def judge(
    tallies: Tallies, thresholds: Numbers, sides: int, group: ScoredGroup, *, beta: float, confidence: float
) -> Judgement:
    """Put together what halves and replicates say.

    Args:
        tallies: Counts on everything at the chosen threshold; of each side of each division at the threshold that
            the other side chose; of each replicate at the chosen threshold.
        thresholds: Those thresholds; NaN where a side allows none, which is left out.
        sides: Number of sides of divisions.
        group: Whose predictions and objects.
        beta: Of the F-score.
        confidence: Of the intervals.

    Returns:
        The value pooled over all sides. Its interval has the variance of the replicates, by clusters, around this
        value; `next` has twice that variance, for other images differ from the truth as these do. Shares have
        Wilson's form, see `wilson_of_replicates`; numbers per image the score interval of a rate.
    """
    known = ~np.isnan(thresholds[1 : 1 + sides])
    judged = tallies[1 : 1 + sides]
    pooled = judged[known].total() if known.any() else None
    rows = {}
    for name in MEASURES:
        chosen_on = tallies[:1].measure(name, beta)[0] if not np.isnan(thresholds[0]) else np.nan
        estimate = np.nan if pooled is None or np.isnan(chosen_on) else pooled.measure(name, beta)[0]
        samples = tallies[1 + sides :].measure(name, beta)
        clusters, units = _size(name, tallies, group)
        own, other = (
            _interval(name, estimate, samples, clusters, units, spread, confidence) for spread in (1.0, 2.0)
        )
        rows[name] = {
            "chosen_on": float(chosen_on),
            "held_out": float(estimate),
            "held_out_lower": float(own.lower),
            "held_out_upper": float(own.upper),
            "next_lower": float(other.lower),
            "next_upper": float(other.upper),
        }
    return Judgement(rows)


def _size(name: str, tallies: Tallies, group: ScoredGroup) -> tuple[int, int]:
    """Clusters behind a measure, and units if all were independent."""
    if name not in _SHARES:
        return group.clusters_of_images, group.images
    kept = int(tallies.found[0] + tallies.wrong[0])
    return group.units_in, kept if name == "precision" else group.objects


def _interval(
    name: str, estimate: float, samples: Numbers, clusters: int, units: int, spread: float, confidence: float
) -> Interval:
    """The interval with `spread` times the variance of the replicates."""
    if clusters < 2:
        return Interval(np.float64(estimate), np.float64(np.nan), np.float64(np.nan))  # type: ignore[arg-type]
    variance = variance_of_replicates(samples) * spread * clusters / (clusters - 1.0)
    make = wilson_from_variance if name in _SHARES else rate_from_variance
    return make(estimate, variance, units=units / spread, quantile=t_quantile(confidence, clusters - 1.0))
