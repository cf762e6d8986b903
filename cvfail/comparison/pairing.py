"""Two models at their operating points on the same images and labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.likeness import refuse_unlike
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.dataset import Dataset

Score = float | tuple[float, float] | None
"""A score threshold for both models, or one for each; None for each model's own."""


@dataclass(frozen=True)
class Pair:
    """Two models that can be compared.

    Attributes:
        first: The baseline.
        second: The candidate.
        left_out: Images that only one of the two has, which were left out.
    """

    first: OperatingPoint
    second: OperatingPoint
    left_out: int = 0

    @classmethod
    def of(
        cls,
        first: Evidence,
        second: Evidence,
        *,
        iou: float | None = None,
        score: Score = None,
        intersection: bool = False,
    ) -> Pair:
        """Put two models side by side.

        Args:
            first: The baseline.
            second: The candidate.
            iou: Overlap threshold of both; the baseline's if not given.
            score: Score thresholds.
            intersection: Leave out images that only one of the two has, instead of refusing.

        Raises:
            PolicyError: Images, labels, classes or policies differ; the message lists how.
        """
        left_out = 0
        if intersection:
            first, second, left_out = _shared(first, second)
        refuse_unlike(first, second)
        scores = score if isinstance(score, tuple) else (score, score)
        iou = first.policy.iou if iou is None else iou
        points = [
            OperatingPoint.of(one, iou=iou, score=own)
            for one, own in zip((first, second), scores, strict=True)
        ]
        return cls(points[0], points[1], left_out)

    @property
    def models(self) -> tuple[OperatingPoint, OperatingPoint]:
        """The two, the baseline first."""
        return self.first, self.second

    @property
    def evidence(self) -> Evidence:
        """The baseline's evidence, for what both have: images, classes, labels."""
        return self.first.evidence

    def describe(self) -> str:
        """How both were matched, and what was left out."""
        told = self.evidence.describe(iou=self.first.iou, score=self.first.score)
        if self.evidence.task == "detection" and self.first.score != self.second.score:
            told += f" for the baseline and >= {self.second.score:g} for the candidate"
        return f"{told}; {self.left_out} images of one model alone left out" if self.left_out else told


def _shared(first: Evidence, second: Evidence) -> tuple[Evidence, Evidence, int]:
    """Both models on the images that both have, matched anew, and how many images that leaves out."""
    ours, theirs = (one.images["image_id"] for one in (first, second))
    if ours.dtype != theirs.dtype:
        raise PolicyError(f"image ids are {ours.dtype} in the first and {theirs.dtype} in the second")
    shared = ours.filter(ours.is_in(theirs.implode()))
    left_out = len(ours) + len(theirs) - 2 * len(shared)
    if not left_out:
        return first, second, 0
    kept = [make_evidence(_only(one.data, shared), one.policy) for one in (first, second)]
    return kept[0], kept[1], left_out


def _only(data: Dataset, images: pl.Series) -> Dataset:
    """The rows of some images."""
    wanted = pl.col("image_id").is_in(images.implode())
    tables = ("images", "ground_truth", "predictions")
    return replace(data, **{name: getattr(data, name).filter(wanted) for name in tables})
