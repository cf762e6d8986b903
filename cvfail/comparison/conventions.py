"""How tools fill the confusion matrix of a detector: which predictions take part, and what is paired with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence

Pairing = Literal["by score, first", "by score, last", "by class and overlap", "same class", "all"]
"""Predictions in descending score take the free object of largest overlap, of equal ones the first or the last; pairs
are taken one to one, of one class first, then by overlap; as ``by score, last`` within a class; every pair counts."""


@dataclass(frozen=True)
class Convention:
    """What a tool does.

    Attributes:
        score: Least score of a prediction.
        iou: Least overlap of a pair; at least the overlap from which on pairs are kept, see `Policy.pair_floor`.
        pairing: How predictions and objects come together.
        above_score: The score itself is too little.
        above_iou: The overlap itself is too little.
    """

    score: float
    iou: float
    pairing: Pairing
    above_score: bool = False
    above_iou: bool = False

    def takes(self, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which predictions take part by their scores."""
        return scores > self.score if self.above_score else scores >= self.score


CONVENTIONS = {
    "ultralytics 8.4": Convention(0.25, 0.45, "by score, first", above_score=True, above_iou=True),
    "supervision": Convention(0.3, 0.5, "by class and overlap", above_iou=True),
    "hotcoco": Convention(-np.inf, 0.5, "by score, last"),
    "mmdet": Convention(0.3, 0.5, "all"),
    "fiftyone": Convention(-np.inf, 0.5, "by score, last"),
    "fiftyone classwise": Convention(-np.inf, 0.5, "same class"),
}
"""Of the tools with their defaults; objects that are ignored, or crowds, have no part. ultralytics 8.4.190,
supervision 0.31, hotcoco 1.3, mmdet 3.3, fiftyone 1.22."""


def convention_cells(evidence: Evidence, convention: Convention) -> pl.DataFrame:
    """The units of the confusion matrix that a convention makes.

    Returns:
        prediction_index and ground_truth_index, null on a side that does not exist, as `OperatingPoint.cells`.

    Source: the tools' code, as read for their versions.
    """
    scores, coding = evidence.scores, evidence.coding
    kept = convention.takes(scores)
    pairs = evidence.outcomes.columns("pairs", ["prediction_index", "ground_truth_index", "overlap"])
    rows, truths = (pairs[name].to_numpy() for name in ("prediction_index", "ground_truth_index"))
    overlaps, regular = pairs["overlap"].to_numpy(), evidence.regular()
    enough = overlaps > convention.iou if convention.above_iou else overlaps >= convention.iou
    same = coding.category[rows] == coding.truth_category[truths]
    open_pairs = kept[rows] & regular[truths] & enough
    if convention.pairing == "same class":
        open_pairs &= same
    chosen = np.flatnonzero(open_pairs)
    order = _order(
        convention.pairing, scores[rows[chosen]], overlaps[chosen], rows[chosen], truths[chosen], same[chosen]
    )
    row, truth = rows[chosen][order], truths[chosen][order]
    if convention.pairing != "all":
        one = _one_to_one(row, truth, kept.size, regular.size)
        row, truth = row[one], truth[one]
    alone, missed = kept.copy(), regular.copy()
    alone[row] = False
    is_found = (
        coding.category[row] == coding.truth_category[truth] if convention.pairing == "all" else slice(None)
    )
    missed[truth[is_found]] = False
    parts = [
        pl.DataFrame({"prediction_index": row, "ground_truth_index": truth}),
        pl.DataFrame({"prediction_index": np.flatnonzero(alone)}),
        pl.DataFrame({"ground_truth_index": np.flatnonzero(missed)}),
    ]
    return pl.concat(parts, how="diagonal")


def _order(
    pairing: Pairing,
    scores: NDArray[np.float64],
    overlaps: NDArray[np.float64],
    rows: NDArray[np.int64],
    truths: NDArray[np.int64],
    same: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The order in which pairs are taken."""
    if pairing == "by class and overlap":
        return np.lexsort((truths, rows, -overlaps, ~same))
    tie = truths if pairing == "by score, first" else -truths
    return np.lexsort((tie, -overlaps, rows, -scores))


def _one_to_one(
    rows: NDArray[np.int64], truths: NDArray[np.int64], predictions: int, objects: int
) -> NDArray[np.bool_]:
    from cvfail.kernels.error_types import take_greedily

    return take_greedily(rows, truths, np.zeros(predictions, np.bool_), np.zeros(objects, np.bool_))
