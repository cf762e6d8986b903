"""Forecasts: the confidence of every prediction beside what came true of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.probabilities import probability_matrix
from cvfail.tables.arrays import read_only

Numbers = NDArray[np.float64]

Dimension = Literal["x", "y", "width", "height"]
"""Where the centre of the box lies, and its sides, as shares of the image."""

DIMENSIONS: tuple[Dimension, ...] = ("x", "y", "width", "height")


@dataclass(frozen=True)
class Forecasts:
    """The predictions that are right or wrong, with their confidence.

    Attributes:
        row: Prediction row of each in the evaluation, shape (n,).
        scores: Confidence, shape (n,).
        outcomes: 1 where it came true, 0 elsewhere: the predicted class is the label, or the box is matched.
        overlaps: Overlap with the matched object, 0 where there is none, shape (n,); equal to `outcomes` for
            classification.
        category: Code of the predicted class, shape (n,).
        label: Code of the true class, shape (n,); -1 for detection.
        clusters: Code of the cluster of the image, shape (n,).
        probabilities: Probability of each class code, shape (n, K); K is 0 where there are none.
        boxes: The `DIMENSIONS` of the box, shape (n, 4); shape (n, 0) if not asked for.
    """

    row: NDArray[np.int64]
    scores: Numbers
    outcomes: Numbers
    overlaps: Numbers
    category: NDArray[np.int32]
    label: NDArray[np.int32]
    clusters: NDArray[np.int32]
    probabilities: Numbers
    boxes: Numbers

    def __len__(self) -> int:
        return self.scores.size

    @property
    def has_probabilities(self) -> bool:
        """Whether there is a probability of each class."""
        return bool(self.probabilities.shape[1])

    @cached_property
    def cluster_count(self) -> int:
        """How many clusters have forecasts."""
        return int(np.unique(self.clusters).size)

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Forecasts:
        """Some of the forecasts; all of them without a copy."""
        if rows.dtype != np.bool_ and rows.size == len(self):
            return self
        return Forecasts(*(read_only(getattr(self, field.name)[rows]) for field in fields(self)))

    @classmethod
    def of(cls, point: OperatingPoint, *, boxes: bool = False) -> Forecasts:
        """The forecasts of an evaluation at an operating point.

        Args:
            point: The evaluation; for detection its overlap decides what is right and its score what takes part.
            boxes: Whether position and size are needed, as shares of the image.

        Raises:
            QueryError: The predictions have no scores, or boxes are needed and images have no size.
        """
        parts = [
            _of_block(part, block.first_prediction, boxes=boxes)
            for block, part in point.blocks()
            if len(block.evidence.images) or point.evidence.block_count == 1
        ]
        joined = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls))
        return cls(*(read_only(values) for values in joined))


def _of_block(point: OperatingPoint, first: int, *, boxes: bool) -> Forecasts:
    evidence = point.evidence
    coding = evidence.coding
    overlap = np.zeros(point.kept.size)
    label = np.full(point.kept.size, -1, np.int32)
    if evidence.task == "classification":
        rows, truths, _, _ = point.pair_arrays
        labelled = evidence.regular()[truths]
        label[rows[labelled]] = coding.truth_category[truths[labelled]]
        listed = np.flatnonzero(point.kept & (label >= 0) & _has_score(evidence))
        overlap[point.correct] = 1.0
    else:
        listed = np.flatnonzero(point.kept & ~point.neutral)
        rows, _, overlaps = point.hits
        overlap[rows] = overlaps
    return Forecasts(
        row=first + listed,
        scores=evidence.scores[listed],
        outcomes=point.correct[listed].astype(np.float64),
        overlaps=overlap[listed],
        category=coding.category[listed],
        label=label[listed],
        clusters=evidence.clusters[coding.image[listed]],
        probabilities=_probabilities(evidence, listed),
        boxes=_boxes(evidence, listed) if boxes else np.zeros((listed.size, 0)),
    )


def _has_score(evidence: Evidence) -> NDArray[np.bool_]:
    """Where a classifier said how sure it was.

    Raises:
        QueryError: It never did.
    """
    known = evidence.outcomes.column("predictions", "score").is_not_null().to_numpy()
    if known.size and not known.any():
        raise QueryError(
            "the predictions have no scores, so that there is nothing to calibrate. "
            "Hint: from_labels(true, predicted, scores=...) or probabilities=..."
        )
    return np.asarray(known)


def _probabilities(evidence: Evidence, rows: NDArray[np.int64]) -> Numbers:
    """The probability of each class code; without columns where a prediction has none."""
    if "probabilities" not in evidence.outcomes.names("predictions"):
        return np.zeros((rows.size, 0))
    given = evidence.outcomes.column("predictions", "probabilities").gather(rows)
    return np.zeros((rows.size, 0)) if given.null_count() else probability_matrix(evidence, rows)


def _boxes(evidence: Evidence, rows: NDArray[np.int64]) -> Numbers:
    """Centre and sides of boxes as shares of their image.

    Raises:
        QueryError: Predictions are not boxes, or an image has no size.
    """
    if evidence.task != "detection":
        raise QueryError(
            "position and size are those of boxes. Hint: leave dimensions out for classification"
        )
    image = evidence.coding.image[rows]
    sides = evidence.images.select("width", "height").cast(pl.Float64)
    size = sides.to_numpy()[image]
    if rows.size and not np.all(size > 0):
        raise QueryError(
            "calibration by position needs width and height of every image. Hint: give them in images"
        )
    frame = evidence.outcomes.columns("predictions", list(DIMENSIONS))
    x, y, width, height = (frame[name].to_numpy()[rows] for name in DIMENSIONS)
    corners = np.column_stack([x + width / 2, y + height / 2, width, height])
    return np.asarray(corners / np.tile(size, 2))


def chosen_dimensions(names: Sequence[str]) -> list[int]:
    """The columns of `Forecasts.boxes` that are named.

    Raises:
        QueryError: A name is no dimension.
    """
    for name in names:
        if name not in DIMENSIONS:
            raise QueryError(f"there is no dimension {name!r}. Hint: some of {', '.join(DIMENSIONS)}")
    return [DIMENSIONS.index(name) for name in dict.fromkeys(names)]
