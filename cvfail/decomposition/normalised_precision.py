"""Hoiem's normalised precision: what precision would be if every level of objects were equally frequent."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.replay import Replay


class NormalisedPrecision:
    """The objects that count, and the false positives that stand above the prediction that found each.

    Args:
        replay: What became of predictions and objects, over every score.
        constant: N, the number of objects that every level is treated as if it had.

    Notes:
        With TP(l) the true positives of a class and level from a score on, n(l) its objects and FP all false
        positives of the class, P_N = TP(l)·N/n(l) / (TP(l)·N/n(l) + FP). An object has the largest P_N at its rank
        or below, 0 if it is not found, so that the mean over the objects of a level is its AP_N.

    Source: Hoiem, Chodpathumwan and Dai, ECCV 2012, §3.2; averagePrecisionNormalized.m.
    """

    def __init__(self, replay: Replay, constant: float) -> None:
        evidence, coding = replay.evidence, replay.evidence.coding
        order = evidence.score_order
        order = order[(replay.correct | replay.wrong)[order]]
        order = order[np.argsort(coding.category[order], kind="stable")]
        own, right = coding.category[order], replay.correct[order]
        above = np.append(0, np.cumsum(replay.wrong[order]))
        first = np.searchsorted(own, np.arange(evidence.categories.height))
        self._wrong = (above[1:] - above[first][own])[right]
        self._constant = constant
        self.rows = np.concatenate([replay.target[order[right]], np.flatnonzero(replay.unfound)])
        """Ground-truth rows, those that are found first, by class and descending score, shape (n,)."""
        self._classes = coding.truth_category[self.rows]
        self._clusters = evidence.clusters[coding.truth_image[self.rows]]

    def units(self, levels: pl.Series) -> pl.DataFrame:
        """One row per object that counts: its class, level, cluster and precision.

        Args:
            levels: The level of every ground-truth row, text or an enumeration in its order, shape (G,).

        Returns:
            code (of the class), level, place (of the level in the order of levels, null where unknown), cluster,
            precision.
        """
        own = levels.gather(self.rows)
        ordered = own.to_physical() if isinstance(own.dtype, pl.Enum) else own
        place = ordered.rank("dense").cast(pl.Int64)
        return pl.DataFrame(
            {
                "code": self._classes,
                "level": own.cast(pl.String),
                "place": place,
                "cluster": self._clusters,
                "precision": self._precision(place.fill_null(0).to_numpy()),
            },
            schema_overrides={"code": pl.Int32},
        )

    def _precision(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each object has, from level codes of 0 or more, shape (n,)."""
        segments = self._classes.astype(np.int64) * (levels.max(initial=0) + 1) + levels
        sizes = np.bincount(segments)
        found = np.argsort(segments[: self._wrong.size], kind="stable")
        of = segments[found]
        right = (np.arange(found.size) - np.searchsorted(of, of) + 1) * (self._constant / sizes[of])
        values = right / (right + self._wrong[found])
        edges = np.flatnonzero(np.diff(of, prepend=-1, append=-1)).tolist()
        for start, stop in pairwise(edges):
            values[start:stop] = np.maximum.accumulate(values[start:stop][::-1])[::-1]
        answer = np.zeros(self.rows.size)
        answer[found] = values
        return answer
