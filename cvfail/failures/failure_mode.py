"""A failure mode as an object that outlives the evaluation in which it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from cvfail.errors import FormatError, PolicyError
from cvfail.evidence.evidence import Evidence, Task
from cvfail.evidence.operating_point import OBJECT_ERRORS, PREDICTION_ERRORS, OperatingPoint
from cvfail.failures.conditions import Condition, slice_name, slice_of, slice_sql
from cvfail.matching.policy import Policy
from cvfail.slices.predicates import Slice

Unit = Literal["ground_truth", "predictions", "pairs"]

VERSION = 1
"""Of the JSON form."""

ARROW = "→"

REDUNDANT = "redundant"
"""A false positive with a wrong class or a poor box on an object that something else finds, or nearly finds."""

ERRORS = (*OBJECT_ERRORS, *PREDICTION_ERRORS, REDUNDANT)
"""The kinds of errors; every unfound object and every false positive has one, and confusions ``a→b`` are narrower."""


@dataclass(frozen=True)
class FailureMode:
    """An error in a slice at an operating point: the same thing on every evaluation.

    Attributes:
        error: One of `ERRORS`, or ``a→b``: objects of class a that were taken for b.
        conditions: All must hold; none is the whole dataset.
        iou: Overlap threshold.
        score: Score threshold.
        policy: How predictions were matched.
        task: ``detection`` or ``classification``.
        against: What the slice is compared with: where these hold instead; None for everything else.

    Raises:
        FormatError: There is no such error.

    Example:
        >>> mode = FailureMode("missed", (Condition("light", "night"),), iou=0.5, score=0.25, policy=Policy())
        >>> mode.unit, mode.name
        ('ground_truth', 'missed | light=night')
        >>> FailureMode.from_json(mode.to_json()) == mode
        True
    """

    error: str
    conditions: tuple[Condition, ...]
    iou: float
    score: float
    policy: Policy
    task: Task = "detection"
    against: tuple[Condition, ...] | None = None

    def __post_init__(self) -> None:
        if self.error not in ERRORS and self.confusion is None:
            raise FormatError(f"no error {self.error!r}. Hint: one of {', '.join(ERRORS)}, or cat{ARROW}dog")

    def __repr__(self) -> str:
        return f"FailureMode({self.name}; IoU >= {self.iou:g}, score >= {self.score:g}; {self.hash})"

    @property
    def confusion(self) -> tuple[str, str] | None:
        """The true class and the one that it was taken for; None if the error is of no pair of classes."""
        true, arrow, predicted = self.error.partition(ARROW)
        return (true, predicted) if arrow and true and predicted else None

    @property
    def kind(self) -> str:
        """One of `ERRORS`."""
        return "classification" if self.confusion else self.error

    @property
    def unit(self) -> Unit:
        """What its rows are: objects, false positives, or pairs of an object and what it was taken for."""
        if self.kind == "classification":
            return "pairs"
        return "ground_truth" if self.kind in OBJECT_ERRORS else "predictions"

    @property
    def slice_(self) -> Slice:
        """The slice in which it happens."""
        return slice_of(self.conditions)

    @property
    def other_slice(self) -> Slice | None:
        """The slice that it is compared with; None for everything else."""
        return None if self.against is None else slice_of(self.against)

    @property
    def differing(self) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
        """The conditions that what it is compared with does not share, and those that hold there instead.

        Everything else shares no condition, and no condition holds there.
        """
        against = self.against or ()
        return (
            tuple(one for one in self.conditions if one not in against),
            tuple(one for one in against if one not in self.conditions),
        )

    @property
    def name(self) -> str:
        """Error and slice in short."""
        against = "" if self.against is None else f" against {slice_name(self.against)}"
        return f"{self.error} | {slice_name(self.conditions)}{against}"

    @property
    def where(self) -> str:
        """The slice as SQL, after WHERE."""
        return slice_sql(self.conditions)

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits that name error, slice, operating point and policy together."""
        return blake2b(self.to_json(), digest_size=6).hexdigest()

    def on(self, evidence: Evidence) -> OperatingPoint:
        """The operating point of the mode on any evidence.

        Raises:
            PolicyError: The evidence is of another task or was matched in another way.
        """
        if evidence.task != self.task:
            raise PolicyError(f"{self.name} is of {self.task}; these predictions are of {evidence.task}")
        ours, theirs = self.policy.to_dict(), evidence.policy.to_dict()
        unlike = [name for name in ours if name not in {"iou", "score"} and ours[name] != theirs[name]]
        if unlike:
            told = "; ".join(f"{name} was {ours[name]} and is {theirs[name]}" for name in unlike)
            raise PolicyError(
                f"{self.name} was found under another policy: {told}. Hint: evaluate with mode.policy"
            )
        return OperatingPoint.of(evidence, iou=self.iou, score=self.score)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "version": VERSION,
            "task": self.task,
            "unit": self.unit,
            "error": self.error,
            "slice": [condition.to_dict() for condition in self.conditions],
            "against": None if self.against is None else [one.to_dict() for one in self.against],
            "where": self.where,
            "iou": self.iou,
            "score": self.score,
            "policy": self.policy.to_dict(),
        }

    def to_json(self) -> bytes:
        """The JSON form, the same bytes for equal modes."""
        return msgspec.json.encode(self.to_dict(), order="deterministic")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FailureMode:
        """The mode that `to_dict` wrote down.

        Raises:
            FormatError: A field is missing, or the form is of another version.
        """
        if values.get("version") != VERSION:
            raise FormatError(
                f"a failure mode of version {values.get('version')}; this cvfail reads version {VERSION}"
            )
        try:
            return cls(
                error=values["error"],
                conditions=tuple(map(Condition.from_dict, values["slice"])),
                iou=float(values["iou"]),
                score=float(values["score"]),
                policy=Policy.from_dict(values["policy"]),
                task=values["task"],
                against=None
                if values["against"] is None
                else tuple(map(Condition.from_dict, values["against"])),
            )
        except KeyError as error:
            raise FormatError(f"a failure mode lacks {error}. Hint: write it with to_json()") from error

    @classmethod
    def from_json(cls, text: bytes | str) -> FailureMode:
        """The mode that `to_json` wrote down.

        Raises:
            FormatError: It is no JSON, or no failure mode of this version.
        """
        try:
            values = msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise FormatError(f"no failure mode: {error}") from error
        return cls.from_dict(values)
