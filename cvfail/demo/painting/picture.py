"""From a scene to its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.painting.canvas import FINENESS, Canvas
from cvfail.demo.painting.houses import houses
from cvfail.demo.painting.light import light_of
from cvfail.demo.painting.night import bloom, illumination
from cvfail.demo.painting.noise import TILE, asphalt
from cvfail.demo.painting.photograph import photograph
from cvfail.demo.painting.road import ground
from cvfail.demo.painting.shadows import paint_shadows
from cvfail.demo.painting.sky import paint_sky
from cvfail.demo.painting.surfaces import Surfaces
from cvfail.demo.painting.wetness import mirrored_in_water
from cvfail.demo.scenes.camera import HEIGHT, WIDTH
from cvfail.demo.scenes.composing import Scene

if TYPE_CHECKING:
    from PIL import Image

_CELLS_PER_METRE = 14.0


def paint(scene: Scene) -> Image.Image:
    """Paint a scene; the same scene gives the same picture."""
    rng = np.random.default_rng(scene.street.seed)
    camera, light = scene.conditions.mounting, light_of(rng, scene.conditions)
    canvas = Canvas(camera, light, paint_sky(rng, camera, light))
    side = rng.random()
    green = (bool(side < 0.18), bool(side > 0.82))
    canvas.draw(ground(rng, scene.street, green=green), wet=True)
    _roughen(rng, canvas)
    canvas.draw(houses(rng, scene.street, green=green))
    paint_shadows(canvas, scene.things)
    things = sorted(scene.things, key=lambda thing: -thing.placing.z)
    if things:
        canvas.draw(Surfaces.joined(Surfaces.of_thing(thing, camera.eye) for thing in things))
    return photograph(rng, _developed(canvas, scene), scene.conditions)


def _roughen(rng: np.random.Generator, canvas: Canvas) -> None:
    """Give the ground its texture, which fades where it gets too fine."""
    from PIL import Image, ImageChops

    camera = canvas.camera
    top = int(camera.horizon) + 3
    below = np.arange(top, HEIGHT)[:, None] - camera.horizon
    z = camera.focal * camera.height / below
    x = (np.arange(WIDTH) - camera.vanishing_x) * z / camera.focal
    place = rng.integers(TILE, size=2)
    rows = (z * _CELLS_PER_METRE).astype(np.int64) + place[0]
    columns = (x * _CELLS_PER_METRE).astype(np.int64) + place[1]
    wear = asphalt()[rows % TILE, columns % TILE] * np.clip(below / 60.0, 0.25, 1.0)
    rough = Image.fromarray(np.clip(240 + 9 * wear, 0, 255).astype(np.uint8))
    rough = rough.resize((rough.width * FINENESS, rough.height * FINENESS))
    smooth = canvas.picture.crop((0, top * FINENESS, *canvas.picture.size))
    canvas.picture.paste(ImageChops.multiply(smooth, Image.merge("RGB", [rough] * 3)), (0, top * FINENESS))


def _developed(canvas: Canvas, scene: Scene) -> NDArray[np.float32]:
    """The linear light of the drawn picture, lit by lamps at night and mirrored in water when it rains."""
    light = (np.asarray(canvas.picture.reduce(FINENESS), np.float32) / np.float32(255.0)) ** 2
    if canvas.glow is not None:
        light = light * illumination(canvas.camera, scene.things) + bloom(canvas.glow.reduce(FINENESS))
    if canvas.water is not None:
        light = mirrored_in_water(light, canvas.water.reduce(FINENESS), canvas.camera)
    return light
