"""The objects that are drawn of each image: the subjects of its examples, and neighbours up to a limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.schema import DrawnObject

MOST_NEIGHBOURS = 24
"""Objects drawn beside the subjects of an image; the others are counted."""

_BOX = ("x", "y", "width", "height")
_ORDER = {"truth": 0, "prediction": 1, "baseline": 2}
_SUBJECTS = {"kind": pl.String, "row": pl.Int64}


@dataclass
class ImageObjects:
    """What is drawn of an image.

    Attributes:
        drawn: The objects, subjects first.
        place: Position in `drawn` of a (kind, row) of the tables.
        hidden: How many objects are left out.
    """

    drawn: list[DrawnObject] = field(default_factory=list)
    place: dict[tuple[str, int], int] = field(default_factory=dict)
    hidden: int = 0


def drawn_objects(
    point: OperatingPoint,
    images: Sequence[int],
    subjects: Iterable[tuple[str, int]],
    *,
    baseline: OperatingPoint | None = None,
    compared: Sequence[int] = (),
) -> dict[int, ImageObjects]:
    """Look up what is drawn of some images.

    Args:
        point: Predictions that do not count there are not drawn.
        images: Image codes.
        subjects: Kind (``truth``, ``prediction``, ``baseline``) and row of the objects that must be drawn.
        baseline: Another model on the same images.
        compared: Codes of images in which its predictions are drawn too.

    Returns:
        An entry per image code. Neighbours are taken in turns: the largest object of the ground truth, the
        surest prediction, the next largest …
    """
    wanted, both = (np.zeros(len(point.evidence.coding.image_keys), np.bool_) for _ in range(2))
    wanted[list(images)] = True
    both[list(compared)] = True
    chosen = pl.DataFrame(list(subjects), schema=_SUBJECTS, orient="row").unique()
    frames = [_truths(point, wanted), _predictions(point, wanted, chosen)]
    if baseline is not None:
        frames.append(_predictions(baseline, both, chosen, kind="baseline"))
    objects = (
        pl.concat(frames, how="diagonal")
        .join(chosen.with_columns(subject=True), on=["kind", "row"], how="left")
        .with_columns(pl.col("subject").fill_null(value=False))
        .sort("importance", descending=True, nulls_last=True, maintain_order=True)
        .with_columns(turn=pl.int_range(pl.len()).over("image", "kind", "subject"))
        .sort(~pl.col("subject"), "turn", pl.col("kind").replace_strict(_ORDER), "row")
        .with_columns(place=pl.int_range(pl.len()).over("image"))
        .with_columns(neighbour=pl.col("place") - pl.col("subject").sum().over("image"))
    )
    entries = {code: ImageObjects() for code in images}
    for row in objects.filter(pl.col("neighbour") < MOST_NEIGHBOURS).sort("image", "place").to_dicts():
        entry = entries[row["image"]]
        entry.place[row["kind"], row["row"]] = row["place"]
        entry.drawn.append(_drawn(row))
    for code, count in objects.group_by("image").len().iter_rows():
        entries[code].hidden = count - len(entries[code].drawn)
    return entries


def _truths(point: OperatingPoint, wanted: NDArray[np.bool_]) -> pl.DataFrame:
    coding = point.evidence.coding
    frame = point.evidence.ground_truth
    importance = pl.col("area") if "area" in frame.columns else pl.lit(None, pl.Float64)
    return _rows(frame, "truth", importance, coding.truth_image, coding.truth_category).filter(
        pl.Series(wanted[coding.truth_image])
    )


def _predictions(
    point: OperatingPoint, wanted: NDArray[np.bool_], chosen: pl.DataFrame, *, kind: str = "prediction"
) -> pl.DataFrame:
    """Those that count, and subjects that do not."""
    drawn = point.kept.copy()
    drawn[chosen.filter(kind=kind)["row"].to_numpy()] = True
    coding = point.evidence.coding
    frame = point.evidence.predictions
    rows = _rows(frame, kind, pl.col("score"), coding.image, coding.category)
    return rows.with_columns(score=frame["score"].round(4)).filter(pl.Series(wanted[coding.image] & drawn))


def _rows(
    frame: pl.DataFrame,
    kind: str,
    importance: pl.Expr,
    image: NDArray[np.int32],
    label: NDArray[np.int32],
) -> pl.DataFrame:
    return frame.select(
        pl.lit(kind).alias("kind"),
        pl.int_range(pl.len()).alias("row"),
        pl.Series("image", image),
        pl.Series("label", label),
        importance.alias("importance"),
        *(pl.col(name).round(2) for name in _BOX if name in frame.columns),
    )


def _drawn(row: dict[str, Any]) -> DrawnObject:
    box = [row[name] for name in _BOX] if "x" in row else None
    return DrawnObject(kind=row["kind"], label=row["label"], box=box, score=row.get("score"))
