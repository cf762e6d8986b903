"""Under which conditions each image is taken and labelled: the attributes of images, independent of each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Literal

import numpy as np

from cvfail.demo.scenes.camera import Camera

TimeOfDay = Literal["day", "night"]
Weather = Literal["clear", "cloudy", "rain"]
Blur = Literal["sharp", "blurred"]

CAMERAS = ("cam_a", "cam_b", "cam_c", "cam_d")
ANNOTATORS = ("anna", "ben", "chris", "dora")

_WEATHER: tuple[Weather, ...] = ("clear", "clear", "cloudy", "cloudy", "rain")
_CROWDED_SHARE = 0.35
_TIMES: tuple[TimeOfDay, ...] = ("day", "day", "day", "night", "night")
_BLURS: tuple[Blur, ...] = ("sharp", "sharp", "sharp", "blurred")
_DESIGN = tuple(product(CAMERAS, ANNOTATORS, _TIMES, _BLURS))
"""Every combination equally often, so that over a multiple of 320 images no attribute goes with another."""

_MOUNTINGS = {
    "cam_a": Camera(x=0.0, height=2.7, vanishing_x=160.0, horizon=98.0, focal=330.0),
    "cam_b": Camera(x=1.6, height=2.5, vanishing_x=142.0, horizon=106.0, focal=330.0),
    "cam_c": Camera(x=-1.4, height=2.9, vanishing_x=184.0, horizon=94.0, focal=330.0),
    "cam_d": Camera(x=2.2, height=2.6, vanishing_x=118.0, horizon=102.0, focal=330.0),
}


@dataclass(frozen=True)
class Conditions:
    """What is decided about an image before anything stands in it.

    Attributes:
        time_of_day: Day or night.
        weather: Clear, cloudy or rain.
        camera: Name of the camera.
        blur: Whether the picture is sharp.
        annotator: Who labelled it.
        captured: When it was taken; agrees with `time_of_day`.
        crowded: Whether many objects are wanted in it.
        mounting: The camera with what it sees.
    """

    time_of_day: TimeOfDay
    weather: Weather
    camera: str
    blur: Blur
    annotator: str
    captured: datetime
    crowded: bool
    mounting: Camera


def draw_conditions(rng: np.random.Generator, images: int) -> list[Conditions]:
    """The conditions of every image, in random order."""
    order = rng.permutation(len(_DESIGN))
    crowded = rng.permutation(np.arange(images) < _CROWDED_SHARE * images)
    weather = rng.permutation(images) % len(_WEATHER)
    drawn = []
    for number in range(images):
        camera, annotator, time_of_day, blur = _DESIGN[order[number % len(_DESIGN)]]
        drawn.append(
            Conditions(
                time_of_day=time_of_day,
                weather=_WEATHER[weather[number]],
                camera=camera,
                blur=blur,
                annotator=annotator,
                captured=_moment(rng, night=time_of_day == "night"),
                crowded=bool(crowded[number]),
                mounting=_nudged(rng, _MOUNTINGS[camera]),
            )
        )
    return drawn


def _moment(rng: np.random.Generator, *, night: bool) -> datetime:
    """A time in October: day from 8 to 18, night from 20 to 5 o'clock."""
    start, hours = (20, 9) if night else (8, 10)
    seconds = int(rng.integers(0, hours * 60 * 60))
    return datetime(2025, 10, int(rng.integers(1, 29)), start) + timedelta(seconds=seconds)


def _nudged(rng: np.random.Generator, camera: Camera) -> Camera:
    """The camera a little off its place."""
    return Camera(
        x=camera.x + rng.normal(0, 0.5),
        height=camera.height + rng.normal(0, 0.06),
        vanishing_x=camera.vanishing_x + rng.normal(0, 8),
        horizon=camera.horizon + rng.normal(0, 3),
        focal=camera.focal,
    )
