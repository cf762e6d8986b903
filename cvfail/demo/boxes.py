"""Overlap of boxes as plain arrays; a box is left, top, right, bottom in pixels.

Every function takes arrays of shape (..., 4) that broadcast: ``boxes[:, None]`` with ``others`` compares each
of some boxes with each of others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
"""Shape (..., 4)."""


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """Square pixels of each box."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def intersections(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Square pixels that boxes share."""
    shared = np.minimum(boxes[..., 2:], others[..., 2:]) - np.maximum(boxes[..., :2], others[..., :2])
    sides = np.maximum(shared, 0.0)
    area: NDArray[np.float64] = sides[..., 0] * sides[..., 1]
    return area


def overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Intersection over union."""
    shared = intersections(boxes, others)
    return shared / (areas(boxes) + areas(others) - shared)


def covered_share(box: Boxes, covers: Boxes, *, steps: int = 12) -> float:
    """Share of a box (4,) that lies behind any of the covers (m, 4), on a grid of steps × steps points."""
    places = (np.arange(steps) + 0.5) / steps
    x = box[0] + places * (box[2] - box[0])
    y = box[1] + places * (box[3] - box[1])
    across = (covers[:, :1] <= x) & (x < covers[:, 2:3])
    down = (covers[:, 1:2] <= y) & (y < covers[:, 3:])
    return float((across[:, None, :] & down[:, :, None]).any(axis=0).mean())
