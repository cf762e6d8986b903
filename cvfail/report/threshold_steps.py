"""The confusion matrix at every threshold of a grid, small enough for a page that counts along with a slider."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.confusion_over_score import ConfusionOverScore, confusion_over_score
from cvfail.report.schema import ThresholdSteps

MOST_CHANGES = 80_000
"""Changes of counts that are written down, about half a megabyte; with more the grid is coarser."""

_FINEST = 100
_STRIDES = (1, 2, 5, 10, 20, 50)


def threshold_steps(point: OperatingPoint, best: float | None) -> tuple[ThresholdSteps, ConfusionOverScore]:
    """Count at thresholds from 0 on, at the operating point, and at a best threshold.

    Args:
        point: The operating point of the report.
        best: A threshold that is among them too; None or an infinite one for none.

    Returns:
        The grid, of width 0.01 or as fine as `MOST_CHANGES` allows, and the matrices behind it.
    """
    added = [point.score] + ([best] if best is not None and np.isfinite(best) else [])
    even = np.arange(_FINEST) / _FINEST
    scores = np.unique(np.concatenate([even, np.array(added, np.float64)]))
    finest = confusion_over_score(point, scores)
    for stride in _STRIDES:
        kept = np.flatnonzero(np.isin(scores, [*even[::stride].tolist(), *added]))
        made = finest.only(kept.tolist()) if stride > 1 else finest
        if made.change.size <= MOST_CHANGES:
            break
    return _written(made, stride / _FINEST, added), made


def counts_at(changes: ConfusionOverScore, score: float) -> tuple[NDArray[np.int64], ...]:
    """Right, wrong and missed ones of each class at one of the scores, each of shape (K,)."""
    counts = changes.at(int(np.searchsorted(changes.scores, score)))
    right = counts.diagonal()[:-1]
    return right, counts.sum(axis=0)[:-1] - right, counts.sum(axis=1)[:-1] - right


def _written(changes: ConfusionOverScore, width: float, added: list[float]) -> ThresholdSteps:
    places = np.searchsorted(changes.scores, added).tolist()
    cells, starts = np.unique(changes.cell, return_index=True)
    gaps = np.diff(changes.step, prepend=0)
    gaps[starts] = changes.step[starts]
    pairs = np.column_stack([gaps, changes.change])
    true, predicted = np.divmod(cells, changes.size)
    return ThresholdSteps(
        scores=changes.scores.tolist(),
        width=width,
        policy=places[0],
        best=places[1] if len(places) > 1 else None,
        true=true.tolist(),
        predicted=predicted.tolist(),
        changes=[own.ravel().tolist() for own in np.split(pairs, starts[1:])] if cells.size else [],
    )
