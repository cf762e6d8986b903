"""What the simulated detector makes of each object: errors that strike all alike, and planted ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cvfail.demo.detector.mistaken import mistaken
from cvfail.demo.detector.planted import PlantedMode, struck

MISSED, WRONG_CLASS, POOR_BOX, DUPLICATE = 0.08, 0.02, 0.02, 0.015
"""Share of objects that are missed, and of the others that get a wrong class, a poor box, or a second box."""

_FAINT = 0.5
"""Share of missed objects that have a prediction after all, with a score too low to count, if nothing is planted."""

_KINDS = ["faint", "missed", "classification", "displaced", "localisation"]


def fates(rng: np.random.Generator, objects: pl.DataFrame, modes: Sequence[PlantedMode]) -> pl.DataFrame:
    """Draw what becomes of each object.

    Args:
        rng: Draws.
        objects: One row per object with its true class and the attributes of its image.
        modes: Planted modes; those that concern labels do not concern the detector.

    Returns:
        One row per object: kind (found, faint, missed, classification, displaced or localisation), category (the
        class that it is taken for), is_doubled (found twice), shift_x and shift_y (how far a displaced box is off,
        in widths and heights).

    Notes:
        Of several errors that strike the same object, one comes about, in the order of the kinds. A missed object
        has a faint prediction only if every mode that it is missed by leaves one.
    """
    count = len(objects)
    missed, wrong, poor, doubled, faint = (
        rng.random(count) < rate for rate in (MISSED, WRONG_CLASS, POOR_BOX, DUPLICATE, _FAINT)
    )
    faint |= ~missed
    displaced, shift = np.zeros(count, np.bool_), np.zeros((count, 2))
    taken_for = mistaken(rng, objects["category"]).to_numpy(writable=True)
    for mode, strikes in struck(rng, objects, modes):
        if mode.error == "missed":
            missed |= strikes
            faint &= ~strikes | (rng.random(count) < mode.faint)
        elif mode.error == "duplicate":
            doubled |= strikes
        elif mode.error == "classification":
            wrong |= strikes
            taken_for[strikes] = mode.predicted
        elif mode.shift is not None:
            displaced |= strikes
            shift[strikes] = mode.shift
    kind = np.select([missed & faint, missed, wrong, displaced, poor], _KINDS, "found")
    category = np.where(kind == "classification", taken_for, objects["category"].to_numpy())
    return pl.DataFrame(
        {
            "kind": pl.Series(kind, dtype=pl.String),
            "category": pl.Series(category, dtype=pl.String),
            "is_doubled": doubled & (kind == "found"),
            "shift_x": shift[:, 0],
            "shift_y": shift[:, 1],
        }
    )
