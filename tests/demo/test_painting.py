"""Pictures show what the annotations say."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PIL")

from PIL import Image

from cvfail.demo.painting.canvas import FINENESS, Canvas
from cvfail.demo.painting.light import light_of
from cvfail.demo.painting.picture import paint
from cvfail.demo.painting.surfaces import Surfaces


def pixels(image):
    return np.asarray(image, np.float64)


def seen_box(camera, thing):
    return camera.visible_box(thing.sides)


def test_a_scene_is_always_painted_alike(plain):
    assert paint(plain.scenes[0]).tobytes() == paint(plain.scenes[0]).tobytes()


def test_pictures_have_the_size_that_the_tables_say(plain):
    assert paint(plain.scenes[0]).size == tuple(plain.images.select("width", "height").row(0))


def test_nights_are_darker_than_days(plain):
    mean = {"day": [], "night": []}
    for scene in plain.scenes[:24]:
        mean[scene.conditions.time_of_day].append(pixels(paint(scene)).mean())
    assert max(mean["night"]) < min(mean["day"])


def test_blurred_pictures_have_less_detail(plain):
    scene = next(
        s for s in plain.scenes if s.conditions.time_of_day == "day" and s.conditions.blur == "sharp"
    )
    blurred = replace(scene, conditions=replace(scene.conditions, blur="blurred"))
    detail = [np.abs(np.diff(pixels(paint(s)).mean(axis=-1), axis=1)).mean() for s in (scene, blurred)]
    assert detail[1] < 0.8 * detail[0]


def test_an_object_is_painted_in_its_box_and_fills_it(plain):
    rng = np.random.default_rng(0)
    for scene in plain.scenes[:30]:
        camera, light = scene.conditions.mounting, light_of(rng, scene.conditions)
        for item in scene.objects:
            thing = next(t for t in scene.things if t.category and np.allclose(seen_box(camera, t), item.box))
            canvas = Canvas(camera, light, Image.new("RGB", (320, 120)))
            canvas.draw(Surfaces.of_thing(thing, camera.eye))
            painted = canvas.picture.getbbox()
            assert painted is not None
            assert np.array(painted) / FINENESS == pytest.approx(item.box, abs=0.75)


def test_most_of_an_unhidden_object_shows_in_the_picture(plain):
    scene = next(s for s in plain.scenes if s.density == "crowded" and s.conditions.time_of_day == "day")
    camera, full = scene.conditions.mounting, pixels(paint(scene))
    for item in scene.objects:
        if item.occlusion == "none":
            rest = tuple(
                t for t in scene.things if not (t.category and np.allclose(seen_box(camera, t), item.box))
            )
            left, top, right, bottom = np.round(item.box).astype(int)
            changed = np.abs(full - pixels(paint(replace(scene, things=rest)))).max(axis=-1) > 6
            assert changed[top:bottom, left:right].mean() > 0.25
