"""The failure modes that are planted in the demo, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

SMALL = 32.0**2
"""Square pixels below which an object is small."""


Cause = Literal["size", "confusion", "duplicates", "label_noise", "threshold", "localisation"]


@dataclass(frozen=True)
class PlantedMode:
    """Errors that strike some objects beside those that strike all alike.

    Attributes:
        description: One line for people.
        cause: Why it happens.
        error: What happens: the object is missed, taken for another class, found with a displaced box or twice,
            or its label is wrong.
        where: Which objects it can strike, over the columns of objects and of their images.
        rate: Share of these that it strikes.
        predicted: The class that the object is taken for; None unless the error is a wrong class.
        faint: Share of the missed objects that have a prediction after all, with a score too low to count; 0 unless
            objects are missed.
        shift: How far boxes are displaced, in widths to the right and heights downwards; None unless they are.
    """

    description: str
    cause: Cause
    error: Literal["missed", "classification", "localisation", "duplicate", "label"]
    where: pl.Expr
    rate: float
    predicted: str | None = None
    faint: float = 0.0
    shift: tuple[float, float] | None = None


PLANTED_MODES = (
    PlantedMode(
        "small objects are missed at night (time_of_day=night & size=small)",
        cause="size",
        error="missed",
        where=(pl.col("time_of_day") == "night") & (pl.col("area") < SMALL),
        rate=0.72,
        faint=0.1,
    ),
    PlantedMode(
        "trucks are taken for buses by one camera (category=truck & camera=cam_c)",
        cause="confusion",
        error="classification",
        where=(pl.col("category") == "truck") & (pl.col("camera") == "cam_c"),
        rate=0.8,
        predicted="bus",
    ),
    PlantedMode(
        "objects are found twice in crowds (density=crowded)",
        cause="duplicates",
        error="duplicate",
        where=pl.col("density") == "crowded",
        rate=0.22,
    ),
    PlantedMode(
        "one annotator gives wrong labels (annotator=dora)",
        cause="label_noise",
        error="label",
        where=pl.col("annotator") == "dora",
        rate=0.16,
    ),
    PlantedMode(
        "in rain scores are too low to count (weather=rain)",
        cause="threshold",
        error="missed",
        where=pl.col("weather") == "rain",
        rate=0.55,
        faint=1.0,
    ),
    PlantedMode(
        "boxes of objects that the border cuts are too high by half a height (truncation=partial)",
        cause="localisation",
        error="localisation",
        where=pl.col("truncation") == "partial",
        rate=0.6,
        shift=(0.0, -0.5),
    ),
)


def after_retraining(modes: Sequence[PlantedMode]) -> tuple[PlantedMode, ...]:
    """The modes of a detector that was retrained for small objects: its duplicates are twice as frequent."""
    return tuple(
        replace(mode, rate=2 * mode.rate) if mode.cause == "duplicates" else mode
        for mode in modes
        if mode.cause != "size"
    )


def struck(
    rng: np.random.Generator, objects: pl.DataFrame, modes: Sequence[PlantedMode]
) -> list[tuple[PlantedMode, NDArray[np.bool_]]]:
    """Each mode with a mask of the objects that it strikes.

    Args:
        rng: Draws them.
        objects: One row per object, with the attributes of its image.
        modes: Those to draw.
    """
    return [(mode, _picked(rng, objects.select(mode.where).to_series(), mode.rate)) for mode in modes]


def _picked(rng: np.random.Generator, concerned: pl.Series, rate: float) -> NDArray[np.bool_]:
    """A mask of a share of the rows that are concerned, to the nearest row."""
    rows = rng.permutation(np.flatnonzero(concerned.to_numpy()))
    picked = np.zeros(len(concerned), np.bool_)
    picked[rows[: round(rate * len(rows))]] = True
    return picked
