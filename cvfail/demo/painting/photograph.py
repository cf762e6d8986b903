"""What lens and sensor make of a picture: blur, vignetting, the camera's tint, grain."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.painting.noise import grain, window
from cvfail.demo.scenes.camera import HEIGHT, WIDTH
from cvfail.demo.scenes.conditions import Conditions

if TYPE_CHECKING:
    from PIL import Image

_TINTS = {
    "cam_a": (1.0, 1.0, 1.0),
    "cam_b": (1.06, 1.0, 0.9),
    "cam_c": (0.93, 1.01, 1.08),
    "cam_d": (1.04, 0.98, 1.03),
}
_GRAIN = {"cam_a": 1.1, "cam_b": 1.6, "cam_c": 1.3, "cam_d": 2.2}


def photograph(rng: np.random.Generator, light: NDArray[np.float32], conditions: Conditions) -> Image.Image:
    """Take a picture of linear light (height, width, 3)."""
    from PIL import Image

    exposure = np.float32(1.0 if conditions.time_of_day == "night" else 1.25)
    exposed = _toned(light * exposure * _lens(conditions.camera))
    strength = _GRAIN[conditions.camera] * (1.6 if conditions.time_of_day == "night" else 1.0)
    if conditions.blur == "blurred":
        exposed = np.asarray(_blurred(rng, Image.fromarray(_levels(exposed))), np.float32)
    return Image.fromarray(_levels(exposed + np.float32(strength) * window(rng, grain())))


@cache
def _lens(camera: str) -> NDArray[np.float32]:
    """What reaches the sensor: less in the corners, tinted."""
    rows, columns = np.ogrid[0:HEIGHT, 0:WIDTH]
    distance = np.hypot((columns - WIDTH / 2) / (WIDTH / 2), (rows - HEIGHT / 2) / (HEIGHT / 2))
    vignette = 1.0 - 0.2 * distance[..., None] ** 2.4
    return np.asarray(vignette * np.array(_TINTS[camera]), np.float32)


def _toned(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values in [0, 255]: darker shadows, and highlights that roll off instead of clipping."""
    value = np.sqrt(np.clip(light, 0.0, None))
    value *= (1.0 + 0.12 * value) / (1.0 + 0.12 * value**3)
    value *= 255.0 * (0.82 + 0.36 * value - 0.18 * value**2)
    return value


def _levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)


def _blurred(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Out of focus, or moved while the shutter was open."""
    from PIL import ImageFilter

    if rng.random() < 0.5:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.9, 1.4)))
    return image.filter(ImageFilter.BoxBlur((rng.uniform(1.4, 2.1), 0.3)))
