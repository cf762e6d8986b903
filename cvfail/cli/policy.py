"""The options that decide what counts as right, shared by every command that asks a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Group, Parameter

from cvfail.matching.policy import Policy

MATCHING = Group("Matching", sort_key=3)

_Several = Parameter(consume_multiple=(1, None))


@Parameter(name="*", group=MATCHING)
@dataclass(frozen=True, kw_only=True)
class PolicyOptions:
    """The operating point, and how predictions are matched to ground truth.

    Attributes:
        iou: Overlap threshold of the operating point; one of the ladder.
        score: Score threshold of the operating point: a prediction counts if its score reaches it.
        iou_thresholds: The ladder of overlap thresholds at which everything is matched.
        max_detections: How many predictions per image and class count.
    """

    iou: Annotated[float | None, Parameter(show_default="0.5, or as RUN was saved")] = None
    score: Annotated[float | None, Parameter(show_default="0.25, or as RUN was saved")] = None
    iou_thresholds: Annotated[
        tuple[float, ...] | None, _Several, Parameter(show_default="0.5 to 0.95 by 0.05")
    ] = None
    max_detections: Annotated[tuple[int, ...] | None, _Several, Parameter(show_default="1 10 100")] = None

    @property
    def point(self) -> dict[str, Any]:
        """What was given of the operating point, which needs no new match."""
        return _given(iou=self.iou, score=self.score)

    @property
    def match(self) -> dict[str, Any]:
        """What was given of the match itself."""
        return _given(iou_thresholds=self.iou_thresholds, max_detections=self.max_detections)

    def policy(self) -> Policy:
        """The policy to match with.

        Raises:
            PolicyError: A value has no meaning.
        """
        return Policy(**self.point, **self.match)


DEFAULT_OPTIONS = PolicyOptions()


def _given(**options: object) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
