"""Measures that are means over classes: of the probability of each class, and of confidence against overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.binning import Cells, Closed, bin_of, equal_width_edges
from cvfail.calibration.calibration_error import mean_distance
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.intervals import Measured, of_error, of_replicates
from cvfail.calibration.recentring import BinReplicates
from cvfail.calibration.replicated_bins import Draws, bin_replicates
from cvfail.tables.arrays import read_only

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]

LAECE_BINS = 25


def localisation_errors(
    forecasts: Forecasts, rows: Rows, draws: Draws, confidence: float
) -> dict[str, Measured]:
    """LaECE and LaACE of a group of detections.

    Args:
        forecasts: Detections with their overlaps.
        rows: Those in the group.
        draws: Replicates.
        confidence: Of the intervals.

    Returns:
        ``laece``: per class 25 bins, closed on the right, of |mean confidence - mean overlap|, weighted by size,
        then the mean over classes with detections; ``laace``: per class the mean |confidence - overlap|, then the
        mean over classes. The overlap of an unmatched detection is 0.

    Notes:
        Of overlaps it is not known how they spread if every score is right. The band of chance of ``laece`` is that
        of the replicates without their miscalibration; ``laace`` has none.

    Source: Oksuz, Joy, Dokania, CVPR 2023, arXiv 2307.00934; Kuzucu et al., ECCV 2024, arXiv 2405.20459. A class
        without error counts, unlike in the code of the latter.
    """
    scores, overlaps = forecasts.scores, forecasts.overlaps
    category = forecasts.category[rows].astype(np.int64)
    clusters = int(np.unique(forecasts.clusters[rows]).size)
    codes = category * LAECE_BINS + bin_of(scores[rows], equal_width_edges(LAECE_BINS), closed="right")
    cells = Cells.of(codes, rows)
    apart = np.abs(overlaps - scores)
    sums = draws.sums(cells, forecasts.clusters, [overlaps - scores, apart])
    bins = bin_replicates(cells, scores, overlaps, sums[:, :2], binary=False)
    kinds = cells.code // LAECE_BINS
    parts = np.flatnonzero(np.r_[True, np.diff(kinds) != 0])
    errors = of_error(bins, lambda n, gaps: mean_distance(n, gaps, parts), None, clusters, confidence)
    mean = float(mean_distance(bins.counts, cells.sums(apart), parts))
    drawn = mean_distance(sums[:, 0], sums[:, 2], parts)
    return {"laece": errors, "laace": of_replicates(mean, drawn, clusters, confidence)}


def classwise_error(
    forecasts: Forecasts,
    rows: Rows,
    draws: Draws,
    *,
    bins: int,
    closed: Closed,
    confidence: float,
    only_class: int | None,
) -> Measured:
    """The calibration error of the probability of each class against whether it is the label, mean over classes.

    Args:
        forecasts: Classified images with probabilities.
        rows: Those in the group.
        draws: Replicates and worlds; in these the label is drawn with the probabilities.
        bins: How many, of equal width.
        closed: Which end belongs to a bin.
        confidence: Of interval and band.
        only_class: The code of one class instead of the mean.

    Notes:
        Cost: a pass over all images for each class.

    Source: Kull et al., NeurIPS 2019, arXiv 1910.12656.
    """
    edges = equal_width_edges(bins)
    kinds = range(forecasts.probabilities.shape[1]) if only_class is None else (only_class,)
    places = np.zeros(forecasts.probabilities.shape, np.int32)
    parts: list[int] = []
    pieces: list[BinReplicates] = []
    count = 1  # the first cell takes the labels that nobody asks for
    for kind in kinds:
        scores = read_only(forecasts.probabilities[:, kind])
        outcomes = (forecasts.label == kind).astype(np.float64)
        cells = Cells.of(bin_of(scores[rows], edges, closed=closed), rows)
        sums = draws.sums(cells, forecasts.clusters, [outcomes - scores])
        pieces.append(bin_replicates(cells, scores, outcomes, sums, binary=True))
        parts.append(count - 1)
        places[cells.rows, kind] = np.repeat(np.arange(count, count + len(cells)), cells.counts)
        count += len(cells)
    every = _stacked(pieces)
    starts = np.array(parts, np.int64)
    worlds = _simulated(forecasts, rows, places, every, draws)
    clusters = int(np.unique(forecasts.clusters[rows]).size)
    return of_error(
        every,
        lambda n, gaps: mean_distance(n, gaps, starts),
        mean_distance(np.broadcast_to(every.counts[:, np.newaxis], worlds.shape), worlds, starts),
        clusters,
        confidence,
    )


def _stacked(pieces: list[BinReplicates]) -> BinReplicates:
    names = ("counts", "gaps", "least_variance", "drawn_counts", "drawn_gaps")
    return BinReplicates(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def _simulated(
    forecasts: Forecasts, rows: Rows, places: NDArray[np.int32], every: BinReplicates, draws: Draws
) -> Numbers:
    """The gaps of all cells in worlds in which labels are drawn with the probabilities, shape (C, R)."""
    from cvfail.kernels.calibration import chance_labels

    hits = np.zeros((every.counts.size + 1, draws.worlds), np.int32)
    cumulative = read_only(np.cumsum(forecasts.probabilities, axis=1))
    chance_labels(read_only(rows), cumulative, read_only(places), draws.chance_seed, hits)
    said = np.zeros(every.counts.size + 1)
    for kind in range(places.shape[1]):
        own = places[rows, kind]
        said += np.bincount(own, weights=forecasts.probabilities[rows, kind], minlength=said.size)
    return np.asarray(hits[1:] - said[1:, np.newaxis])
