"""Differences of precision, recall, F1 and false positives per image, by class and pooled, from counts in cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.comparison.cells import Cells
from cvfail.comparison.difference import Difference
from cvfail.kernels.cell_totals import cell_totals
from cvfail.tables.arrays import read_only

Numbers = NDArray[np.float64]

RATES = ("precision", "recall", "f1", "false_positives_per_image")
"""What is compared at an operating point."""

MACRO = ("precision", "recall", "f1")
"""What is averaged over classes as well."""


@dataclass(frozen=True)
class Grouped:
    """Counts of groups by cluster, and the clusters' images.

    Attributes:
        counts: Shape (M, 5), see `cvfail.comparison.cells.COLUMNS`.
        group: Group code of each row, shape (M,).
        cluster: Cluster code of each row; a group has each cluster at most once.
        groups: How many groups.
        images: Images of each cluster, shape (clusters,).
    """

    counts: NDArray[np.int32]
    group: NDArray[np.int32]
    cluster: NDArray[np.int32]
    groups: int
    images: NDArray[np.int64]

    @classmethod
    def by_class(
        cls, cells: Cells, counts: NDArray[np.int32], kinds: int, images: NDArray[np.int64]
    ) -> Grouped:
        """Each class by itself."""
        return cls(counts, cells.category, cells.cluster, kinds, images)

    @classmethod
    def pooled(cls, cells: Cells, counts: NDArray[np.int32], images: NDArray[np.int64]) -> Grouped:
        """All classes as one group."""
        size = images.size
        sums = [np.bincount(cells.cluster, counts[:, j], minlength=size) for j in range(counts.shape[1])]
        clusters = np.arange(size, dtype=np.int32)
        whole = np.ascontiguousarray(np.stack(sums, axis=1).astype(np.int32))
        return cls(whole, np.zeros(size, np.int32), clusters, 1, images)

    def totals(self, weights: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Weighted totals in every replicate, shape (groups, 5, B)."""
        totals = np.zeros((self.groups, self.counts.shape[1], weights.shape[1]), np.int32)
        used = self.counts.any(axis=1)
        counts, group, cluster = self.counts[used], self.group[used], self.cluster[used]
        cell_totals(read_only(counts), read_only(group), read_only(cluster), weights, totals)
        return totals

    def differences(
        self, weights: NDArray[np.uint8], totals: NDArray[np.int32] | None = None, *, confidence: float = 0.95
    ) -> dict[str, Difference]:
        """Every rate of both models in every group.

        Args:
            weights: How often each cluster is drawn in each replicate, shape (clusters, B), read-only.
            totals: Of the replicates if they are known.
            confidence: Coverage of the intervals.
        """
        totals = self.totals(weights) if totals is None else totals
        drawn = self._drawn_images(weights)
        now = rate_parts(self._whole(), np.array([float(self.images.sum())]))
        then = rate_parts(totals, drawn)
        own = rate_parts(self.counts[..., None], self.images[self.cluster][:, None].astype(np.float64))
        return {name: self._difference(name, now[name], then[name], own[name], confidence) for name in RATES}

    def _drawn_images(self, weights: NDArray[np.uint8]) -> Numbers:
        """How many images are drawn in every replicate, shape (B,)."""
        clusters = np.flatnonzero(self.images).astype(np.int32)
        images = np.ascontiguousarray(self.images[clusters, None].astype(np.int32))
        drawn = np.zeros((1, 1, weights.shape[1]), np.int32)
        cell_totals(
            read_only(images), read_only(np.zeros_like(clusters)), read_only(clusters), weights, drawn
        )
        return np.asarray(drawn[0, 0], np.float64)

    def macro(self, totals: NDArray[np.int32], *, confidence: float = 0.95) -> dict[str, Difference]:
        """The mean of each rate over the groups that have objects, each the same, by the name ``macro_…``.

        Args:
            totals: Of the replicates, shape (groups, 5, B); a group without objects in one has no part there.
            confidence: Coverage of the intervals.

        Returns:
            One group each; the error is the standard deviation of the replicates.
        """
        whole = self._whole()
        now, then = rate_parts(whole, np.zeros(1)), rate_parts(totals, np.zeros(totals.shape[2]))
        objects = (whole[:, 0] > 0, totals[:, 0] > 0)
        has_objects = self.counts[:, 0] > 0
        unlike = objects[0][self.group, 0] & (self.counts[:, 1:3] != self.counts[:, 3:5]).any(axis=1)
        clusters, different = (
            np.array([np.unique(self.cluster[cells]).size]) for cells in (has_objects, unlike)
        )
        found = {}
        for name in MACRO:
            first, second = (_mean(_ratio(*part), objects[0]) for part in (now[name].first, now[name].second))
            sides = [_mean(_ratio(*part), objects[1]) for part in (then[name].first, then[name].second)]
            found[f"macro_{name}"] = Difference.of(
                (first, second),
                (sides[1] - sides[0])[None],
                support=np.array([float(objects[0].sum())]),
                clusters=clusters,
                unlike=different,
                confidence=confidence,
            )
        return found

    def _whole(self) -> NDArray[np.float64]:
        """Totals of each group, shape (groups, 5, 1)."""
        columns = range(self.counts.shape[1])
        sums = [np.bincount(self.group, self.counts[:, j], minlength=self.groups) for j in columns]
        return np.asarray(np.stack(sums, axis=1)[..., None], np.float64)

    def _difference(self, name: str, now: Parts, then: Parts, own: Parts, confidence: float) -> Difference:
        first, second = (_ratio(*part)[:, 0] for part in (now.first, now.second))
        error, clusters = self._error(name, (first, second), now, own)
        return Difference.of(
            (first, second),
            _ratio(*then.second) - _ratio(*then.first),
            error=error,
            support=now.first[1][:, 0],
            clusters=clusters,
            unlike=self._unlike(own),
            confidence=confidence,
        )

    def _unlike(self, own: Parts) -> NDArray[np.int64]:
        """Clusters of each group in which either sum of the two models differs."""
        differs = [a[:, 0] != b[:, 0] for a, b in zip(own.first, own.second, strict=True)]
        return np.bincount(self.group[differs[0] | differs[1]], minlength=self.groups)

    def _error(
        self, name: str, ratios: tuple[Numbers, Numbers], now: Parts, own: Parts
    ) -> tuple[Numbers, NDArray[np.int64]]:
        """Standard errors by linearisation, and how many clusters have units; see `paired_contrast`."""
        influence = np.zeros(self.group.size)
        has_units = np.zeros(self.group.size, np.bool_)
        with np.errstate(divide="ignore", invalid="ignore"):
            for sign, ratio, whole, part in (
                (-1.0, ratios[0], now.first, own.first),
                (1.0, ratios[1], now.second, own.second),
            ):
                numerator, denominator = part[0][:, 0], part[1][:, 0]
                residual = numerator - ratio[self.group] * denominator
                influence += sign * (residual / whole[1][self.group, 0])
                has_units |= denominator != 0
        squares: Numbers = np.bincount(self.group, influence**2, minlength=self.groups).astype(np.float64)
        clusters = np.bincount(self.group[has_units], minlength=self.groups)
        if name == RATES[-1]:
            squares, clusters = self._of_all_images(ratios, squares)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt(clusters / (clusters - 1.0) * squares), clusters

    def _of_all_images(
        self, ratios: tuple[Numbers, Numbers], squares: Numbers
    ) -> tuple[Numbers, NDArray[np.int64]]:
        """Squares with those of images without predictions, whose denominators count as well."""
        images = self.images.astype(np.float64)
        shift = (ratios[1] - ratios[0]) / max(images.sum(), 1.0)
        listed = np.bincount(self.group, images[self.cluster] ** 2, minlength=self.groups)
        rest = shift**2 * ((images**2).sum() - listed)
        return squares + rest, np.full(self.groups, np.count_nonzero(self.images))


@dataclass(frozen=True)
class Parts:
    """Numerator and denominator of a rate, of both models, each shape (groups, B)."""

    first: tuple[Numbers, Numbers]
    second: tuple[Numbers, Numbers]


def rate_parts(totals: NDArray[np.int32] | Numbers, images: Numbers) -> dict[str, Parts]:
    """Numerators and denominators of all rates.

    Args:
        totals: Shape (groups, 5, B), see `cvfail.comparison.cells.COLUMNS`.
        images: How many images, shape (B,) or (groups, B).
    """
    objects = totals[:, 0].astype(np.float64)
    sides = []
    for place in (1, 3):
        found, wrong = totals[:, place].astype(np.float64), totals[:, place + 1].astype(np.float64)
        sides.append(
            {
                "precision": (found, found + wrong),
                "recall": (found, objects),
                "f1": (2.0 * found, found + wrong + objects),
                "false_positives_per_image": (wrong, np.broadcast_to(images, wrong.shape)),
            }
        )
    return {name: Parts(sides[0][name], sides[1][name]) for name in RATES}


def _mean(values: Numbers, chosen: NDArray[np.bool_]) -> Numbers:
    """Mean over groups, those that are chosen and defined, shape (B,)."""
    defined = chosen & ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))


def _ratio(numerator: Numbers, denominator: Numbers) -> Numbers:
    undefined = np.full(numerator.shape, np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator != 0.0))
