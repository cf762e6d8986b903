"""The matching policy: every choice that decides what counts as right, named and recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cvfail.errors import PolicyError

COCO_IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95)
"""``numpy.linspace(.5, .95, 10)``, whose ninth value is not .9."""

COCO_AREA_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"all": (0.0, 1e10), "small": (0.0, 1024.0), "medium": (1024.0, 9216.0), "large": (9216.0, 1e10)}
)
"""COCO's area ranges in square pixels, both ends inclusive."""

MOST_THRESHOLDS = 16
"""Outcomes at all thresholds are packed in 16 bits."""

_SAME_THRESHOLD = 1e-9


@dataclass(frozen=True)
class Policy:
    """How predictions are matched to ground truth, and the operating point that questions use by default.

    Attributes:
        iou_thresholds: The ladder of overlap thresholds, ascending, in (0, 1], at most 16. Matched means
            overlap >= threshold.
        max_detections: How many predictions per image and class count, ascending; the last one limits matching.
        area_ranges: Name to (low, high) in square pixels, both ends inclusive; the first one is ``all``.
        iou: Overlap threshold at the operating point; one of the ladder.
        score: Score threshold at the operating point: a prediction counts if score >= it.
        background_iou: Below this overlap with everything a false positive is called background.

    Raises:
        PolicyError: A value has no meaning; the message says which and what is allowed.

    Example:
        >>> Policy(score=0.5).describe()
        'COCO matching per class, IoU >= 0.5, score >= 0.5, at most 100 predictions per image and class'
    """

    iou_thresholds: tuple[float, ...] = COCO_IOU_THRESHOLDS
    max_detections: tuple[int, ...] = (1, 10, 100)
    area_ranges: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: COCO_AREA_RANGES, hash=False
    )
    iou: float = 0.5
    score: float = 0.25
    background_iou: float = 0.1

    def __post_init__(self) -> None:
        """Bring the values to their declared types and reject those without meaning."""
        try:
            plain = {
                "iou_thresholds": tuple(float(value) for value in self.iou_thresholds),
                "max_detections": tuple(int(value) for value in self.max_detections),
                "area_ranges": {
                    str(name): (float(low), float(high)) for name, (low, high) in self.area_ranges.items()
                },
                **{name: float(getattr(self, name)) for name in ("iou", "score", "background_iou")},
            }
        except (TypeError, ValueError, AttributeError) as error:
            raise PolicyError(f"a value of the policy has the wrong type: {error}") from error
        for name, value in plain.items():
            object.__setattr__(self, name, value)
        self._check_ladder()
        self._check_limits()
        self.threshold_index(self.iou)
        if not math.isfinite(self.score):
            raise PolicyError(f"score must be a finite number; found {self.score}. Hint: 0.25 is the default")
        if not 0.0 < self.background_iou < 1.0:
            raise PolicyError(f"background_iou must be in (0, 1); found {self.background_iou}")

    def _check_ladder(self) -> None:
        ladder = self.iou_thresholds
        if not 1 <= len(ladder) <= MOST_THRESHOLDS:
            raise PolicyError(f"iou_thresholds must hold 1 to {MOST_THRESHOLDS} values; found {len(ladder)}")
        if any(not 0.0 < value <= 1.0 for value in ladder):
            raise PolicyError(f"iou_thresholds must be in (0, 1]; found {list(ladder)}")
        if list(ladder) != sorted(set(ladder)):
            raise PolicyError(f"iou_thresholds must ascend without repeats; found {list(ladder)}")

    def _check_limits(self) -> None:
        limits = self.max_detections
        if not limits or limits[0] < 1 or list(limits) != sorted(set(limits)):
            raise PolicyError(f"max_detections must be positive and ascend; found {list(limits)}")
        if next(iter(self.area_ranges), None) != "all":
            raise PolicyError(
                f"area_ranges must start with 'all'; found {list(self.area_ranges)}. "
                "Hint: {'all': (0, 1e10), 'tiny': (0, 256)}"
            )
        for name, (low, high) in self.area_ranges.items():
            if not low <= high < math.inf:
                raise PolicyError(
                    f"area_ranges: {name} must have low <= high, both finite; found ({low}, {high}). "
                    "Hint: 1e10 is COCO's upper end"
                )

    def threshold_index(self, iou: float) -> int:
        """The position of an overlap threshold on the ladder.

        Raises:
            PolicyError: It is not on the ladder; nothing was matched there.
        """
        for index, value in enumerate(self.iou_thresholds):
            if abs(value - iou) < _SAME_THRESHOLD:
                return index
        shown = ", ".join(f"{value:g}" for value in self.iou_thresholds)
        raise PolicyError(
            f"iou={iou:g} is not on the ladder of this policy ({shown}). "
            f"Hint: evaluate with Policy(iou_thresholds=(..., {iou:g}, ...)), --iou-thresholds on the command line"
        )

    @property
    def limit(self) -> int:
        """The largest number of predictions per image and class that takes part."""
        return self.max_detections[-1]

    @property
    def pair_floor(self) -> float:
        """Pairs with less overlap are not kept: nothing asks for them."""
        return min(self.background_iou, self.iou_thresholds[0])

    def describe(self, *, iou: float | None = None, score: float | None = None) -> str:
        """The policy at an operating point as one line for headers, tables and captions."""
        return (
            f"COCO matching per class, IoU >= {self.iou if iou is None else iou:g}, "
            f"score >= {self.score if score is None else score:g}, "
            f"at most {self.limit} predictions per image and class"
        )

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain values, for the manifest of a saved evaluation."""
        return {
            "iou_thresholds": list(self.iou_thresholds),
            "max_detections": list(self.max_detections),
            "area_ranges": {name: list(bounds) for name, bounds in self.area_ranges.items()},
            "iou": self.iou,
            "score": self.score,
            "background_iou": self.background_iou,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Policy:
        """The policy that `to_dict` wrote down."""
        return cls(**values)
