"""What an action is predicted to change at the operating point, and what that does to recall, precision and F1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.causes.claim import Fact
from cvfail.failures.mode_errors import ModeErrors

Basis = Literal["replayed", "at most"]
"""Whether a change was replayed on the stored outcomes or is a bound."""


@dataclass(frozen=True)
class Change:
    """What becomes of the counts.

    Attributes:
        errors: Errors of the mode that go.
        found: Objects that are found in addition, everywhere; negative if some are lost.
        false_positives: Those that come, everywhere; negative if some go.
        objects: Labels that are added; negative if some go.
        basis: How it is known.
    """

    errors: float
    found: float
    false_positives: float
    objects: float
    basis: Basis


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and objects at an operating point."""

    found: float
    false_positives: float
    objects: float

    @classmethod
    def of(cls, point: OperatingPoint) -> Counts:
        """The counts of everything."""
        return cls(float(point.found.sum()), float(point.wrong.sum()), float(point.evidence.regular().sum()))

    def after(self, change: Change) -> Counts:
        """The counts after a change."""
        return Counts(
            self.found + change.found,
            self.false_positives + change.false_positives,
            self.objects + change.objects,
        )

    @property
    def rates(self) -> dict[str, float | None]:
        """recall, precision and f1; None where undefined."""
        kept = self.found + self.false_positives
        return {
            "recall": self.found / self.objects if self.objects > 0 else None,
            "precision": self.found / kept if kept > 0 else None,
            "f1": 2 * self.found / (kept + self.objects) if kept + self.objects > 0 else None,
        }

    def gains(self, change: Change) -> dict[str, float | None]:
        """By how much each rate rises."""
        now, then = self.rates, self.after(change).rates
        return {
            name: None if now[name] is None or then[name] is None else then[name] - now[name]  # type: ignore[operator]
            for name in now
        }


Gain = Callable[[ModeErrors, float, Mapping[str, Fact]], Change | None]
"""From a mode, the errors that a cause has and the facts, the change; None if it cannot be told. See `GAINS`."""


def of_threshold(errors: ModeErrors, claimed: float, facts: Mapping[str, Fact]) -> Change:
    """The slice at its own threshold: `recovered`, `lost_objects` and `extra_false_positives` of the replay."""
    return Change(
        errors=_number(facts, "recovered"),
        found=0.0 - _number(facts, "lost_objects"),
        false_positives=_number(facts, "extra_false_positives"),
        objects=0.0,
        basis="replayed",
    )


def of_suppression(errors: ModeErrors, claimed: float, facts: Mapping[str, Fact]) -> Change:
    """The slice suppressed again: `removed` and `lost` of the replay."""
    removed = _number(facts, "removed")
    return Change(removed, 0.0 - _number(facts, "lost"), 0.0 - removed, 0.0, "replayed")


def of_labels(errors: ModeErrors, claimed: float, facts: Mapping[str, Fact]) -> Change:
    """All suspects of the mode corrected, if all are wrong.

    A false positive without a label becomes an object that is found. An object of a wrong class, or with a bad box,
    is found by what was a false positive; one that is not there goes.
    """
    if errors.mode.unit == "predictions":
        return Change(claimed, claimed, -claimed, claimed, "at most")
    kept = _number(facts, "wrong_class") + _number(facts, "bad_box")
    gone = _number(facts, "duplicate") + _number(facts, "conflict")
    mended = claimed * kept / (kept + gone) if kept + gone else claimed
    return Change(claimed, mended, 0.0 - mended * _attached(errors), mended - claimed, "at most")


def of_share(errors: ModeErrors, claimed: float, facts: Mapping[str, Fact]) -> Change:
    """All errors that the cause has are repaired: a bound, for nobody knows before the training."""
    if errors.mode.unit == "predictions":
        return Change(claimed, 0.0, -claimed, 0.0, "at most")
    return Change(claimed, claimed, 0.0 - claimed * _attached(errors), 0.0, "at most")


def of_nothing(errors: ModeErrors, claimed: float, facts: Mapping[str, Fact]) -> Change | None:
    """Nothing that can be counted before it was tried."""
    return None


GAINS: dict[str, Gain] = {
    "threshold": of_threshold,
    "suppression": of_suppression,
    "labels": of_labels,
    "share": of_share,
    "none": of_nothing,
}
"""By the name that rules use."""


def _attached(errors: ModeErrors) -> float:
    """The share of a mode's objects at which a false positive aims that would be right if they were repaired."""
    rows = errors.objects
    return float(np.mean(errors.point.repairs[rows] >= 0)) if rows.size else 0.0


def _number(facts: Mapping[str, Fact], name: str) -> float:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
