"""F1 at every score threshold, of everything and of slices, from the outcomes at all scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.score_curve import ScoreCurve, ends_of_ties

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

_NOTHING = -1


@dataclass(frozen=True)
class ScoreSweep:
    """The predictions that are right or wrong when every score counts, best score first.

    Attributes:
        rows: Their row numbers, shape (n,).
        scores: Their scores, descending, shape (n,).
        truth: The object that each one finds, -1 for a wrong one, shape (n,).
        found_at: Score of the prediction that finds each object if the threshold is low enough, -inf if none does,
            shape (G,).
        regular: Objects that count, shape (G,).

    Notes:
        Matching is greedy by score, so that what is right at a score is right at every lower threshold.
    """

    rows: NDArray[np.int64]
    scores: Numbers
    truth: NDArray[np.int64]
    found_at: Numbers
    regular: Mask

    @classmethod
    def of(cls, everything: OperatingPoint) -> ScoreSweep:
        """Gather them from a point at which every score counts."""
        evidence = everything.evidence
        found = np.flatnonzero(everything.found)
        finds = np.full(everything.kept.size, _NOTHING, np.int64)
        finds[everything.partner[found]] = found
        order = evidence.score_order
        rows = order[(everything.wrong | (finds != _NOTHING))[order]]
        found_at = np.full(everything.found.size, -np.inf)
        found_at[found] = everything.scores[everything.partner[found]]
        return cls(rows, everything.scores[rows], finds[rows], found_at, evidence.regular())

    @cached_property
    def whole(self) -> ScoreCurve:
        """The curve of everything."""
        return self.curve(self.regular, np.ones(self.rows.max(initial=_NOTHING) + 1, np.bool_))

    def curve(self, objects: Mask, predictions: Mask, *, weight: float = 1.0) -> ScoreCurve:
        """The curve of a slice.

        Args:
            objects: Ground-truth rows of the slice, shape (G,); a right prediction lies where its object does.
            predictions: Rows that lie in the slice if they are wrong, shape (D,).
            weight: What a wrong prediction counts.
        """
        wrong = (self.truth == _NOTHING) & predictions[self.rows]
        right = np.append(objects, False)[self.truth]
        kept = np.flatnonzero(right | wrong)
        scores, right, wrong = self.scores[kept], right[kept], wrong[kept]
        last = ends_of_ties(scores)
        return ScoreCurve(
            scores[last],
            np.cumsum(right)[last].astype(np.float64),
            weight * np.cumsum(wrong)[last],
            int((objects & self.regular).sum()),
        )
