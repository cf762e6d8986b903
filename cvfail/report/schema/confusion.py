"""The confusion matrix."""

from __future__ import annotations

from typing import TypedDict


class ConfusionCell(TypedDict):
    """One cell that is not zero; ``true`` and ``predicted`` are positions in ``labels``."""

    true: int
    predicted: int
    count: int
    examples: list[int]


class Confusion(TypedDict):
    """The confusion matrix, rows true, columns predicted, zeros left out.

    Attributes:
        background: Position of ``(background)`` in ``labels``; None for classification.
        row_totals: Per label, how many are truly of it (background: detections on nothing).
        column_totals: Per label, how many were predicted as it (background: missed objects).
        cells: The cells that are not zero.
        pairs: Positions in ``cells`` of the most confused pairs of classes, worst first.
        similarity: Positions in ``labels`` of the classes, those that are taken for one another side by side.
    """

    background: int | None
    row_totals: list[int]
    column_totals: list[int]
    cells: list[ConfusionCell]
    pairs: list[int]
    similarity: list[int]
