"""The images that the simulated detector was trained on, by their attributes alone."""

from __future__ import annotations

import numpy as np
import polars as pl

from cvfail.demo.annotations import IMAGE_ATTRIBUTES

TIMES_AS_MANY = 4
"""Training images per image of the demo."""

NIGHT_SHARE = 0.12
"""Share of nights among training images if failures are planted: small objects are missed at night because of it."""


def training_table(rng: np.random.Generator, images: pl.DataFrame, *, planted: bool) -> pl.DataFrame:
    """One row per training image: image_id and the columns of `IMAGE_ATTRIBUTES`.

    Args:
        rng: Draws the rows.
        images: Those of the demo, as `cvfail.demo.annotations.image_table` makes them.
        planted: Whether nights are rare. Otherwise, and in all other attributes, training images are like the
            demo's: their values are drawn from it together.
    """
    count = TIMES_AS_MANY * len(images)
    is_night = (images["time_of_day"] == "night").to_numpy()
    weight = np.ones(len(images))
    if planted and 0 < is_night.sum() < len(images):
        weight = np.where(is_night, NIGHT_SHARE / is_night.sum(), (1 - NIGHT_SHARE) / (~is_night).sum())
    rows = rng.choice(len(images), count, p=weight / weight.sum()) if count else np.empty(0, np.int64)
    return images[rows].select(pl.int_range(1, pl.len() + 1).alias("image_id"), *IMAGE_ATTRIBUTES)
