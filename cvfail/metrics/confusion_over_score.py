"""The confusion matrix at many score thresholds, as what changes from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.arrays import read_only

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class ConfusionOverScore:
    """Confusion matrices at ascending scores; a cell is listed where its count changes.

    Attributes:
        scores: Thresholds, ascending, shape (S,).
        size: Rows and columns of a matrix: the classes, and the background last.
        cell: Row · size + column of each change, ascending, shape (n,).
        step: Position of the threshold at which the count changes, ascending inside a cell, shape (n,).
        change: By how much, counted from 0 before the first threshold; never 0, shape (n,).

    Example:
        >>> scores, cell, step, change = map(np.array, ([0.2, 0.5], [0, 0], [0, 1], [7, -3]))
        >>> changes = ConfusionOverScore(scores, 2, cell, step, change)
        >>> changes.at(1).tolist()
        [[4, 0], [0, 0]]
    """

    scores: NDArray[np.float64]
    size: int
    cell: Counts
    step: Counts
    change: Counts

    def at(self, step: int) -> Counts:
        """The matrix at one of the thresholds, shape (size, size), rows true."""
        counts = np.zeros(self.size * self.size, np.int64)
        there = self.step <= step
        np.add.at(counts, self.cell[there], self.change[there])
        return counts.reshape(self.size, self.size)

    def only(self, steps: Sequence[int]) -> ConfusionOverScore:
        """The same at some of the thresholds, given by their positions, ascending."""
        later = np.searchsorted(steps, self.step, side="left")
        kept = later < len(steps)
        scores = self.scores[list(steps)]
        return _summed(scores, self.size, self.cell[kept], later[kept], self.change[kept])


def confusion_over_score(point: OperatingPoint, scores: ArrayLike) -> ConfusionOverScore:
    """The confusion matrix at every one of some score thresholds.

    Args:
        point: The evaluation; its score threshold is not looked at.
        scores: Thresholds, strictly ascending, shape (S,).

    Returns:
        At each of them what `cvfail.metrics.confusion.confusion_matrix` counts there.

    Raises:
        PolicyError: The scores do not ascend.

    Notes:
        What is right, and so what is wrong and what is not found, follows from one match. Confusions do not: they
        are paired anew at each threshold, from the pairs that can ever be open. Cost: 20 ns per prediction, and 10 ns
        per such pair and threshold.
    """
    steps = np.asarray(scores, np.float64)
    if steps.ndim != 1 or not np.all(np.diff(steps) > 0):
        raise PolicyError(f"score thresholds must ascend; found {steps.tolist()}")
    everything = OperatingPoint.of(point.evidence, iou=point.iou, score=-np.inf)
    parts = everything.over_blocks(lambda part: _changes(part, steps))
    size = len(point.evidence.categories) + 1
    cell, step, change = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return _summed(steps, size, cell, step, change)


def _summed(
    scores: NDArray[np.float64], size: int, cell: Counts, step: Counts, change: Counts
) -> ConfusionOverScore:
    """One change per cell and threshold, without those that come to nothing."""
    keys, place = np.unique(cell * scores.size + step, return_inverse=True)
    total = np.zeros(keys.size, np.int64)
    np.add.at(total, place, change)
    kept = total != 0
    cell, step = np.divmod(keys[kept], max(scores.size, 1))
    return ConfusionOverScore(scores, size, cell, step, total[kept])


def _changes(point: OperatingPoint, scores: NDArray[np.float64]) -> tuple[Counts, Counts, Counts]:
    """Cell, step and change of some images, some of them more than once."""
    coding = point.evidence.coding
    classes = len(point.evidence.categories)
    stop = np.searchsorted(scores, point.scores, side="right")
    unfound = np.where(point.found, np.append(stop, 0)[point.partner], 0)
    rows, truths, step, change = _pairings(point, scores.size, stop, unfound)
    true, predicted = coding.truth_category.astype(np.int64), coding.category.astype(np.int64)
    size, ends = classes + 1, np.full(true.size, scores.size)
    regular, right, wrong = point.evidence.regular(), point.correct, point.wrong
    start = np.zeros(stop.size, np.int64)
    shape = (classes, scores.size)
    hit, hit_step, hits = _intervals(predicted[right], start[right], stop[right], shape)
    alone, alone_step, alones = _intervals(predicted[wrong], start[wrong], stop[wrong], shape)
    missed, missed_step, misses = _intervals(true[regular], unfound[regular], ends[regular], shape)
    parts = [
        (hit * (size + 1), hit_step, hits),
        (classes * size + alone, alone_step, alones),
        (missed * size + classes, missed_step, misses),
        (true[truths] * size + predicted[rows], step, change),
        (classes * size + predicted[rows], step, -change),
        (true[truths] * size + classes, step, -change),
    ]
    cell, at, by = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return cell, at, by


def _intervals(
    category: Counts, first: Counts, stop: Counts, shape: tuple[int, int]
) -> tuple[Counts, Counts, Counts]:
    """Changes of the counts of classes by units that count from one step until before another.

    Args:
        category: Class of each unit.
        first: The step from which it counts.
        stop: The step from which it no longer does; at the number of steps or above, it counts to the end.
        shape: How many classes and steps.

    Returns:
        Class, step and change.
    """
    classes, steps = shape
    own = first < stop
    width = steps + 1
    begun = np.bincount(category[own] * width + first[own], minlength=classes * width)
    ended = np.bincount(category[own] * width + stop[own], minlength=classes * width)
    change = (begun - ended).reshape(classes, width)[:, :steps]
    found, step = np.nonzero(change)
    return found, step, change[found, step]


def _pairings(
    point: OperatingPoint, steps: int, stop: Counts, unfound: Counts
) -> tuple[Counts, Counts, Counts, Counts]:
    """Where confusions begin and end: prediction, ground truth, step, and 1 or -1.

    Args:
        point: With every score.
        steps: How many thresholds there are.
        stop: The step from which each prediction no longer counts, shape (D,).
        unfound: The step from which each ground truth is not found, shape (G,).
    """
    from cvfail.kernels.error_types import take_greedily

    rows, truths, overlaps, same_class = point.pair_arrays
    reach = min(point.evidence.policy.iou_thresholds[point.threshold], 1 - 1e-10)
    ever = point.wrong[rows] & point.evidence.regular()[truths] & ~same_class & (overlaps >= reach)
    pairs = np.flatnonzero(ever & (unfound[truths] < stop[rows]))
    pairs = pairs[np.lexsort((truths[pairs], rows[pairs], -point.scores[rows[pairs]], -overlaps[pairs]))]
    rows, truths = rows[pairs], truths[pairs]
    first, last = unfound[truths], stop[rows]
    _, row_codes = np.unique(rows, return_inverse=True)
    _, truth_codes = np.unique(truths, return_inverse=True)
    before = np.zeros(pairs.size, np.bool_)
    found: list[tuple[Counts, Counts, Counts]] = []
    for step in range(steps):
        open_pairs = np.flatnonzero((first <= step) & (step < last))
        own_rows, own_truths = read_only(row_codes[open_pairs]), read_only(truth_codes[open_pairs])
        kept = take_greedily(
            own_rows, own_truths, np.zeros(pairs.size, np.bool_), np.zeros(pairs.size, np.bool_)
        )
        now = np.zeros(pairs.size, np.bool_)
        now[open_pairs[kept]] = True
        changed = np.flatnonzero(now != before)
        found.append((changed, np.full(changed.size, step), np.where(now[changed], 1, -1)))
        before = now
    nothing = np.zeros(0, np.int64)
    changed, at, change = (np.concatenate([nothing, *columns]) for columns in zip(*found, strict=True))
    return rows[changed], truths[changed], at, change
