"""How the boxes of near misses lie against their objects: on average, and whether that has a direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.failures.causes.claim import percent
from cvfail.statistics.quantiles import t_p_value

Numbers = NDArray[np.float64]

LEVEL = 0.05
"""Of the four measures together, by Bonferroni."""

_DIRECTED = 0.5
"""A mean is systematic if it is this share of the root mean square, or more."""

_TOO = {"width_bias": ("wide", "narrow"), "height_bias": ("tall", "flat")}

MEASURES = ("dx", "dy", "width_bias", "height_bias")


@dataclass(frozen=True)
class Offset:
    """One measure over all near misses.

    Attributes:
        mean: Null without near misses.
        p_value: Of a mean of 0, clustered by image; null with fewer than two images.
        root_mean_square: How far boxes are off in any direction.
    """

    mean: float | None
    p_value: float | None
    root_mean_square: float

    @property
    def is_systematic(self) -> bool:
        """Whether most boxes are off in one direction."""
        if self.mean is None or self.p_value is None or self.p_value >= LEVEL / len(MEASURES):
            return False
        return abs(self.mean) >= _DIRECTED * self.root_mean_square


def offsets(
    evidence: Evidence, predictions: NDArray[np.int64], truths: NDArray[np.int64]
) -> dict[str, Offset]:
    """Compare predicted boxes with those of their objects.

    Args:
        evidence: The matched tables.
        predictions: Prediction rows, shape (n,).
        truths: The object of each, shape (n,).

    Returns:
        By name of `MEASURES`: dx and dy, how far the centre of the prediction lies to the right and below that of
        the object, as shares of the object's width and height; width_bias and height_bias, the natural logarithm
        of predicted over true width and height. Objects and predictions without extent are left out.
    """
    found, true = (
        evidence.outcomes.columns(table, ["x", "y", "width", "height"])[rows].to_numpy().reshape(-1, 4)
        for table, rows in (("predictions", predictions), ("ground_truth", truths))
    )
    sound = (found[:, 2:] > 0).all(axis=1) & (true[:, 2:] > 0).all(axis=1)
    found, true = found[sound], true[sound]
    shift = (found[:, :2] + found[:, 2:] / 2 - true[:, :2] - true[:, 2:] / 2) / true[:, 2:]
    stretch = np.log(found[:, 2:] / true[:, 2:])
    clusters = evidence.clusters[evidence.coding.truth_image[truths[sound]]]
    columns = np.concatenate([shift, stretch], axis=1).T
    return {name: clustered_mean(values, clusters) for name, values in zip(MEASURES, columns, strict=True)}


def clustered_mean(values: Numbers, clusters: NDArray[np.int32]) -> Offset:
    """The mean of values that come in clusters, and whether it is 0.

    Args:
        values: Shape (n,).
        clusters: Cluster of each, shape (n,).

    Notes:
        With sums y and counts n of the clusters, z = (y - mean · n) / N and the effective number of clusters
        m = (Σ n)² / Σ n², the variance is m/(m-1) · Σ z², with m - 1 degrees of freedom, see
        `cvfail.statistics.contrast`.

    Example:
        >>> found = clustered_mean(np.array([1.0, 1.2, 0.8, 1.0]), np.array([0, 0, 1, 2]))
        >>> round(found.mean, 3), found.p_value < 0.05
        (1.0, True)
    """
    if not values.size:
        return Offset(None, None, 0.0)
    _, own = np.unique(clusters, return_inverse=True)
    count, total = np.bincount(own), np.bincount(own, values)
    mean, spread = float(values.mean()), float(np.sqrt(np.mean(values**2)))
    effective = float(count.sum() ** 2 / (count**2).sum())
    if count.size < 2:
        return Offset(mean, None, spread)
    squares = float((((total - mean * count) / values.size) ** 2).sum())
    variance = effective / (effective - 1.0) * squares
    if variance <= 0.0:
        return Offset(mean, 1.0 if mean == 0.0 else 0.0, spread)
    p_value = t_p_value(np.array([mean / np.sqrt(variance)]), np.array([effective - 1.0]))
    return Offset(mean, float(p_value[0]), spread)


def described(found: dict[str, Offset]) -> str:
    """The systematic ones in words; nothing if there are none.

    Example:
        >>> described({"dx": Offset(-0.31, 1e-9, 0.33)})
        'boxes lie 31% of their width too far to the left'
    """
    told = [_words(name, one.mean) for name, one in found.items() if one.is_systematic and one.mean]
    return f"boxes {' and '.join(told)}" if told else ""


def _words(name: str, mean: float) -> str:
    if name == "dx":
        return f"lie {percent(abs(mean))} of their width too far to the {'right' if mean > 0 else 'left'}"
    if name == "dy":
        return f"lie {percent(abs(mean))} of their height too {'low' if mean > 0 else 'high'}"
    way = _TOO[name][0 if mean > 0 else 1]
    return f"are {percent(float(np.exp(abs(mean))) - 1.0)} too {way}"
