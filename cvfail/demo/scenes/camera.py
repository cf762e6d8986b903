"""A pinhole camera above a street: metres in, pixels out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.models.solids import Points

WIDTH, HEIGHT = 320, 240
"""Pixels of every image."""

NEAREST = 1.5
"""Metres; what is nearer to the camera is moved there, so that nothing projects from behind it."""


@dataclass(frozen=True)
class Camera:
    """Where the camera stands in the street and what it sees.

    Attributes:
        x: Metres to the right of the middle of the road.
        height: Metres above the road.
        vanishing_x: Pixel column in which lines along the street meet.
        horizon: Pixel row of the horizon.
        focal: Focal length in pixels.
    """

    x: float
    height: float
    vanishing_x: float
    horizon: float
    focal: float

    def project(self, points: Points) -> NDArray[np.float64]:
        """Pixels of points of shape (..., 3), as shape (..., 2)."""
        z = np.maximum(points[..., 2], NEAREST)
        across = self.vanishing_x + self.focal * (points[..., 0] - self.x) / z
        down = self.horizon + self.focal * (self.height - points[..., 1]) / z
        return np.stack([across, down], axis=-1)

    def box(self, points: Points) -> tuple[float, float, float, float]:
        """The corners left, top, right, bottom of the pixels that points of shape (n, 3) span."""
        pixels = self.project(points)
        left, top = pixels.min(axis=0)
        right, bottom = pixels.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    @staticmethod
    def is_inside(box: NDArray[np.float64], *, margin: float = 1.0) -> bool:
        """Whether a box (left, top, right, bottom) lies inside the image, this far from its border."""
        left, top, right, bottom = box.tolist()
        return bool(min(left, top, WIDTH - right, HEIGHT - bottom) >= margin)

    def visible_box(self, sides: Points) -> NDArray[np.float64]:
        """The corners, as `box`, of what the left and right border leave of lines with ends of shape (2, n, 3).

        Some of it must be inside.
        """
        start, end = self.project(sides)
        ends = np.concatenate([start, end])
        shown = [ends[(ends[:, 0] >= 0.0) & (ends[:, 0] <= WIDTH)]]
        for border in (0.0, float(WIDTH)):
            crosses = (start[:, 0] - border) * (end[:, 0] - border) < 0.0
            here, there = start[crosses], end[crosses]
            share = (border - here[:, :1]) / (there[:, :1] - here[:, :1])
            rows = here[:, 1:] + share * (there - here)[:, 1:]
            shown.append(np.hstack([np.full_like(rows, border), rows]))
        places = np.concatenate(shown)
        return np.concatenate([places.min(axis=0), places.max(axis=0)])

    def column(self, x: float, z: float) -> float:
        """The pixel column of a place on the ground."""
        return self.vanishing_x + self.focal * (x - self.x) / max(z, NEAREST)

    def sees(self, x: float, z: float) -> bool:
        """Whether a place on the ground is inside the image from left to right."""
        return 0.0 < self.column(x, z) < WIDTH

    @property
    def eye(self) -> Points:
        """The position of the camera."""
        return np.array([self.x, self.height, 0.0])
