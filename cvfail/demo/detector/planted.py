"""The failure modes that are planted in the demo, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

SMALL = 32.0**2
"""Square pixels below which an object is small."""


@dataclass(frozen=True)
class PlantedMode:
    """Errors that strike some objects beside those that strike all alike.

    Attributes:
        description: One line for people.
        error: What happens: the object is missed, taken for another class, found twice, or its label is wrong.
        where: Which objects it can strike, over the columns of objects and of their images.
        rate: Share of these that it strikes.
        predicted: The class that the object is taken for; None unless the error is a wrong class.
    """

    description: str
    error: Literal["missed", "classification", "duplicate", "label"]
    where: pl.Expr
    rate: float
    predicted: str | None = None


PLANTED_MODES = (
    PlantedMode(
        "small objects are missed at night (time_of_day=night & size=small)",
        error="missed",
        where=(pl.col("time_of_day") == "night") & (pl.col("area") < SMALL),
        rate=0.65,
    ),
    PlantedMode(
        "trucks are taken for buses by one camera (category=truck & camera=cam_c)",
        error="classification",
        where=(pl.col("category") == "truck") & (pl.col("camera") == "cam_c"),
        rate=0.6,
        predicted="bus",
    ),
    PlantedMode(
        "objects are found twice in crowds (density=crowded)",
        error="duplicate",
        where=pl.col("density") == "crowded",
        rate=0.25,
    ),
    PlantedMode(
        "one annotator gives wrong labels (annotator=dora)",
        error="label",
        where=pl.col("annotator") == "dora",
        rate=0.2,
    ),
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
    concerned = [objects.select(mode.where).to_series().to_numpy() for mode in modes]
    return [
        (mode, where & (rng.random(len(objects)) < mode.rate))
        for mode, where in zip(modes, concerned, strict=True)
    ]
