"""Measures that are means over classes: of the probability of each class, and of confidence against overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.bin_errors import BinSums, MeanDistance
from cvfail.calibration.binning import Cells, Closed, bin_of, equal_width_edges
from cvfail.calibration.calibration_error import mean_distance
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.intervals import Measured, of_error, of_replicates
from cvfail.calibration.recentring import BinReplicates
from cvfail.calibration.replicated_bins import Draws, bin_replicates
from cvfail.tables.arrays import read_only

Numbers = NDArray[np.float64]

LAECE_BINS = 25


def localisation_errors(forecasts: Forecasts, draws: Draws, confidence: float) -> dict[str, Measured]:
    """LaECE and LaACE of a group of detections.

    Args:
        forecasts: The detections with their overlaps.
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
    category, clusters = forecasts.category.astype(np.int64), forecasts.cluster_count
    codes = category * LAECE_BINS + bin_of(scores, equal_width_edges(LAECE_BINS), closed="right")
    cells = Cells.of(codes, np.arange(len(forecasts)))
    apart = np.abs(overlaps - scores)
    sums = draws.sums(cells, forecasts.clusters, [overlaps - scores, apart])
    bins = bin_replicates(cells, scores, overlaps, sums[:, :2], clusters=clusters, binary=False)
    kinds = cells.code // LAECE_BINS
    parts = np.flatnonzero(np.r_[True, np.diff(kinds) != 0])
    errors = of_error(bins, MeanDistance(parts), None, confidence)
    mean = float(mean_distance(bins.seen.counts, cells.sums(apart), parts))
    drawn = mean_distance(sums[:, 0], sums[:, 2], parts)
    return {"laece": errors, "laace": of_replicates(mean, drawn, clusters, confidence)}


def classwise_error(
    forecasts: Forecasts,
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
        draws: Replicates and worlds; in these the label is drawn with the probabilities.
        bins: How many, of equal width.
        closed: Which end belongs to a bin.
        confidence: Of interval and band.
        only_class: The code of one class instead of the mean.

    Notes:
        Cost: a pass over all images for each class.

    Source: Kull et al., NeurIPS 2019, arXiv 1910.12656.
    """
    edges, clusters = equal_width_edges(bins), forecasts.cluster_count
    kinds = range(forecasts.probabilities.shape[1]) if only_class is None else (only_class,)
    places = np.zeros(
        forecasts.probabilities.shape, np.int32
    )  # place 0 takes the classes that nobody asks for
    pieces: list[BinReplicates] = []
    starts: list[int] = []
    count = 0
    for kind in kinds:
        scores = read_only(forecasts.probabilities[:, kind])
        outcomes = (forecasts.label == kind).astype(np.float64)
        cells = Cells.of(bin_of(scores, edges, closed=closed), np.arange(len(forecasts)))
        sums = draws.sums(cells, forecasts.clusters, [outcomes - scores])
        pieces.append(bin_replicates(cells, scores, outcomes, sums, clusters=clusters, binary=True))
        starts.append(count)
        places[cells.rows, kind] = count + 1 + np.repeat(np.arange(len(cells)), cells.counts)
        count += len(cells)
    every, parts = _stacked(pieces), np.array(starts, np.int64)
    worlds = _simulated(forecasts, places, count, draws)
    counts = np.broadcast_to(every.seen.counts[:, np.newaxis], worlds.shape)
    error = MeanDistance(parts)
    return of_error(every, error, error(counts, worlds), confidence)


def _stacked(pieces: list[BinReplicates]) -> BinReplicates:
    def joined(parts: list[BinSums]) -> BinSums:
        return BinSums(
            np.concatenate([part.counts for part in parts]), np.concatenate([part.gaps for part in parts])
        )

    least = np.concatenate([piece.least_variance for piece in pieces])
    seen, drawn = joined([piece.seen for piece in pieces]), joined([piece.drawn for piece in pieces])
    return BinReplicates(seen, drawn, least, pieces[0].clusters)


def _simulated(forecasts: Forecasts, places: NDArray[np.int32], count: int, draws: Draws) -> Numbers:
    """The gaps of all cells in worlds in which labels are drawn with the probabilities, shape (C, R)."""
    from cvfail.kernels.calibration import chance_labels

    hits = np.zeros((count + 1, draws.worlds), np.int32)
    cumulative = read_only(np.cumsum(forecasts.probabilities, axis=1))
    chance_labels(cumulative, read_only(places), forecasts.row, draws.chance_seed, hits)
    said = np.zeros(count + 1)
    for kind in range(places.shape[1]):
        said += np.bincount(places[:, kind], weights=forecasts.probabilities[:, kind], minlength=count + 1)
    return np.asarray(hits[1:] - said[1:, np.newaxis])
