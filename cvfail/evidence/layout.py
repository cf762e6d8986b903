"""How a saved evaluation is cut into blocks of images: by row counts alone, so that every maker of it agrees."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 1 << 20
"""A block takes images until it holds about this many rows of ground truth and predictions."""


@dataclass(frozen=True)
class Span:
    """A run of images and the rows that belong to them, first inclusive, last exclusive.

    Attributes:
        images: Image codes.
        ground_truth: Rows of ground truth.
        predictions: Rows of predictions.
    """

    images: tuple[int, int]
    ground_truth: tuple[int, int]
    predictions: tuple[int, int]


def block_spans(
    truth_offsets: NDArray[np.int64], offsets: NDArray[np.int64], *, block_rows: int = BLOCK_ROWS
) -> list[Span]:
    """Cut the images into blocks of about equal numbers of rows.

    Args:
        truth_offsets: Where the ground truth of each image starts, shape (images + 1,).
        offsets: Where the predictions of each image start, shape (images + 1,).
        block_rows: An image opens a new block where the rows before it pass a multiple of this.

    Returns:
        At least one block; together they hold all images in order.

    Example:
        >>> offsets = np.array([0, 3, 6, 9])
        >>> [span.images for span in block_spans(offsets * 0, offsets, block_rows=4)]
        [(0, 2), (2, 3)]
    """
    number = (truth_offsets[:-1] + offsets[:-1]) // block_rows
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    edges = [*starts.tolist(), number.size] if number.size else [0, 0]
    return [
        Span(
            (first, last),
            (int(truth_offsets[first]), int(truth_offsets[last])),
            (int(offsets[first]), int(offsets[last])),
        )
        for first, last in itertools.pairwise(edges)
    ]
