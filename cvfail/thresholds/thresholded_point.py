"""An operating point whose score threshold depends on the class and the image of a prediction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Block
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.arrays import column_array
from cvfail.thresholds.thresholds import Thresholds, describe_without_score


@dataclass(frozen=True)
class ThresholdedPoint(OperatingPoint):
    """Outcomes at thresholds of classes and slices, without matching.

    Greedy matching is done in each image for each class by itself, in descending score. A threshold of the class
    and the image drops the low end of such a list, which changes nothing above it.

    Attributes:
        evidence: The matched tables.
        iou: Overlap threshold; one of the policy's ladder.
        score: The lowest of the thresholds that are finite.
        thresholds: From which score on each prediction counts.
    """

    thresholds: Thresholds

    @classmethod
    def at(cls, point: OperatingPoint, thresholds: Thresholds) -> ThresholdedPoint:
        """The point at other thresholds."""
        finite = [value for value in thresholds.df["threshold"] if np.isfinite(value)]
        return cls(point.evidence, point.iou, min(finite, default=point.score), thresholds)

    def describe(self) -> str:
        """The policy and the thresholds as one line for captions."""
        return f"{describe_without_score(self)}, scores >= thresholds {self.thresholds.hash}"

    def on(self, block: Block) -> OperatingPoint:
        """The operating point on a block of the evidence."""
        if block.evidence is self.evidence:
            return self
        return ThresholdedPoint(block.evidence, self.iou, self.score, self.thresholds)

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """Predictions that take part: score high enough for their class and image, rank below the limit."""
        ranks = column_array(self._outcomes, "rank", np.int32)
        own = self.thresholds.of_predictions(Block(self.evidence, 0, 0, 0))
        return np.asarray((self.scores >= own) & (ranks < self.evidence.policy.limit))
