"""The measures of calibration of one group of forecasts, each with its interval and what chance would give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.binning import Cells, Closed, bin_of, equal_mass_edges, equal_width_edges, joint_bins
from cvfail.calibration.calibration_error import Norm, debiased_l2, distance
from cvfail.calibration.class_measures import classwise_error, localisation_errors
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.intervals import UNDEFINED, Measured, of_error, of_replicates
from cvfail.calibration.proper_scores import brier_losses, brier_parts, log_losses
from cvfail.calibration.recentring import Error
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
    "mce": "the largest distance of a bin",
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

_PARTS = ("reliability", "resolution", "uncertainty", "within_bins")


@dataclass(frozen=True)
class Question:
    """What is asked of every group.

    Attributes:
        measures: Which.
        bins: How many, in each dimension.
        closed: Which end belongs to a bin.
        columns: Columns of `Forecasts.boxes` that bins are divided by as well.
        confidence: Of the intervals and chance bands.
        draws: Replicates and worlds.
    """

    measures: tuple[Measure, ...]
    bins: int
    closed: Closed
    columns: tuple[int, ...]
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
    rows: NDArray[np.int64],
    question: Question,
    *,
    only_class: int | None = None,
    of_all_classes: NDArray[np.int64] | None = None,
) -> dict[Measure, Measured]:
    """The measures of one group.

    Args:
        forecasts: All of them.
        rows: Those in the group.
        question: What is asked.
        only_class: The class that the group is of, if it is of one.
        of_all_classes: The rows of the group if it were not of one class: its ``classwise_ece`` is over these.

    Returns:
        By name, in the order asked; undefined without rows.
    """
    wanted = set(question.measures)
    found: dict[Measure, Measured] = {}
    if rows.size:
        found |= _of_scores(forecasts, rows, question)
        if "ece_equal_mass" in wanted:
            found["ece_equal_mass"] = _equal_mass(forecasts, rows, question)
        if wanted & _OF_DETECTOR:
            found |= localisation_errors(forecasts, rows, question.draws, question.confidence)  # type: ignore[arg-type]
    images = rows if of_all_classes is None else of_all_classes
    if "classwise_ece" in wanted and images.size:
        found["classwise_ece"] = classwise_error(
            forecasts,
            images,
            question.draws,
            bins=question.bins,
            closed=question.closed,
            confidence=question.confidence,
            only_class=only_class,
        )
    return {name: found.get(name, UNDEFINED) for name in question.measures}


def _cells(forecasts: Forecasts, rows: NDArray[np.int64], question: Question) -> Cells:
    scores = forecasts.scores[rows]
    if question.columns:
        boxes = forecasts.boxes[rows]
        codes = joint_bins(scores, boxes, question.bins, question.columns, question.closed)
    else:
        codes = bin_of(scores, equal_width_edges(question.bins), closed=question.closed)
    return Cells.of(codes, rows)


def _of_scores(forecasts: Forecasts, rows: NDArray[np.int64], question: Question) -> dict[Measure, Measured]:
    """Everything that comes from one set of bins."""
    draws, confidence = question.draws, question.confidence
    scores, outcomes = forecasts.scores, forecasts.outcomes
    cells = _cells(forecasts, rows, question)
    losses = _losses(forecasts, rows)
    values = [outcomes - scores, outcomes, *losses.values()]
    sums = draws.sums(cells, forecasts.clusters, values)
    bins = bin_replicates(cells, scores, outcomes, sums[:, :2], binary=True)
    simulated = draws.hits(cells, scores) - cells.sums(scores)[:, np.newaxis]
    clusters = int(np.unique(forecasts.clusters[rows]).size)
    n = bins.counts
    found: dict[Measure, Measured] = {}
    norms: dict[Measure, Norm] = {"ece": "l1", "mce": "max", "rmsce": "l2"}
    for name, norm in norms.items():
        if name in question.measures or (norm == "l2" and _wants_square(question)):
            error = _error(norm)
            worlds = np.asarray(error(np.broadcast_to(n[:, np.newaxis], simulated.shape), simulated))
            found[name] = of_error(bins, error, worlds, clusters, confidence)
    if "rmsce" in found:
        debiased = debiased_l2(n, cells.sums(outcomes), cells.sums(scores))
        found["rmsce_debiased"] = found["rmsce"].with_estimate(debiased).without_chance()
    weight = sums[:, 0].sum(axis=0)
    means = {"overconfidence": scores - outcomes, **losses}
    replicates = {"overconfidence": -sums[:, 1].sum(axis=0)}
    replicates |= {name: sums[:, 3 + place].sum(axis=0) for place, name in enumerate(losses)}
    for name, loss in means.items():
        total = np.divide(replicates[name], weight, out=np.full_like(weight, np.nan), where=weight > 0)
        mean = float(loss[rows].mean())
        found[name] = of_replicates(mean, total, clusters, confidence, within=_RANGES[name])  # type: ignore[index]
    if set(_PARTS) & set(question.measures):
        found |= _parts(forecasts, cells, sums, found, list(losses), clusters, confidence)
    return found


def _wants_square(question: Question) -> bool:
    return bool({"rmsce_debiased", "reliability"} & set(question.measures))


def _error(norm: Norm) -> Error:
    return lambda counts, gaps: distance(counts, gaps, norm)


def _losses(forecasts: Forecasts, rows: NDArray[np.int64]) -> dict[str, Numbers]:
    """Brier's and the logarithmic loss of every forecast, 0 outside the group."""
    scores, outcomes = forecasts.scores, forecasts.outcomes

    def spread(of: Callable[[Numbers, NDArray[np.float64]], Numbers], p: Numbers, y: Numbers) -> Numbers:
        losses = np.zeros(len(forecasts))
        losses[rows] = of(p[rows], y[rows])
        return losses

    if not forecasts.has_probabilities:
        return {"brier": spread(brier_losses, scores, outcomes), "nll": spread(log_losses, scores, outcomes)}
    p, y = forecasts.probabilities, forecasts.label
    return {
        "brier": spread(brier_losses, p, y),
        "nll": spread(log_losses, p, y),
        "top_label_brier": spread(brier_losses, scores, outcomes),
    }


def _parts(
    forecasts: Forecasts,
    cells: Cells,
    sums: Numbers,
    found: dict[Measure, Measured],
    losses: list[str],
    clusters: int,
    confidence: float,
) -> dict[Measure, Measured]:
    """What Brier's score of the confidence is made of."""
    name: Measure = "top_label_brier" if "top_label_brier" in losses else "brier"
    n = cells.counts.astype(np.float64)
    true, said = cells.sums(forecasts.outcomes), cells.sums(forecasts.scores)
    parts = brier_parts(n, true, said, np.float64(found[name].estimate))
    weight = sums[:, 0]
    total = weight.sum(axis=0)
    known = np.where(total > 0, total, np.nan)
    drawn_brier = sums[:, 3 + losses.index(name)].sum(axis=0) / known
    drawn = brier_parts(weight, sums[:, 2], sums[:, 2] - sums[:, 1], drawn_brier)
    answer: dict[Measure, Measured] = {}
    for part, value, samples in zip(_PARTS, parts, drawn, strict=True):
        answer[part] = of_replicates(float(value), samples, clusters, confidence, within=_RANGES[part])  # type: ignore[index]
    answer["reliability"] = found["rmsce"].squared()
    return answer


def _equal_mass(forecasts: Forecasts, rows: NDArray[np.int64], question: Question) -> Measured:
    scores, outcomes = forecasts.scores, forecasts.outcomes
    edges = equal_mass_edges(scores[rows], question.bins)
    cells = Cells.of(bin_of(scores[rows], edges, closed=question.closed), rows)
    sums = question.draws.sums(cells, forecasts.clusters, [outcomes - scores])
    bins = bin_replicates(cells, scores, outcomes, sums, binary=True)
    simulated = question.draws.hits(cells, scores) - cells.sums(scores)[:, np.newaxis]
    worlds = distance(np.broadcast_to(bins.counts[:, np.newaxis], simulated.shape), simulated, "l1")
    clusters = int(np.unique(forecasts.clusters[rows]).size)
    return of_error(bins, _error("l1"), worlds, clusters, question.confidence)
