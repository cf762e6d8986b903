"""Night: where lamps light up the street, and how lights spread on the sensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.scenes.camera import HEIGHT, WIDTH, Camera
from cvfail.demo.scenes.street import Thing

if TYPE_CHECKING:
    from PIL import Image

_WARM = np.array([1.0, 0.78, 0.5])
_WHITE = np.array([1.0, 0.96, 0.86])
_AMBIENT = np.array([0.085, 0.092, 0.12])
_CELL = 4
"""Pixels per cell of the coarse grid on which light is added up."""

_RESPONSE = (np.arange(256, dtype=np.float32) / np.float32(255.0)) ** np.float32(1.6)
"""Linear light of each value of a glowing pixel."""


def illumination(camera: Camera, things: Sequence[Thing]) -> NDArray[np.float32]:
    """How much light falls on what each pixel shows, shape (height, width, 3).

    Lamps light an ellipse on the ground and the air above it; headlights light the ground ahead of a vehicle;
    the camera's own vehicle lights what is near.
    """
    total = np.zeros((HEIGHT // _CELL, WIDTH // _CELL, 3)) + _AMBIENT
    _add(total, camera, (camera.x, 0.3, 11.0), (3.4, 1.9), 0.42 * _WHITE)
    for thing in things:
        x, z = thing.placing.x, thing.placing.z
        if thing.model.startswith("lamp"):
            inward = x - 1.3 * np.sign(x)
            _add(total, camera, (inward, 0.2, z), (5.2, 1.6), 0.55 * _WARM)
            _add(total, camera, (inward, 2.6, z), (3.6, 3.2), 0.3 * _WARM)
        elif thing.category in {"car", "truck", "bus"}:
            ahead = thing.placing.moved(np.array([[0.0, 0.0, 5.0]]))[0]
            _add(total, camera, (ahead[0], 0.0, ahead[2]), (2.4, 0.55), 0.45 * _WHITE)
    return np.clip(_enlarged(total), 0.0, None)


def _add(
    total: NDArray[np.float64],
    camera: Camera,
    place: tuple[float, float, float],
    reach: tuple[float, float],
    light: NDArray[np.float64],
) -> None:
    """Add a spot of light; reach is its half-width and half-height in metres at its place."""
    if place[2] < 2.0:
        return
    x, y = camera.project(np.array(place)) / _CELL
    scale = camera.focal / place[2] / _CELL
    across = np.exp(-(((np.arange(total.shape[1]) - x) / (reach[0] * scale)) ** 2))
    down = np.exp(-(((np.arange(total.shape[0]) - y) / (reach[1] * scale)) ** 2))
    total += (down[:, None] * across)[..., None] * light


def bloom(glow: Image.Image) -> NDArray[np.float32]:
    """Glowing faces and the light around them, linear, shape (height, width, 3)."""
    from PIL import ImageFilter

    sharp = _as_light(glow)
    near = _as_light(glow.filter(ImageFilter.GaussianBlur(1.3)))
    small = glow.reduce(_CELL)
    middle, wide = (_as_light(small.filter(ImageFilter.GaussianBlur(radius))) for radius in (1.2, 4.0))
    return 0.9 * sharp + 1.2 * near + _enlarged(1.6 * middle + 2.2 * wide)


def _as_light(image: Image.Image) -> NDArray[np.float32]:
    light: NDArray[np.float32] = _RESPONSE[np.asarray(image)]
    return light


def _enlarged(grid: NDArray[np.floating]) -> NDArray[np.float32]:
    """A coarse grid (rows, columns, 3) at the size of the image."""
    from PIL import Image

    planes = [
        Image.fromarray(np.ascontiguousarray(grid[..., channel], np.float32)).resize(
            (WIDTH, HEIGHT), Image.Resampling.BILINEAR
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)
