"""Draws faces with light on them: what they look like, what they send out at night, where water mirrors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.models.materials import GLOSS, GLOWS
from cvfail.demo.painting.light import Light, Shade
from cvfail.demo.painting.surfaces import Surfaces
from cvfail.demo.scenes.camera import HEIGHT, WIDTH, Camera

if TYPE_CHECKING:
    from PIL import Image

FINENESS = 2
"""Pixels drawn per pixel of the image, each way."""

_SMALLEST = 1.2
"""Faces that are smaller, in drawn pixels each way, are left out."""


def encoded(light: Shade) -> NDArray[np.uint8]:
    """Linear light as values in [0, 255]."""
    return np.rint(255.0 * np.sqrt(np.clip(light, 0.0, 1.0))).astype(np.uint8)


class Canvas:
    """Pictures of the same faces; nearer ones, drawn later, hide others in all of them.

    Attributes:
        picture: The faces as the light shows them.
        glow: The light that faces send out; None by day.
        water: Where water lies on the ground; None where it is dry.
    """

    def __init__(self, camera: Camera, light: Light, sky: Image.Image) -> None:
        from PIL import Image, ImageDraw

        self.camera = camera
        self.light = light
        size = (WIDTH * FINENESS, HEIGHT * FINENESS)
        self.picture = Image.new("RGB", size)
        sky_size = (size[0], sky.height * FINENESS)
        self.picture.paste(sky.resize(sky_size, Image.Resampling.BILINEAR))
        self.glow = Image.new("RGB", size) if light.night else None
        self.water = Image.new("L", size) if light.wet else None
        self._pencil = ImageDraw.Draw(self.picture)
        self._glow_pencil = ImageDraw.Draw(self.glow) if self.glow else None
        self._water_pencil = ImageDraw.Draw(self.water) if self.water else None

    def draw(self, surfaces: Surfaces, *, wet: bool = False) -> None:
        """Draw the faces that the camera can see; `wet` ones mirror if it rains."""
        views = surfaces.centres - self.camera.eye
        pixels = self.camera.project(surfaces.vertices) * FINENESS
        ends = np.cumsum(surfaces.corners)
        seen = np.einsum("ij,ij->i", surfaces.normals, views) < 0
        faces = np.flatnonzero(seen & self._is_visible(pixels, ends - surfaces.corners))
        colours = self._shaded(surfaces, views, faces).tolist()
        glows = GLOWS[surfaces.materials[faces]].tolist()
        flat = pixels.ravel().tolist()
        spans = zip((2 * (ends - surfaces.corners))[faces].tolist(), (2 * ends)[faces].tolist(), strict=True)
        for (start, end), colour, glow in zip(spans, colours, glows, strict=True):
            outline = flat[start:end]
            self._pencil.polygon(outline, fill=tuple(colour))
            if self._glow_pencil is not None:
                self._glow_pencil.polygon(outline, fill=tuple(glow))
            if self._water_pencil is not None:
                self._water_pencil.polygon(outline, fill=255 if wet else 0)

    def _is_visible(self, pixels: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each face reaches into the picture and is large enough to show."""
        low = np.minimum.reduceat(pixels, starts, axis=0)
        high = np.maximum.reduceat(pixels, starts, axis=0)
        shown = (high > 0) & (low < self.picture.size) & (high - low > _SMALLEST)
        return shown[:, 0] & shown[:, 1]

    def _shaded(
        self, surfaces: Surfaces, views: NDArray[np.float64], faces: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        normals, views = surfaces.normals[faces], views[faces]
        distances = np.linalg.norm(views, axis=1)
        gloss = GLOSS[surfaces.materials[faces]][:, None]
        lit = self.light.on(normals, surfaces.colours[faces])
        sky = self._mirrored_sky(normals, views / distances[:, None])
        return encoded(self.light.through_haze(lit + (sky - lit) * gloss, distances))

    def _mirrored_sky(self, normals: NDArray[np.float64], views: NDArray[np.float64]) -> Shade:
        """What a mirror would show in place of each face: ground below, sky above."""
        along = np.einsum("ij,ij->i", normals, views)[:, None]
        up = (views - 2 * along * normals)[:, 1:2]
        above = self.light.horizon + (self.light.zenith - self.light.horizon) * np.clip(up, 0.0, 1.0)
        return np.where(up < -0.05, 0.16 * self.light.sky, above)
