"""Failure modes, why they happen, and what to do about them."""

from __future__ import annotations

from typing import Literal, TypedDict

from cvfail.report.schema.numbers import Estimate

Remedy = Literal["settings", "labels", "model", "data", "unknown"]
"""What would have to change for the errors of a cause to go away."""


class Cause(TypedDict):
    """What one cause has of the errors of a failure mode.

    Attributes:
        name: As in `FailureModes.causes`: ``threshold``, ``label_noise`` …
        title: The same in words.
        explanation: What it means, in one plain sentence.
        remedy: What would have to change.
        share: Of the errors of the mode, with interval; the shares of a mode add up to 1.
        errors: The share times the errors of the mode.
        rows: Errors of which the cause has half or more.
        evidence: One plain sentence with the numbers.
        thin: A share too small to act on, which is folded away.
        examples: Positions in ``examples``: errors of which the cause has half or more.
    """

    name: str
    title: str
    explanation: str
    remedy: Remedy
    share: Estimate
    errors: float | None
    rows: int
    evidence: str
    thin: bool
    examples: list[int]


Basis = Literal["replayed", "at most", "unknown"]
"""How a gain is predicted: replayed on the stored outcomes, if all errors of the cause were mended, or not at all."""


class Intervention(TypedDict):
    """Something to do about a failure mode; what cannot be predicted is None.

    Attributes:
        title: The action in a few words.
        action: Its name, as in `FailureModes.interventions`.
        kind: ``threshold``, ``calibration``, ``suppression``, ``labels``, ``data``, ``augmentation``, ``training``,
            ``review``, or what the user's own rules say.
        cause: Name of the cause that it takes care of.
        text: What to do, with the numbers.
        errors_gone: Errors of the mode that would go.
        objects_found: Objects that would be found in addition, everywhere.
        false_positives: False positives that would come in addition, everywhere.
        recall_gain: Of everything, at the operating point.
        precision_gain: The same.
        f1_gain: The same.
        basis: How that is predicted.
        effort: ``hours``, ``days`` or ``weeks``.
        images_needed: Images of the slice in which both models would show the change.
        images_here: Images of the slice there are.
    """

    title: str
    action: str
    kind: str
    cause: str
    text: str
    errors_gone: float | None
    objects_found: float | None
    false_positives: float | None
    recall_gain: float | None
    precision_gain: float | None
    f1_gain: float | None
    basis: Basis
    effort: str
    images_needed: int | None
    images_here: int


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
        sql: A SELECT of its errors.
        examples: Positions in ``examples``.
        causes: Those with a share of the errors, the largest first, what has no known cause last; empty for a mode
            without errors.
        interventions: What to do about it, replayed gains first; empty for a mode that is not significant.
        watch: Names of the modes to look at again after any of that.
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
    sql: str
    examples: list[int]
    causes: list[Cause]
    interventions: list[Intervention]
    watch: list[str]
