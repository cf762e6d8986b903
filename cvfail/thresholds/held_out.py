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


def divided(
    clusters: int, *, folds: int, splits: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Divide the clusters in parts of about one size, again and again.

    Args:
        clusters: Number of clusters n.
        folds: In how many parts; 2 for halves.
        splits: How often.
        seed: Of the random order.

    Returns:
        Weights of the clusters to choose on, all parts but one, and of those to judge on, that part; 0 or 1, both of
        shape (folds · splits, n).

    Example:
        >>> chosen_on, judged_on = divided(4, folds=2, splits=1, seed=0)
        >>> chosen_on.sum(axis=1).tolist(), (chosen_on + judged_on).tolist()
        ([2, 2], [[1, 1, 1, 1], [1, 1, 1, 1]])
    """
    random = np.random.default_rng(seed)
    part = np.empty((splits, clusters), np.int64)
    for row in part:
        row[random.permutation(clusters)] = np.arange(clusters) % max(folds, 1)
    judged_on = (part[:, None, :] == np.arange(folds)[:, None]).reshape(splits * folds, clusters)
    return (~judged_on).astype(np.uint8), judged_on.astype(np.uint8)


def judge(
    tallies: Tallies, thresholds: Numbers, parts: int, group: ScoredGroup, *, beta: float, confidence: float
) -> Judgement:
    """Put together what parts and replicates say.

    Args:
        tallies: Counts on everything at the chosen threshold; of each part at the threshold that the other parts
            chose; of each replicate at the chosen threshold.
        thresholds: Those thresholds; NaN where the other parts allow none, which is left out.
        parts: Number of parts of all divisions.
        group: Whose predictions and objects.
        beta: Of the F-score.
        confidence: Of the intervals.

    Returns:
        The value pooled over all parts. Its interval has the variance of the replicates, by clusters, around this
        value; `next` has twice that variance, for other images differ from the truth as these do. Shares have
        Wilson's form, see `wilson_of_replicates`; numbers per image the score interval of a rate.
    """
    known = ~np.isnan(thresholds[1 : 1 + parts])
    judged = tallies[1 : 1 + parts]
    pooled = judged[known].total() if known.any() else None
    rows = {}
    for name in MEASURES:
        chosen_on = tallies[:1].measure(name, beta)[0] if not np.isnan(thresholds[0]) else np.nan
        estimate = np.nan if pooled is None or np.isnan(chosen_on) else pooled.measure(name, beta)[0]
        samples = tallies[1 + parts :].measure(name, beta)
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
    kept = int(tallies.found[0] + tallies.wrong[0])
    if name == "false_positives_per_image":  # a rare event tells as much as the clusters that it happens in
        wrong = group.clusters[:kept][~group.right[:kept]]
        return min(max(np.unique(wrong).size, 2), group.clusters_of_images), group.images
    if name == "cost_per_image":
        return min(group.units_in, group.clusters_of_images), group.images
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
