"""A whole demo without its pictures: scenes, objects with their labels, predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cvfail.demo.annotations import image_table, object_table
from cvfail.demo.detector.detection import detect
from cvfail.demo.detector.mistaken import mistaken
from cvfail.demo.detector.planted import PLANTED_MODES, PlantedMode, after_retraining, struck
from cvfail.demo.scenes.composing import Scene, compose
from cvfail.demo.scenes.conditions import draw_conditions
from cvfail.demo.training import training_table
from cvfail.errors import PolicyError


@dataclass(frozen=True)
class Simulation:
    """What there is to write.

    Attributes:
        scenes: One per image.
        images: See `cvfail.demo.annotations.image_table`.
        objects: See `object_table`; and label, the class that the annotator gave.
        predictions: See `cvfail.demo.detector.detection.detect`.
        retrained: The same of a second detector, which `cvfail.demo.detector.planted.after_retraining` describes.
        training: What the detector was trained on, see `cvfail.demo.training.training_table`.
        modes: The planted modes.
    """

    scenes: tuple[Scene, ...]
    images: pl.DataFrame
    objects: pl.DataFrame
    predictions: pl.DataFrame
    retrained: pl.DataFrame
    training: pl.DataFrame
    modes: tuple[PlantedMode, ...]


def simulate(*, images: int = 320, seed: int = 7, planted: bool = True) -> Simulation:
    """Draw scenes, labels and predictions.

    Args:
        images: How many.
        seed: Of everything random; scenes do not depend on `planted`.
        planted: Whether the errors include the planted modes.

    Raises:
        PolicyError: `images` or `seed` is negative.

    Example:
        >>> simulation = simulate(images=3)
        >>> simulation.images["time_of_day"].to_list()
        ['night', 'day', 'night']
    """
    if images < 0 or seed < 0:
        raise PolicyError(f"images and seed must not be negative; found images={images}, seed={seed}")
    conditions_rng, label_rng, *detector_rngs, training_rng = np.random.default_rng(seed).spawn(5)
    conditions = draw_conditions(conditions_rng, images)
    scenes = tuple(compose(np.random.default_rng([seed, i]), c) for i, c in enumerate(conditions))
    image_rows, objects = image_table(scenes), object_table(scenes)
    modes = PLANTED_MODES if planted else ()
    first, second = (
        detect(rng, image_rows, objects, [mode for mode in of_detector if mode.error != "label"])
        for rng, of_detector in zip(detector_rngs, (modes, after_retraining(modes)), strict=True)
    )
    return Simulation(
        scenes=scenes,
        images=image_rows,
        objects=_labelled(label_rng, image_rows, objects, [m for m in modes if m.error == "label"]),
        predictions=first,
        retrained=second,
        training=training_table(training_rng, image_rows, planted=planted),
        modes=modes,
    )


def _labelled(
    rng: np.random.Generator, images: pl.DataFrame, objects: pl.DataFrame, modes: list[PlantedMode]
) -> pl.DataFrame:
    """The objects with the class that their annotator gave them."""
    with_images = objects.join(images, on="image_id", how="left", maintain_order="left")
    wrong = mistaken(rng, objects["category"])
    label = objects["category"]
    for _, strikes in struck(rng, with_images, modes):
        label = wrong.zip_with(pl.Series(strikes) & ~objects["is_crowd"], label)
    return objects.with_columns(label=label)
