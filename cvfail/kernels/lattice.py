"""The join of a slice lattice: conjunctions all of whose parents are known, and the least of their parents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def join_parents(
    items: NDArray[np.int32],
    support: NDArray[np.int64],
    errors: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    prefix: NDArray[np.int64],
    further: NDArray[np.int32],
    least_support: NDArray[np.int64],
    least_errors: NDArray[np.int64],
) -> int:
    """Candidates of one set of L attributes from the known slices of its L subsets of L - 1.

    Args:
        items: Items of each known slice, one of each of its attributes, shape (K, L - 1). The slices of one set of
            attributes stand together in lexicographic order.
        support: Rows of each known slice, shape (K,).
        errors: Errors of each known slice, shape (K,).
        first: First slice of the set without its x-th attribute, shape (L,).
        last: One after the last slice of that set, shape (L,).
        prefix: Out, the slice of the set without its last attribute that each candidate extends.
        further: Out, the item that it adds.
        least_support: Out, the smallest support of its L parents.
        least_errors: Out, the fewest errors of its L parents.

    Returns:
        The number of candidates; the outputs hold no more than slices of the prefix times items of the last
        attribute. They are in lexicographic order.

    Cost: a binary search per parent and prefix, then one step per candidate and parent. Source: the join of
    frequent itemsets, Agrawal and Srikant, VLDB 1994; bounds from all parents, Sagadeeva and Boehm, SIGMOD 2021.
    """
    order = first.size
    tail = order - 2
    place = np.empty(order - 1, np.int64)
    count = 0
    for s in range(first[order - 1], last[order - 1]):
        for x in range(order - 1):
            place[x] = _lower_bound(items, items[s], x, first[x], last[x])
        while place[0] < last[0] and _compare(items[place[0]], items[s], 0) == 0:
            item = items[place[0], tail]
            rows = min(support[s], support[place[0]])
            wrong = min(errors[s], errors[place[0]])
            whole = True
            for x in range(1, order - 1):
                p = place[x]
                while p < last[x] and _compare(items[p], items[s], x) == 0 and items[p, tail] < item:
                    p += 1
                place[x] = p
                if p < last[x] and items[p, tail] == item and _compare(items[p], items[s], x) == 0:
                    rows = min(rows, support[p])
                    wrong = min(wrong, errors[p])
                else:
                    whole = False
                    break
            if whole:
                prefix[count] = s
                further[count] = item
                least_support[count] = rows
                least_errors[count] = wrong
                count += 1
            place[0] += 1
    return count


@kernel
def _lower_bound(items: NDArray[np.int32], own: NDArray[np.int32], without: int, low: int, high: int) -> int:
    """The first slice whose items but the last are not before the own ones without one."""
    while low < high:
        middle = (low + high) // 2
        if _compare(items[middle], own, without) < 0:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _compare(other: NDArray[np.int32], own: NDArray[np.int32], without: int) -> int:
    """Lexicographic order of all items but the last with the own items without one: -1, 0 or 1."""
    for k in range(other.size - 1):
        mine = own[k] if k < without else own[k + 1]
        if other[k] != mine:
            return -1 if other[k] < mine else 1
    return 0
