"""The measures of calibration of one group of forecasts, each with its interval and what chance would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.bin_errors import BinError, LargestDistance, MeanDistance, RootMeanSquare
from cvfail.calibration.binning import Cells, Closed, bin_of, equal_mass_edges, equal_width_edges, joint_bins
from cvfail.calibration.calibration_error import debiased_l2
from cvfail.calibration.class_measures import classwise_error, localisation_errors
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.intervals import UNDEFINED, Measured, of_error, of_replicates
from cvfail.calibration.proper_scores import brier_losses, brier_parts, log_losses
from cvfail.calibration.recentring import BinReplicates
from cvfail.calibration.replicated_bins import Draws, bin_replicates
from cvfail.evidence.evidence import Task

Numbers = NDArray[np.float64]

Measure = Literal[
    "ece",
    "mce",
    "rmsce",
    "rmsce_debiased",
    "ece_equal_mass",
    "classwise_ece",
    "laece",
    "laace",
    "overconfidence",
    "brier",
    "nll",
    "top_label_brier",
    "reliability",
    "resolution",
    "uncertainty",
    "within_bins",
]
"""Names of measures; `MEANING` says what they are."""

MEASURES: tuple[Measure, ...] = get_args(Measure)

MEANING: dict[Measure, str] = {
    "ece": "mean distance of confidence and share right, over bins of equal width (D-ECE of a detector)",
    "mce": "the largest distance of a bin with `min_count` predictions or more",
    "rmsce": "root of the mean squared distance",
    "rmsce_debiased": "the same without what chance adds",
    "ece_equal_mass": "ece over bins that hold about as many scores each",
    "classwise_ece": "ece of the probability of a class against whether it is the label, mean over classes",
    "laece": "LaECE: distance of confidence and overlap (0 if unmatched) over 25 bins, mean over classes",
    "laace": "LaACE: mean distance of confidence and overlap of single detections, mean over classes",
    "overconfidence": "mean confidence less share right",
    "brier": "Brier's score: of all classes where there are probabilities, else of the confidence",
    "nll": "mean negative log likelihood, likewise",
    "top_label_brier": "Brier's score of the confidence in the predicted class",
    "reliability": "part of Brier's score of the confidence: how far bins are from their share right; less is better",
    "resolution": "part that is taken off: how far bins are from each other",
    "uncertainty": "part that the share right leaves to any score",
    "within_bins": "the rest, from scores that differ inside a bin",
}

_OF_CLASSIFIER = frozenset({"classwise_ece", "top_label_brier"})
_OF_DETECTOR = frozenset({"laece", "laace"})
_RANGES = {
    "overconfidence": (-1.0, 1.0),
    "brier": (0.0, 2.0),
    "nll": (0.0, float("inf")),
    "top_label_brier": (0.0, 1.0),
    "reliability": (0.0, 1.0),
    "resolution": (0.0, 0.25),
    "uncertainty": (0.0, 0.25),
    "within_bins": (-1.0, 1.0),
}
"""What means and parts can be at all."""

_BINNED = {"ece", "mce", "rmsce", "rmsce_debiased", "reliability"}
_PARTS = ("reliability", "resolution", "uncertainty", "within_bins")


_OF_LOSSES = {"brier", "nll", "top_label_brier", *_PARTS}


@dataclass(frozen=True)
class Question:
    """What is asked of every group.

    Attributes:
        measures: Which.
        bins: How many, in each dimension.
        closed: Which end belongs to a bin.
        columns: Columns of `Forecasts.boxes` that bins are divided by as well.
        min_count: Bins with fewer rows have no part in ``mce``.
        confidence: Of the intervals and chance bands.
        draws: Replicates and worlds.
    """

    measures: tuple[Measure, ...]
    bins: int
    closed: Closed
    columns: tuple[int, ...]
    min_count: int
    confidence: float
    draws: Draws


def measures_of(task: Task, *, has_probabilities: bool) -> tuple[Measure, ...]:
    """The measures that forecasts have: those of boxes, or of probabilities, only where there are such."""
    left_out: set[str] = set()
    if not has_probabilities:
        left_out |= _OF_CLASSIFIER
    if task == "classification":
        left_out |= _OF_DETECTOR
    return tuple(name for name in MEASURES if name not in left_out)


def measured(
    forecasts: Forecasts,
    question: Question,
    *,
    only_class: int | None = None,
    of_all_classes: Forecasts | None = None,
) -> dict[Measure, Measured]:
    """The measures of one group.

    Args:
        forecasts: Those in the group.
        question: What is asked.
        only_class: The class that the group is of, if it is of one.
        of_all_classes: The forecasts of the group if it were not of one class: its ``classwise_ece`` is over these.

    Returns:
        By name, in the order asked; undefined without forecasts.
    """
    wanted = set(question.measures)
    found: dict[str, Measured] = {}
    if len(forecasts):
        found |= _of_scores(forecasts, question)
        if "ece_equal_mass" in wanted:
            found["ece_equal_mass"] = _equal_mass(forecasts, question)
        if wanted & _OF_DETECTOR:
            found |= localisation_errors(forecasts, question.draws, question.confidence)
    images = forecasts if of_all_classes is None else of_all_classes
    if "classwise_ece" in wanted and len(images):
        found["classwise_ece"] = classwise_error(
            images,
            question.draws,
            bins=question.bins,
            closed=question.closed,
            confidence=question.confidence,
            only_class=only_class,
        )
    return {name: found.get(name, UNDEFINED) for name in question.measures}


def _of_scores(forecasts: Forecasts, question: Question) -> dict[str, Measured]:
    """Everything that comes from one set of bins."""
    draws, confidence, wanted = question.draws, question.confidence, set(question.measures)
    scores, outcomes, clusters = forecasts.scores, forecasts.outcomes, forecasts.cluster_count
    cells = _cells(forecasts, question)
    losses = _losses(forecasts) if wanted & _OF_LOSSES else {}
    sums = draws.sums(cells, forecasts.clusters, [outcomes - scores, outcomes, *losses.values()])
    found: dict[str, Measured] = {}
    if wanted & _BINNED:
        bins = bin_replicates(cells, scores, outcomes, sums[:, :2], clusters=clusters, binary=True)
        worlds = draws.gaps(cells, scores, forecasts.row)
        found |= _errors(bins, worlds, question)
        debiased = debiased_l2(bins.seen.counts, cells.sums(outcomes), cells.sums(scores))
        found["rmsce_debiased"] = found["rmsce"].with_estimate(debiased).without_chance()
    weight = sums[:, 0].sum(axis=0)
    means = {"overconfidence": (scores - outcomes, -sums[:, 1].sum(axis=0))}
    means |= {name: (loss, sums[:, 3 + i].sum(axis=0)) for i, (name, loss) in enumerate(losses.items())}
    for name, (values, totals) in means.items():
        drawn = np.divide(totals, weight, out=np.full_like(weight, np.nan), where=weight > 0)
        mean = float(values.mean())
        found[name] = of_replicates(mean, drawn, clusters, confidence, within=_RANGES[name])
    if set(_PARTS) & wanted:
        found |= _parts(forecasts, cells, sums, found, list(losses), confidence)
    return found


def _cells(forecasts: Forecasts, question: Question) -> Cells:
    bins, closed = question.bins, question.closed
    if question.columns:
        codes = joint_bins(forecasts.scores, forecasts.boxes, bins, question.columns, closed)
    else:
        codes = bin_of(forecasts.scores, equal_width_edges(bins), closed=closed)
    return Cells.of(codes, np.arange(len(forecasts)))


def _errors(bins: BinReplicates, worlds: Numbers, question: Question) -> dict[str, Measured]:
    """The errors over bins by all norms."""
    full = np.flatnonzero(bins.seen.counts >= question.min_count)
    counts = np.broadcast_to(bins.seen.counts[:, np.newaxis], worlds.shape)
    errors: dict[str, BinError] = {
        "ece": MeanDistance(),
        "mce": LargestDistance(full),
        "rmsce": RootMeanSquare(),
    }
    return {
        name: of_error(bins, error, error(counts, worlds), question.confidence)
        for name, error in errors.items()
    }


def _losses(forecasts: Forecasts) -> dict[str, Numbers]:
    """Brier's and the logarithmic loss of every forecast."""
    scores, outcomes = forecasts.scores, forecasts.outcomes
    if not forecasts.has_probabilities:
        return {"brier": brier_losses(scores, outcomes), "nll": log_losses(scores, outcomes)}
    return {
        "brier": brier_losses(forecasts.probabilities, forecasts.label),
        "nll": log_losses(forecasts.probabilities, forecasts.label),
        "top_label_brier": brier_losses(scores, outcomes),
    }


def _parts(
    forecasts: Forecasts,
    cells: Cells,
    sums: Numbers,
    found: dict[str, Measured],
    losses: list[str],
    confidence: float,
) -> dict[str, Measured]:
    """What Brier's score of the confidence is made of."""
    name = "top_label_brier" if "top_label_brier" in losses else "brier"
    n = cells.counts.astype(np.float64)
    true, said = cells.sums(forecasts.outcomes), cells.sums(forecasts.scores)
    parts = brier_parts(n, true, said, np.asarray(found[name].estimate))
    weight = sums[:, 0]
    total = weight.sum(axis=0)
    drawn_brier = sums[:, 3 + losses.index(name)].sum(axis=0) / np.where(total > 0, total, np.nan)
    drawn = brier_parts(weight, sums[:, 2], sums[:, 2] - sums[:, 1], drawn_brier)
    clusters = forecasts.cluster_count
    answer = {
        part: of_replicates(float(value), samples, clusters, confidence, within=_RANGES[part])
        for part, value, samples in zip(_PARTS, parts, drawn, strict=True)
    }
    return answer | {"reliability": found["rmsce"].squared()}


def _equal_mass(forecasts: Forecasts, question: Question) -> Measured:
    scores, outcomes = forecasts.scores, forecasts.outcomes
    edges = equal_mass_edges(scores, question.bins)
    cells = Cells.of(bin_of(scores, edges, closed=question.closed), np.arange(len(forecasts)))
    sums = question.draws.sums(cells, forecasts.clusters, [outcomes - scores])
    clusters = forecasts.cluster_count
    bins = bin_replicates(cells, scores, outcomes, sums, clusters=clusters, binary=True)
    worlds = question.draws.gaps(cells, scores, forecasts.row)
    return _errors(bins, worlds, question)["ece"]
