"""Two attributes at once: a cell for every pair of their values."""

from __future__ import annotations

from typing import TypedDict

from cvfail.report.schema.numbers import Estimate


class HeatmapLevel(TypedDict):
    """A value of an attribute.

    Attributes:
        value: As text; None where the attribute is missing.
        where: The value as a condition of ``queries.errors``.
    """

    value: str | None
    where: str


class HeatmapCell(TypedDict):
    """What is known of a pair of values that occurs.

    Attributes:
        row: Position in ``rows`` of the map.
        column: Position in ``columns`` of the map.
        recall: Of the objects; of the images for classification, where 1 - recall is the error rate.
        precision: Of the predictions; None where an attribute says nothing about wrong ones.
        support: Objects in the cell.
        errors: Errors in the cell: what its examples are chosen from.
        clusters: Images (or videos, patients) that its units come from.
        thin: Too few images for the interval to be trusted.
        examples: Positions in ``examples``.
    """

    row: int
    column: int
    recall: Estimate
    precision: Estimate | None
    support: int
    errors: int
    clusters: int
    thin: bool
    examples: list[int]


class Heatmap(TypedDict):
    """One attribute by another.

    Attributes:
        rows_by: Name of the attribute whose values are the rows.
        columns_by: Name of the attribute whose values are the columns.
        note: What is left out, or how a size is cut; empty if there is nothing to say.
        rows: The values of the rows.
        columns: The values of the columns.
        cells: The pairs that occur, by row and column.
    """

    rows_by: str
    columns_by: str
    note: str
    rows: list[HeatmapLevel]
    columns: list[HeatmapLevel]
    cells: list[HeatmapCell]
