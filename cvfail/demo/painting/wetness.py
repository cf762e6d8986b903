"""Rain on the ground: a wet road mirrors the street."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.scenes.camera import HEIGHT, Camera

if TYPE_CHECKING:
    from PIL import Image

_MIRROR_BELOW_HORIZON = 24
"""Pixel rows from the horizon to where the street meets the ground, on average."""


def mirrored_in_water(light: NDArray[np.float32], water: Image.Image, camera: Camera) -> NDArray[np.float32]:
    """The picture with a smeared mirror image of it on wet ground.

    Args:
        light: Linear light, shape (height, width, 3).
        water: Where the ground is wet, as large.
        camera: Knows the horizon.
    """
    from PIL import Image, ImageFilter

    line = round(camera.horizon) + _MIRROR_BELOW_HORIZON
    rows = np.clip(2 * line - np.arange(HEIGHT), 0, HEIGHT - 1)
    upside_down = Image.fromarray(np.clip(255 * np.sqrt(light[rows]), 0, 255).astype(np.uint8))
    smeared = upside_down.filter(ImageFilter.BoxBlur((1.5, 12)))
    mirror = (np.asarray(smeared, np.float32) / np.float32(255.0)) ** 2
    share = np.asarray(water, np.float32)[..., None] / np.float32(255.0) * np.float32(0.42)
    return light * (1 - 0.75 * share) + mirror * share
