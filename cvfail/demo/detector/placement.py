"""Boxes of predictions: around an object, badly around it, and where nothing is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.boxes import Boxes, areas, intersections, overlaps
from cvfail.demo.scenes.camera import HEIGHT, WIDTH

_TRIALS, _GOOD_TRIALS = 64, 12
_WORST_GOOD = 0.6
_POOR = (0.16, 0.42)
"""Overlaps of a poor box: too much for background, too little to be right."""

_APART = 0.04
"""Largest overlap of a stray with an object."""

_COVER_WEIGHT = 0.3
"""A stray inside a much larger object or region hardly overlaps it; this share of what lies inside counts too."""

_NEAR_ROWS = 14.0
_SCATTER = 0.03


def around(rng: np.random.Generator, boxes: Boxes, *, spread: float) -> Boxes:
    """Boxes close to others of shape (n, 4): edges moved by a normal share `spread` of width and height.

    Of some trials per box the first with an overlap of at least 0.6 is taken, so that none is a wrong one.
    """
    moved = _moved(rng, np.repeat(boxes[:, None], _GOOD_TRIALS, axis=1), shift=0.7 * spread, scale=spread)
    first = (overlaps(moved, boxes[:, None]) >= _WORST_GOOD).argmax(axis=1)
    chosen: Boxes = moved[np.arange(len(boxes)), first]
    return chosen


def badly_around(rng: np.random.Generator, box: Boxes, others: Boxes) -> Boxes:
    """A box that overlaps an object too little to be right, and hardly any other object.

    Args:
        rng: Draws trials until one fits.
        box: Of the object, shape (4,).
        others: Of the other objects in the image, shape (m, 4).
    """
    trials = _moved(rng, np.repeat(box[None], _TRIALS, axis=0), shift=0.32, scale=0.3)
    own = overlaps(trials, box)
    in_between = (_POOR[0] <= own) & (own <= _POOR[1])
    strangers = overlaps(trials[:, None], others).max(axis=1, initial=0.0)
    chosen: Boxes = trials[np.argmin(strangers + ~in_between)]
    return chosen


def displaced(rng: np.random.Generator, boxes: Boxes, shift: NDArray[np.float64]) -> Boxes:
    """Boxes of shape (n, 4) moved by a share (n, 2) of their width and height, and a little by chance."""
    size = boxes[:, 2:] - boxes[:, :2]
    return _moved(rng, boxes + np.tile(shift * size, 2), shift=_SCATTER, scale=_SCATTER)


def astray(rng: np.random.Generator, box: Boxes, occupied: Boxes) -> Boxes:
    """A box of the same size that overlaps nothing, if possible at about the same height in the image.

    Args:
        rng: Draws trials until one fits.
        box: Shape (4,).
        occupied: Of all objects in the image, shape (m, 4).
    """
    size = box[2:] - box[:2]
    room = np.maximum(np.array([WIDTH, HEIGHT]) - size, 0.0)
    corner = rng.random((_TRIALS, 2)) * room
    near = np.arange(_TRIALS) < _TRIALS // 2
    corner[near, 1] = np.clip(box[1] + rng.normal(0, _NEAR_ROWS, near.sum()), 0, room[1])
    trials = np.hstack([corner, corner + size])
    on_objects = intersections(trials[:, None], occupied) / areas(box)
    worst = np.maximum(overlaps(trials[:, None], occupied), _COVER_WEIGHT * on_objects).max(
        axis=1, initial=0.0
    )
    apart = worst < _APART
    chosen: Boxes = trials[apart.argmax() if apart.any() else worst.argmin()]
    return chosen


def _moved(rng: np.random.Generator, boxes: Boxes, *, shift: float, scale: float) -> Boxes:
    """Boxes moved and resized by normal shares of their size, kept inside the image."""
    size = boxes[..., 2:] - boxes[..., :2]
    middle = boxes[..., :2] + size / 2 + rng.normal(0, shift, size.shape) * size
    half = size / 2 * np.exp(rng.normal(0, scale, size.shape))
    limits = np.array([WIDTH, HEIGHT])
    return np.concatenate([np.clip(middle - half, 0, limits), np.clip(middle + half, 0, limits)], axis=-1)
