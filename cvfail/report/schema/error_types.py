"""Errors by type."""

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
        examples: Positions in ``examples``.
    """

    name: str
    explanation: str
    count: int
    share: float | None
    delta_ap: float | None
    examples: list[int]
