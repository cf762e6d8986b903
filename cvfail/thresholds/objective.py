"""What a threshold is chosen for: something to make best, under conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cvfail.errors import PolicyError
from cvfail.metrics.curves.score_curve import ScoreCurve

Best = Literal["f_score", "recall", "false_positives", "cost"]
"""The highest F-β, the highest recall, the fewest false positives, or the lowest cost."""

MEASURES: dict[Best, str] = {
    "f_score": "f_score",
    "recall": "recall",
    "false_positives": "false_positives_per_image",
    "cost": "cost_per_image",
}
"""By which number a choice is judged on other images."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What is made best, and what must hold.

    Attributes:
        best: What is made best.
        beta: Weight of recall in the F-score: recall counts β times as much as precision.
        min_precision: Precision must reach this.
        min_recall: Recall must reach this.
        max_false_positives: False positives per image must not exceed this.
        false_positive_cost: Of a false positive, where no `Costs` are given.
        missed_cost: Of an object that is not found, where no `Costs` are given.

    Raises:
        PolicyError: A number has no meaning, or the choice is empty without a condition.

    Example:
        >>> Objective(best="recall", max_false_positives=0.5).describe()
        'highest recall with at most 0.5 false positives per image'
    """

    best: Best = "f_score"
    beta: float = 1.0
    min_precision: float | None = None
    min_recall: float | None = None
    max_false_positives: float | None = None
    false_positive_cost: float = 1.0
    missed_cost: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.best not in get_args(Best):
            raise PolicyError(f"best must be one of {', '.join(get_args(Best))}; found {self.best!r}")
        for name in ("min_precision", "min_recall"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value <= 1.0:
                raise PolicyError(f"{name} must be in (0, 1]; found {value}")
        for name in ("beta", "max_false_positives", "false_positive_cost", "missed_cost"):
            value = getattr(self, name)
            if value is not None and not (0.0 <= value < np.inf):
                raise PolicyError(f"{name} must be a number >= 0; found {value}")
        if self.best == "recall" and self.min_precision is None and self.max_false_positives is None:
            raise PolicyError(
                "the highest recall needs a condition. Hint: min_precision=0.9 or max_false_positives=0.5"
            )
        if self.best == "false_positives" and self.min_recall is None:
            raise PolicyError("the fewest false positives need a condition. Hint: min_recall=0.9")

    @property
    def measure(self) -> str:
        """By which number the choice is judged."""
        return MEASURES[self.best]

    def describe(self) -> str:
        """The objective as part of a sentence."""
        name = {
            "f_score": f"highest F{self.beta:g}",
            "recall": "highest recall",
            "false_positives": "fewest false positives",
            "cost": "lowest cost",
        }[self.best]
        conditions = [
            (self.min_precision, "precision of at least {:g}"),
            (self.min_recall, "recall of at least {:g}"),
            (self.max_false_positives, "at most {:g} false positives per image"),
        ]
        said = [text.format(value) for value, text in conditions if value is not None]
        return name + (" with " + " and ".join(said) if said else "")

    def why_none(self, curve: ScoreCurve, images: int) -> str:
        """Why no threshold is chosen, where none is."""
        if not curve.objects and (self.best in {"f_score", "recall"} or self.min_recall is not None):
            return "no objects"
        if not curve.scores.size:
            return "no predictions"
        precision, recall = float(curve.precision.max()), float(curve.recall.max())
        fewest = float(curve.wrong[0]) / images if images else np.inf
        broken = {
            f"precision is at most {precision:.3g}": (self.min_precision or 0.0) > precision,
            f"recall is at most {recall:.3g}": (self.min_recall or 0.0) > recall,
            f"the best score alone makes {fewest:.3g} false positives per image": (
                self.max_false_positives is not None and fewest > self.max_false_positives
            ),
            "no object is found": not curve.right[-1],
            "no threshold meets all conditions at once": True,
        }
        return next(reason for reason, is_so in broken.items() if is_so)
