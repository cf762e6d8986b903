"""Classes and slices."""

from __future__ import annotations

from typing import TypedDict

from cvfail.report.schema.numbers import Estimate, Rates


class ClassRow(Rates):
    """One class at the operating point, with its AP where the task has one.

    Attributes:
        label: Position in ``labels``.
        ap: Average precision over the IoU ladder (None for classification).
        ap50: Average precision at IoU 0.5 (None for classification).
        specificity: Of the other classes, how much was not predicted as this one (None for detection).
        support: Objects of the class.
        predicted: Predictions of the class.
        thin: Too few images for the interval to be trusted.
    """

    label: int
    ap: Estimate | None
    ap50: float | None
    specificity: Estimate | None
    support: int
    predicted: int
    thin: bool


class SliceRow(Rates):
    """One value of an attribute.

    Attributes:
        value: The value as text; None where the attribute is missing.
        where: The value as a condition of ``queries.errors``.
        support: Objects in the slice.
        predicted: Predictions in the slice; None where the attribute says nothing about wrong ones.
        errors: Errors in the slice: what its examples are chosen from.
        clusters: Images (or videos, patients) that they come from.
        thin: Too few images for the interval to be trusted.
        examples: Positions in ``examples``: errors in the slice.
    """

    value: str | None
    where: str
    support: int
    predicted: int | None
    errors: int
    clusters: int
    thin: bool
    examples: list[int]


class SliceTable(TypedDict):
    """All values of one attribute; ``note`` says how false positives were attributed to them."""

    attribute: str
    note: str
    rows: list[SliceRow]
