"""Which class an object is taken for when it is taken for a wrong one."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.demo.models.catalogue import CATEGORIES

_GROUPS = {
    "car": "vehicle",
    "truck": "vehicle",
    "bus": "vehicle",
    "pedestrian": "person",
    "cyclist": "person",
    "traffic_sign": "sign",
}
_UNLIKE = 0.12
_ROUNDS = 200


def mistaken(rng: np.random.Generator, categories: pl.Series) -> pl.Series:
    """Draw a wrong class for every object.

    Args:
        rng: Draws.
        categories: The true class of all objects, text.

    Returns:
        Another class for each.

    Notes:
        Classes that look alike are taken for each other more often. Mistakes are in balance: as many a are taken
        for b as b for a, so that wrong classes are equally frequent among true and among predicted classes, and
        rates by either do not depend on the class.
    """
    numbers = categories.replace_strict(
        list(CATEGORIES), range(len(CATEGORIES)), return_dtype=pl.Int64
    ).to_numpy()
    counts = np.bincount(numbers, minlength=len(CATEGORIES))
    reached = np.cumsum(_balanced(counts), axis=1)[numbers]
    drawn = (reached < rng.random(len(numbers))[:, None]).sum(axis=1)
    return pl.Series(categories.name, [CATEGORIES[number] for number in drawn], dtype=pl.String)


def _balanced(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities of the wrong class by true class: a symmetric table with the row sums `counts`, normalised."""
    group = [_GROUPS[name] for name in CATEGORIES]
    alike = np.array([[1.0 if a == b else _UNLIKE for b in group] for a in group])
    np.fill_diagonal(alike, 0.0)
    weight = np.ones(len(counts))
    for _ in range(_ROUNDS):
        weight = np.sqrt(weight * (counts + 1e-9) / (alike @ weight))
    flow: NDArray[np.float64] = weight[:, None] * alike * weight
    flow /= flow.sum(axis=1, keepdims=True)
    return flow
