"""How much each found slice explains beside the others: overlap, impact after overlap, shares of its items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

Masks = NDArray[np.bool_]


def marginal_impact(masks: Masks, excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Excess of each slice that is not in a slice of larger impact.

    Greedily the slice with the largest excess among units that no chosen slice covers is chosen, then its units are
    covered, and so on. Ties go to the earlier slice.

    Args:
        masks: Units of each slice, shape (k, n).
        excess: Error of each unit beyond what was expected, shape (n,).

    Returns:
        Marginal impact of each slice, shape (k,); it may be below 0 where a slice adds nothing but right units. The
        values add up to the excess in the union of all slices.

    Notes:
        Where every unit of excess is >= 0 this is greedy maximum coverage, which is within 1 - 1/e of the best
        choice. Cost: k² passes over n units at most.

    Source: Nemhauser, Wolsey and Fisher, Mathematical Programming 14 (1978).

    Example:
        >>> marginal_impact(np.array([[1, 1, 0], [0, 1, 1]], bool), np.array([1.0, 1.0, 0.5]))
        array([2. , 0.5])
    """
    left = np.array(excess, np.float64)
    marginal = np.full(len(masks), np.nan)
    waiting = list(range(len(masks)))
    while waiting:
        gains = [float(left[masks[k]].sum()) for k in waiting]
        place = int(np.argmax(gains))
        chosen = waiting.pop(place)
        marginal[chosen] = gains[place]
        left[masks[chosen]] = 0.0
    return marginal


def overlaps(masks: Masks) -> list[tuple[int | None, float | None]]:
    """The earlier slice that each slice overlaps most with, and their Jaccard index; None for the first.

    Example:
        >>> overlaps(np.array([[1, 1, 0], [0, 1, 1]], bool))
        [(None, None), (0, 0.3333333333333333)]
    """
    answers: list[tuple[int | None, float | None]] = []
    for k, mask in enumerate(masks):
        indices = [_jaccard(mask, earlier) for earlier in masks[:k]]
        best = int(np.argmax(indices)) if indices else None
        answers.append((best, None if best is None else indices[best]))
    return answers


def _jaccard(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    union = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / union if union else 0.0


def shapley_values(items: Sequence[int], value: Callable[[tuple[int, ...]], float]) -> list[float]:
    """What each item adds to the value of a conjunction, averaged over all orders of adding them.

    Args:
        items: The items of the slice.
        value: The value of a conjunction of some of them, such as its divergence from the overall rate.

    Returns:
        One share per item; they add up to ``value(items) - value(())``.

    Notes:
        Cost: 2^items evaluations.

    Source: Pastor, de Alfaro and Baralis, DivExplorer, SIGMOD 2021, definition of item contribution.

    Example:
        >>> shapley_values([1, 2], lambda known: {(): 0.0, (1,): 0.2, (2,): 0.0, (1, 2): 0.3}[known])
        [0.25, 0.04999999999999999]
    """
    count = len(items)
    known = {part: value(part) for size in range(count + 1) for part in combinations(items, size)}
    shares = []
    for item in items:
        share = 0.0
        for part, own in known.items():
            if item not in part:
                weight = factorial(len(part)) * factorial(count - len(part) - 1) / factorial(count)
                share += weight * (known[tuple(one for one in items if one in part or one == item)] - own)
        shares.append(share)
    return shares
