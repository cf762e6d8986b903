"""Shadows on the ground: dark under everything, and away from the sun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvfail.demo.models.catalogue import solid
from cvfail.demo.painting.canvas import FINENESS, Canvas
from cvfail.demo.painting.light import Light
from cvfail.demo.scenes.camera import HEIGHT, WIDTH, Camera
from cvfail.demo.scenes.street import Thing

_UNDER, _AWAY = 165, 120
"""How dark shadows are in [0, 255], under a thing and away from the sun."""

_FARTHEST = 45.0
"""Metres; things farther away cast no shadow that could be seen."""


def paint_shadows(canvas: Canvas, things: Sequence[Thing]) -> None:
    """Darken the ground; things are drawn over it afterwards."""
    from PIL import Image, ImageDraw, ImageFilter

    top = int(canvas.camera.horizon)
    mask = Image.new("L", (WIDTH, HEIGHT))
    pencil = ImageDraw.Draw(mask)
    if canvas.light.sun.max() > 0.4 and not canvas.light.night:
        near = [thing for thing in things if thing.placing.z < _FARTHEST]
        for outline in (outline for thing in near for outline in _cast(canvas.camera, canvas.light, thing)):
            pencil.polygon(outline, fill=_AWAY)
    for thing in things:
        if thing.placing.y == 0.0:
            pencil.polygon(_under(canvas.camera, thing), fill=_UNDER)
    soft = mask.crop((0, top, WIDTH, HEIGHT)).filter(ImageFilter.GaussianBlur(1.1))
    soft = soft.resize((soft.width * FINENESS, soft.height * FINENESS), Image.Resampling.BILINEAR)
    canvas.picture.paste((14, 15, 20), (0, top * FINENESS), soft)


def _cast(camera: Camera, light: Light, thing: Thing) -> list[list[float]]:
    """Every face as the sun throws it on the road."""
    body = solid(thing.model)
    points = thing.placing.moved(body.vertices)
    points = points - points[:, 1:2] * (light.to_sun / light.to_sun[1])
    pixels = camera.project(points)
    return [outline.ravel().tolist() for outline in np.split(pixels, np.cumsum(body.corners)[:-1])]


def _under(camera: Camera, thing: Thing) -> list[float]:
    """The ground that a thing stands on, and a little around it."""
    middle = thing.footprint.mean(axis=0)
    around = thing.footprint - middle
    wider = middle + around + 0.12 * np.sign(around)
    return camera.project(wider).ravel().tolist()
