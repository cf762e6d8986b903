"""Group-by over several encoded attributes at once: every cell of their product in one pass over the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def count_cells(
    codes: NDArray[np.uint8],
    attributes: NDArray[np.int64],
    strides: NDArray[np.int64],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Count the rows of every cell in every segment.

    Args:
        codes: Code of each attribute and row, shape (attributes, n).
        attributes: The attributes of the cube, shape (order,).
        strides: What a code of each of them adds to the number of the cell, shape (order,).
        starts: First row of each segment, then n, shape (segments + 1,).
        counts: In and out, shape (segments, cells).

    Cost: order reads and one increment per row. Source: mixed-radix group-by.
    """
    order = attributes.size
    first, second = codes[attributes[0]], codes[attributes[min(1, order - 1)]]
    third = codes[attributes[min(2, order - 1)]]
    # Codes are added up in 32 bits: cells number less than that, and the index costs half.
    a, b, c = (
        np.uint32(strides[0]),
        np.uint32(strides[min(1, order - 1)]),
        np.uint32(strides[min(2, order - 1)]),
    )
    for segment in range(starts.size - 1):
        cells = counts[segment]
        low, high = starts[segment], starts[segment + 1]
        if order == 1:
            for i in range(low, high):
                cells[np.uint32(first[i]) * a] += 1
        elif order == 2:
            for i in range(low, high):
                cells[np.uint32(first[i]) * a + np.uint32(second[i]) * b] += 1
        elif order == 3:
            for i in range(low, high):
                cells[np.uint32(first[i]) * a + np.uint32(second[i]) * b + np.uint32(third[i]) * c] += 1
        else:
            for i in range(low, high):
                cells[_cell(codes, attributes, strides, i)] += 1


@kernel
def sum_cells(
    codes: NDArray[np.uint8],
    attributes: NDArray[np.int64],
    strides: NDArray[np.int64],
    values: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Add up values in every cell.

    Args:
        codes: Code of each attribute and row, shape (attributes, n).
        attributes: The attributes of the cube, shape (order,).
        strides: What a code of each of them adds to the number of the cell, shape (order,).
        values: What to add up, shape (n, q): the values of a row side by side.
        sums: In and out, shape (q, cells).

    Cost: order reads and q additions per row.
    """
    for i in range(values.shape[0]):
        cell = _cell(codes, attributes, strides, i)
        for q in range(values.shape[1]):
            sums[q, cell] += values[i, q]


@kernel
def read_cells(
    cells: NDArray[np.int64],
    slices: NDArray[np.int32],
    strides: NDArray[np.int64],
    item_starts: NDArray[np.int64],
    item_codes: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Add up the cells of conjunctions whose items are sets of codes.

    Args:
        cells: A cube, shape (q, cells).
        slices: Items of each conjunction, one of each attribute of the cube, shape (c, order).
        strides: What a code of each attribute adds to the number of the cell, shape (order,).
        item_starts: Where the codes of each item start in `item_codes`, shape (items + 1,).
        item_codes: Codes of all items.
        sums: Out, shape (q, c).

    Cost: the cells of every conjunction: one where an item is one code.
    """
    order = strides.size
    place = np.empty(order, np.int64)
    for c in range(slices.shape[0]):
        for k in range(order):
            place[k] = item_starts[slices[c, k]]
        for q in range(cells.shape[0]):
            sums[q, c] = 0
        k = 0
        while k >= 0:
            cell = np.int64(0)
            for j in range(order):
                cell += item_codes[place[j]] * strides[j]
            for q in range(cells.shape[0]):
                sums[q, c] += cells[q, cell]
            k = order - 1
            while k >= 0:
                place[k] += 1
                if place[k] < item_starts[slices[c, k] + 1]:
                    break
                place[k] = item_starts[slices[c, k]]
                k -= 1


@kernel
def _cell(
    codes: NDArray[np.uint8], attributes: NDArray[np.int64], strides: NDArray[np.int64], row: int
) -> np.int64:
    cell = np.int64(0)
    for k in range(attributes.size):
        cell += np.int64(codes[attributes[k], row]) * strides[k]
    return cell
