"""A simulated detector, whose errors depend on no attribute unless they are planted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.demo.annotations import CORNERS, corners
from cvfail.demo.boxes import Boxes
from cvfail.demo.detector.fates import fates
from cvfail.demo.detector.placement import around, astray, badly_around, displaced
from cvfail.demo.detector.planted import PlantedMode

STRAY = 0.14
"""Strays where nothing is, per object."""

_SCORES = {
    "found": (9.0, 2.4),
    "classification": (4.5, 3.5),
    "localisation": (4.0, 4.5),
    "displaced": (4.0, 4.5),
    "stray": (1.7, 3.4),
    "region": (3.0, 3.0),
}
"""Parameters of the beta distribution of scores, by kind of prediction."""

_FAINTEST, _FAINT_BELOW = 0.06, 0.24
_SPREAD, _LOOSE_SPREAD = 0.06, 0.1
_IN_A_REGION = 3


def detect(
    rng: np.random.Generator, images: pl.DataFrame, objects: pl.DataFrame, modes: Sequence[PlantedMode]
) -> pl.DataFrame:
    """Predictions for every image.

    Args:
        rng: Draws every error.
        images: As `cvfail.demo.annotations.image_table` makes it.
        objects: As `object_table` makes it, with true classes: the detector does not know the labels.
        modes: Planted modes.

    Returns:
        One row per prediction, image after image: image_id, category, left, top, right, bottom, score, kind
        (found, faint, classification, localisation, displaced, duplicate, stray or region).

    Notes:
        Each error strikes with the same probability whatever the object, and boxes move in proportion to their
        size. Every object has the same chance of a stray elsewhere in its image, of its own class and size, so
        that there are as many strays per object in every slice by attribute of images, class or size.
    """
    singles = objects.filter(~pl.col("is_crowd"))
    fate = fates(rng, singles.join(images, on="image_id", how="left", maintain_order="left"), modes)
    first, second = _on_objects(rng, singles, fate)
    strays = _strays(rng, singles, objects)
    regions = _inside(rng, objects.filter("is_crowd"))
    return (
        pl.concat([first, second, strays, regions])
        .sort("image_id", maintain_order=True)
        .with_columns(pl.col(*CORNERS).round(2), pl.col("score").round(4))
    )


def _on_objects(
    rng: np.random.Generator, singles: pl.DataFrame, fate: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The prediction on each object that is not missed, and the second ones on those found twice."""
    seen = singles.with_columns(fate).filter(pl.col("kind") != "missed")
    boxes, of_image = corners(seen), _by_image(singles)
    placed = around(rng, boxes, spread=_SPREAD)
    for row in np.flatnonzero(seen["kind"] == "localisation"):
        neighbours = of_image[seen["image_id"][int(row)]]
        others = neighbours[(neighbours != boxes[row]).any(axis=1)]
        placed[row] = badly_around(rng, boxes[row], others)
    off = (seen["kind"] == "displaced").to_numpy()
    placed[off] = displaced(rng, boxes[off], seen.select("shift_x", "shift_y").to_numpy()[off])
    score = _scores(rng, seen["kind"])
    doubled = seen["is_doubled"].to_numpy()
    again = around(rng, boxes[doubled], spread=_LOOSE_SPREAD)
    lower = score[doubled] * rng.uniform(0.45, 0.8, int(doubled.sum()))
    second = seen.filter(doubled).with_columns(kind=pl.lit("duplicate"))
    return _predictions(seen, placed, score), _predictions(second, again, lower)


def _strays(rng: np.random.Generator, singles: pl.DataFrame, objects: pl.DataFrame) -> pl.DataFrame:
    """Predictions where nothing is, as many in proportion to objects everywhere."""
    copied = singles.filter(rng.random(len(singles)) < STRAY).with_columns(kind=pl.lit("stray"))
    of_image = _by_image(objects)
    boxes = [
        astray(rng, box, of_image[image])
        for box, image in zip(corners(copied), copied["image_id"], strict=True)
    ]
    return _predictions(copied, np.array(boxes).reshape(-1, 4), _scores(rng, copied["kind"]))


def _inside(rng: np.random.Generator, regions: pl.DataFrame) -> pl.DataFrame:
    """Some people found in every crowd region; they count neither for nor against the detector."""
    found = regions.select(pl.all().repeat_by(_IN_A_REGION).list.explode(), kind=pl.lit("region"))
    outer = corners(found)
    size = outer[:, 2:] - outer[:, :2]
    low = outer[:, :2] + rng.uniform(0.0, 0.6, size.shape) * size * [1.0, 0.2]
    boxes = np.hstack([low, low + size * [0.3, 0.8]])
    return _predictions(found, boxes, _scores(rng, found["kind"]))


def _by_image(objects: pl.DataFrame) -> dict[int, Boxes]:
    parts = objects.partition_by("image_id", as_dict=True, maintain_order=True)
    return {int(image): corners(part) for (image,), part in parts.items()}


def _scores(rng: np.random.Generator, kinds: pl.Series) -> NDArray[np.float64]:
    """A score for each prediction, from the distribution of its kind."""
    faint = (kinds == "faint").to_numpy()
    a, b = np.array([_SCORES.get(kind, (1.0, 1.0)) for kind in kinds]).reshape(-1, 2).T
    return np.where(faint, rng.uniform(_FAINTEST, _FAINT_BELOW, len(kinds)), rng.beta(a, b))


def _predictions(rows: pl.DataFrame, boxes: Boxes, scores: NDArray[np.float64]) -> pl.DataFrame:
    sides = [pl.Series(name, boxes[:, column]) for column, name in enumerate(CORNERS)]
    return rows.select("image_id", "category", *sides, pl.Series("score", scores), "kind")
