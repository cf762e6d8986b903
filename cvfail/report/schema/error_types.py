"""Errors by type, of everything and of each class."""

from __future__ import annotations

from typing import TypedDict


class ErrorType(TypedDict):
    """One error type: how often, and what fixing all of it would add to AP.

    Attributes:
        name: ``classification``, ``localisation``, ``both``, ``duplicate``, ``background``, ``missed``.
        explanation: What it is, in one plain sentence.
        count: Errors of the type at the operating point.
        share: Of all errors.
        delta_ap: AP gained if the type were fixed, None where it was not computed.
        delta_ap_lower: Lower end of its 95 % interval, clustered by image; None where there is none.
        delta_ap_upper: Upper end of it.
        sql: A SELECT of its errors.
        examples: Positions in ``examples``.
    """

    name: str
    explanation: str
    count: int
    share: float | None
    delta_ap: float | None
    delta_ap_lower: float | None
    delta_ap_upper: float | None
    sql: str
    examples: list[int]


class ClassErrors(TypedDict):
    """Errors of one type with one class: false positives of it, or missed objects of it.

    Attributes:
        name: The error type.
        count: Errors at the operating point.
        delta_ap: What the AP of the class would gain if the type were fixed for all classes.
        examples: Positions in ``examples``.
    """

    name: str
    count: int
    delta_ap: float | None
    examples: list[int]


class ErrorsOfClass(TypedDict):
    """The errors of one class by type.

    Attributes:
        label: Position in ``labels``.
        ap: Average precision at the overlap threshold of the operating point; None without ground truth.
        types: The types that occur or would gain something.
    """

    label: int
    ap: float | None
    types: list[ClassErrors]
