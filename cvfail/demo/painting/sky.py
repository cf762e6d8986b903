"""The sky over a street."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cvfail.demo.painting.canvas import encoded
from cvfail.demo.painting.light import Light
from cvfail.demo.painting.noise import clouds, window
from cvfail.demo.scenes.camera import WIDTH, Camera

if TYPE_CHECKING:
    from PIL import Image


def paint_sky(rng: np.random.Generator, camera: Camera, light: Light) -> Image.Image:
    """The part above the horizon: a gradient, a glow around a low sun, clouds."""
    from PIL import Image

    height = int(camera.horizon) + 10
    rows, columns = np.ogrid[0:height, 0:WIDTH]
    up = np.clip(1.0 - rows / camera.horizon, 0.0, 1.0)[..., None] ** 0.8
    sky = light.horizon + (light.zenith - light.horizon) * up
    if not light.night and light.to_sun[2] > 0:
        x, y = camera.project(camera.eye + 100.0 * light.to_sun)
        near = np.exp(-np.hypot(columns - x, rows - y) / 70.0)[..., None]
        sky = sky + near * light.sun * 0.6
    noise = window(rng, clouds())[:height, :, None]
    if light.clouds >= 1.0:
        sky = sky * (1.0 + 0.1 * noise)
    else:
        cover = 0.9 / (1.0 + np.exp(-3.2 * (noise + 2.4 * light.clouds - 1.5)))
        cloud = light.zenith * 1.6 if light.night else light.horizon * 1.05 + 0.4 * light.sun
        sky = sky + (cloud - sky) * cover
    return Image.fromarray(encoded(sky))
