"""How far confidence and outcome lie apart: sums over bins, for data and for many replicates at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.calibration.binning import Cells, Closed, bin_of, equal_mass_edges, equal_width_edges
from cvfail.errors import PolicyError

Numbers = NDArray[np.float64]

Norm = Literal["l1", "l2", "max"]
Binning = Literal["equal_width", "equal_mass"]

NORMS: tuple[Norm, ...] = ("l1", "l2", "max")


def calibration_error(
    scores: ArrayLike,
    outcomes: ArrayLike,
    *,
    bins: int = 15,
    binning: Binning = "equal_width",
    closed: Closed = "left",
    norm: Norm = "l1",
    debiased: bool = False,
) -> float | None:
    """The calibration error of some scores.

    Args:
        scores: Confidence in [0, 1], shape (n,).
        outcomes: What came of it, in [0, 1]: right or wrong, or an overlap, shape (n,).
        bins: How many.
        binning: Of equal width, or with about as many scores each; see `equal_mass_edges`.
        closed: Which end of a bin belongs to it.
        norm: ``l1`` the mean distance (ECE), ``l2`` the root of the mean square, ``max`` the largest (MCE).
        debiased: Of ``l2``: take away what chance adds to the square.

    Returns:
        The error in [0, 1]; None without scores, and for ``debiased`` if no bin has two.

    Raises:
        PolicyError: An option has no meaning.

    Notes:
        With n_b of N scores in bin b, mean outcome o_b and mean score s_b, gap_b = o_b - s_b::

            l1   Σ n_b/N |gap_b|          l2   √(Σ n_b/N gap_b²)          max   max_b |gap_b|
            debiased l2   √max(0, Σ n_b/N (gap_b² - o_b(1 - o_b)/(n_b - 1)))

        Bins with a single score are left out of the debiased one. Bins without scores count nowhere.

    Source: Naeini, Cooper, Hauskrecht, AAAI 2015; Bröcker, QJRMS 138 (2012) and Kumar, Liang, Ma, NeurIPS 2019,
        for the debiased square.

    Example:
        >>> round(calibration_error([0.9, 0.8, 0.7], [1, 1, 0], bins=5), 4)
        0.3333
        >>> calibration_error([], []) is None
        True
    """
    if norm not in NORMS or (debiased and norm != "l2"):
        raise PolicyError(f"norm must be l1, l2 or max, and l2 if debiased; found {norm!r}")
    values = np.asarray(scores, np.float64).ravel()
    truth = np.asarray(outcomes, np.float64).ravel()
    edges = equal_mass_edges(values, bins) if binning == "equal_mass" else equal_width_edges(bins)
    cells = Cells.of(bin_of(values, edges, closed=closed), np.arange(values.size))
    counts = cells.counts.astype(np.float64)
    if debiased:
        return _or_none(debiased_l2(counts, cells.sums(truth), cells.sums(values)))
    return _or_none(float(distance(counts, cells.sums(truth) - cells.sums(values), norm)))


def distance(counts: Numbers, gaps: Numbers, norm: Norm) -> Numbers:
    """The error from the sums of bins.

    Args:
        counts: Weight of each bin, shape (C,) or (C, B).
        gaps: Sum of outcomes less that of scores, same shape.
        norm: How bins are put together.

    Returns:
        Shape () or (B,); NaN where no bin has weight.
    """
    total = counts.sum(axis=0)
    some = counts > 0.0
    divisor = np.where(some, counts, 1.0)
    known = np.where(total > 0.0, total, np.nan)
    if norm == "l1":
        return np.asarray(np.abs(np.where(some, gaps, 0.0)).sum(axis=0) / known)
    if norm == "l2":
        return np.asarray(np.sqrt(np.where(some, gaps * gaps / divisor, 0.0).sum(axis=0) / known))
    largest = np.abs(np.where(some, gaps / divisor, 0.0)).max(axis=0, initial=0.0)
    return np.asarray(np.where(total > 0.0, largest, np.nan))


def mean_distance(counts: Numbers, gaps: Numbers, parts: NDArray[np.int64]) -> Numbers:
    """The ``l1`` error of each part, such as a class, averaged over the parts that have weight.

    Args:
        counts: Weight of each bin, shape (C,) or (C, B), bins of a part side by side.
        gaps: Sum of outcomes less that of scores, same shape.
        parts: First bin of each part, ascending, shape (P,).

    Returns:
        Shape () or (B,); NaN where no part has weight.
    """
    if not parts.size:
        return np.full(counts.shape[1:], np.nan)
    weight = np.add.reduceat(counts, parts, axis=0)
    apart = np.add.reduceat(np.abs(np.where(counts > 0.0, gaps, 0.0)), parts, axis=0)
    some = weight > 0.0
    errors = np.where(some, apart / np.where(some, weight, 1.0), 0.0)
    defined = some.sum(axis=0)
    return np.asarray(errors.sum(axis=0) / np.where(defined > 0, defined, np.nan))


def debiased_l2(counts: Numbers, outcomes: Numbers, scores: Numbers) -> float:
    """The root of the mean square without what chance adds; NaN if no bin has two rows.

    Args:
        counts: Rows of each bin, shape (C,).
        outcomes: Sum of outcomes, shape (C,).
        scores: Sum of scores, shape (C,).
    """
    usable = counts > 1.0
    if not usable.any():
        return float("nan")
    n, o, s = counts[usable], outcomes[usable], scores[usable]
    rate = o / n
    square = (o - s) ** 2 / n - n * rate * (1.0 - rate) / (n - 1.0)
    return float(np.sqrt(max(float(square.sum() / n.sum()), 0.0)))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
