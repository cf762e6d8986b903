"""Bins in bootstrap replicates of the clusters, and in worlds in which every score is right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.bin_errors import BinSums
from cvfail.calibration.binning import Cells
from cvfail.calibration.recentring import BinReplicates
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

Numbers = NDArray[np.float64]

_CHANCE = 0x9E3779B97F4A7C15
"""Sets the words of simulated outcomes apart from those of the bootstrap, which has the seed itself as key."""


_MANY = 100.0


@dataclass(frozen=True)
class Draws:
    """The weights of the clusters in all replicates, and how many worlds are simulated.

    Attributes:
        weights: How often each cluster counts, shape (clusters, B).
        worlds: Simulated worlds R.
        seed: Of the worlds.
        threads: Over bins; the result does not depend on it.
    """

    weights: NDArray[np.uint8]
    worlds: int
    seed: int
    threads: int | None = None

    @property
    def chance_seed(self) -> np.uint64:
        """The key of the simulated outcomes."""
        return np.uint64((self.seed ^ _CHANCE) % 2**64)

    def sums(self, cells: Cells, clusters: NDArray[np.int32], values: list[Numbers]) -> Numbers:
        """Weights and weighted sums of columns in each bin and replicate, shape (C, 1 + V, B)."""
        from cvfail.kernels.calibration import weighted_cells

        columns = read_only(np.array(values, np.float64).reshape(len(values), -1))
        sums = np.zeros((len(cells), 1 + len(values), self.weights.shape[1]))

        def fill(span: tuple[int, int]) -> None:
            starts = read_only(cells.starts[span[0] : span[1] + 1])
            weighted_cells(cells.rows, starts, clusters, columns, self.weights, sums[span[0] : span[1]])

        self._over(cells, fill)
        return sums

    def gaps(self, cells: Cells, scores: Numbers, keys: NDArray[np.int64]) -> Numbers:
        """Rows that come true less the sum of their scores, of each bin in each world, shape (C, R).

        Args:
            cells: Rows by bin.
            scores: Of every row.
            keys: Of every row; what its outcomes depend on beside the seed.

        Notes:
            Outcomes of single rows are drawn, but where the number of a bin has a variance of 100 or more: then that
            number is drawn, from the normal distribution.
        """
        from cvfail.kernels.calibration import chance_hits

        said = cells.sums(scores)
        variance = cells.sums(scores * (1.0 - scores))
        many = variance >= _MANY
        few = cells.where(~many)
        hits = np.zeros((len(few), self.worlds), np.int32)

        def fill(span: tuple[int, int]) -> None:
            starts = read_only(few.starts[span[0] : span[1] + 1])
            chance_hits(few.rows, starts, scores, keys, self.chance_seed, hits[span[0] : span[1]])

        self._over(few, fill)
        gaps = np.empty((len(cells), self.worlds))
        gaps[~many] = hits - said[~many, np.newaxis]
        random = np.random.Generator(np.random.Philox(int(self.chance_seed)))
        normal = random.standard_normal((int(many.sum()), self.worlds))
        gaps[many] = np.sqrt(variance[many])[:, np.newaxis] * normal
        return gaps

    def _over(self, cells: Cells, fill: object) -> None:
        """Runs of bins with about as many rows each, on threads; a bin is never divided."""
        workers = worker_count(self.threads)
        cuts = np.searchsorted(cells.starts, np.linspace(0, cells.rows.size, workers + 1)[1:-1])
        edges = sorted({0, *np.clip(cuts, 0, len(cells)).tolist(), len(cells)})
        run_in_order(fill, list(pairwise(edges)), threads=workers)  # type: ignore[arg-type]


def bin_replicates(
    cells: Cells, scores: Numbers, outcomes: Numbers, sums: Numbers, *, clusters: int, binary: bool
) -> BinReplicates:
    """The gaps of bins in data and replicates.

    Args:
        cells: Rows by bin.
        scores: Of every row.
        outcomes: What came true of every row, 0 or 1; or overlaps.
        sums: Weights and weighted gaps, shape (C, 2, B).
        clusters: How many clusters have rows.
        binary: Whether outcomes are 0 or 1. The least variance is then that of the share right, with two and a
            quarter more rows about as right as their scores; else that of all bins together, with two more rows.
    """
    n = cells.counts.astype(np.float64)
    true, said = cells.sums(outcomes), cells.sums(scores)
    if binary:
        rate = (true + 2.0 * said / n + 0.25) / (n + 2.5)
        least = n * rate * (1.0 - rate)
    else:
        residuals = outcomes[cells.rows] - scores[cells.rows] - np.repeat((true - said) / n, cells.counts)
        least = n * (float(residuals @ residuals) + 0.2) / (n.sum() - len(cells) + 2.0)
    return BinReplicates(BinSums(n, true - said), BinSums(sums[:, 0], sums[:, 1]), least, clusters)
