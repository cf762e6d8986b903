"""Failure modes."""

from __future__ import annotations

from typing import TypedDict

from cvfail.report.schema.numbers import Estimate


class FailureMode(TypedDict):
    """An error type that is more frequent in one slice than in the rest.

    Attributes:
        rank: 1 is the first to look at.
        title: What happens and where, in one line.
        what: What happens: ``Missed``, ``Wrong class`` …
        sentence: The evidence in one plain sentence.
        error_type: As in ``error_types``.
        slice: The slice, ``time_of_day=night & size=small``.
        unit: What the rate is over: ``objects``, ``objects and such errors`` (for false alarms) or ``images``.
        support: Units in the slice.
        errors: Units of the slice with the error.
        rate: ``errors / support``.
        rest_rate: The same rate outside the slice.
        difference: ``rate − rest_rate`` with interval.
        excess: Errors beyond what the rest's rate would give, with interval.
        q_value: False discovery rate at which the mode would be reported.
        significant: Whether it is reported at 5 %.
        examples: Positions in ``examples``.
    """

    rank: int
    title: str
    what: str
    sentence: str
    error_type: str
    slice: str
    unit: str
    support: int
    errors: int
    rate: float | None
    rest_rate: float | None
    difference: Estimate
    excess: Estimate
    q_value: float | None
    significant: bool
    examples: list[int]
