"""What a measurement was made on, as digests: the same images, labels and policy give the same ones anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import polars as pl

from cvfail.evidence.evidence import Evidence, Task

_OF_TRUTH = ("image_id", "category_id", "x", "y", "width", "height", "is_crowd", "is_ignored")
_OF_PREDICTIONS = ("image_id", "category_id", "score", "x", "y", "width", "height")

_TOLD = {
    "task": "the task",
    "images": "the images (or their clusters)",
    "classes": "the classes",
    "ground_truth": "the ground truth",
}


class Identity(msgspec.Struct, frozen=True):
    """What a model was measured on, and which predictions it made.

    Attributes:
        task: ``detection`` or ``classification``.
        policy: How predictions were matched, without the operating point.
        iou: Overlap threshold.
        score: Score threshold.
        images: Digest of the ids of images and clusters.
        classes: Digest of the ids and names of classes.
        ground_truth: Digest of the labels: image, class, box and flags, in any order of rows.
        predictions: Digest of the predictions likewise, with their scores.
    """

    task: Task
    policy: dict[str, Any]
    iou: float
    score: float
    images: str
    classes: str
    ground_truth: str
    predictions: str

    @classmethod
    def of(cls, evidence: Evidence, *, iou: float, score: float) -> Identity:
        """The identity of evidence at an operating point."""
        outcomes = evidence.outcomes
        truth = [name for name in _OF_TRUTH if name in outcomes.names("ground_truth")]
        predictions = [name for name in _OF_PREDICTIONS if name in outcomes.names("predictions")]
        policy = {
            name: value for name, value in evidence.policy.to_dict().items() if name not in {"iou", "score"}
        }
        return cls(
            task=evidence.task,
            policy=msgspec.json.decode(msgspec.json.encode(policy)),
            iou=iou,
            score=score,
            images=digest(evidence.images.select("image_id", "cluster_id")),
            classes=digest(evidence.categories.select("category_id", "name")),
            ground_truth=digest(outcomes.columns("ground_truth", truth)),
            predictions=digest(outcomes.columns("predictions", predictions)),
        )

    @property
    def inputs(self) -> str:
        """Twelve digits that name task, images, classes and labels together."""
        told = [self.task, self.images, self.classes, self.ground_truth]
        return blake2b(msgspec.json.encode(told), digest_size=6).hexdigest()

    def differences(self, other: Identity) -> list[str]:
        """What keeps two measurements from being compared, one sentence each; predictions are not looked at."""
        found = [
            f"{told} differ{'s' if name in {'task', 'ground_truth'} else ''}"
            for name, told in _TOLD.items()
            if getattr(self, name) != getattr(other, name)
        ]
        found += _unlike(self.policy, other.policy)
        if self.iou != other.iou:
            found.append(f"IoU >= {self.iou:g} in the first, {other.iou:g} in the second")
        return found

    def is_same_model(self, other: Identity) -> bool:
        """Whether both have the same predictions on the same data at the same operating point."""
        return not self.differences(other) and (self.score, self.predictions) == (
            other.score,
            other.predictions,
        )


def _unlike(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} is {ours.get(name)} in the first and {theirs.get(name)} in the second"
        for name in ours
        if ours[name] != theirs.get(name)
    ]


def digest(frame: pl.DataFrame) -> str:
    """Thirty-two hexadecimal digits that name the rows of a table in any order.

    Example:
        >>> frame = pl.DataFrame({"id": ["a", "b"], "x": [0.5, None]})
        >>> digest(frame) == digest(frame.reverse()), digest(frame) == digest(frame.with_columns(x=0.5))
        (True, False)
    """
    made = blake2b(digest_size=16)
    ordered = frame.sort(frame.columns, nulls_last=True)
    for column in ordered:
        made.update(f"{column.name}\0{len(column)}\0".encode())
        made.update(np.packbits(column.is_null().to_numpy()).tobytes())
        made.update(_bytes(column))
    return made.hexdigest()


def _bytes(column: pl.Series) -> bytes:
    if column.dtype == pl.Boolean:
        return column.fill_null(value=False).cast(pl.UInt8).to_numpy().tobytes()
    if column.dtype.is_numeric():
        kind: Sequence[Any] = (pl.Float64, "<f8") if column.dtype.is_float() else (pl.Int64, "<i8")
        return column.cast(kind[0]).fill_null(0).to_numpy().astype(kind[1]).tobytes()
    return msgspec.json.encode(column.cast(pl.String).fill_null("").to_list())
