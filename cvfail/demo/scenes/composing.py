"""Scenes: which objects an image shows, where, and how much of each is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cvfail.demo.boxes import Boxes
from cvfail.demo.models.catalogue import CATEGORIES, CATEGORY_SHARES
from cvfail.demo.scenes.arrangement import Arrangement
from cvfail.demo.scenes.border import at_border
from cvfail.demo.scenes.camera import WIDTH
from cvfail.demo.scenes.conditions import Conditions
from cvfail.demo.scenes.places import draw_cover, draw_queue, draw_street, draw_thing, street_furniture
from cvfail.demo.scenes.street import Street, Thing

Occlusion = Literal["none", "partial", "heavy"]
Truncation = Literal["none", "partial"]
Density = Literal["sparse", "crowded"]

CROWDED_FROM = 7
"""An image with as many objects is crowded."""

_ATTEMPTS = 25
_BORDER_SHARE = 0.14
"""Share of objects that are put across the left or right border of the image, if there is a place for them."""

_BORDER_ATTEMPTS = 120
_COVERED_SHARE = 0.3
_COVER_ATTEMPTS = {"none": 1, "partial": 6}
"""Covers often fall outside the image where its border cuts an object; so about as many of these are covered."""

_QUEUE_SHARE = 0.06


@dataclass(frozen=True)
class SceneObject:
    """An annotated thing.

    Attributes:
        category: Its class.
        box: Left, top, right, bottom in pixels, shape (4,).
        occlusion: How much of its box lies behind something nearer: under 10 %, under 40 %, or more.
        truncation: Partial if the border of the image cuts it; its box ends there.
    """

    category: str
    box: Boxes
    occlusion: Occlusion
    truncation: Truncation = "none"


@dataclass(frozen=True)
class Scene:
    """One image before it is painted.

    Attributes:
        conditions: Under which it is taken.
        street: What it shows beside things.
        things: Everything that stands in it, annotated or not.
        objects: What is annotated.
        regions: Groups of people too dense to label one by one; at most one.
    """

    conditions: Conditions
    street: Street
    things: tuple[Thing, ...]
    objects: tuple[SceneObject, ...]
    regions: tuple[SceneObject, ...]

    @property
    def density(self) -> Density:
        """Whether there are many objects."""
        return "crowded" if len(self.objects) >= CROWDED_FROM else "sparse"


def compose(rng: np.random.Generator, conditions: Conditions) -> Scene:
    """Fill a street with things of random classes in random places.

    Args:
        rng: Source of all choices.
        conditions: Of the image.

    Returns:
        The scene. Its objects lie inside the image or end at its left or right border, hardly overlap, and at least
        a third of each is visible.
    """
    street = draw_street(rng)
    arrangement = Arrangement(conditions.mounting, street_furniture(rng))
    regions = _add_queue(rng, arrangement) if rng.random() < _QUEUE_SHARE else ()
    wanted = rng.integers(10, 16) if conditions.crowded else rng.integers(2, 7)
    for category in rng.choice(CATEGORIES, size=wanted, p=CATEGORY_SHARES).tolist():
        if rng.random() < _BORDER_SHARE and _add_at_border(rng, arrangement, category, street):
            continue
        for _ in range(_ATTEMPTS):
            if arrangement.add(draw_thing(rng, category, street)):
                break
    for thing, box in arrangement.objects:
        for _ in range(_COVER_ATTEMPTS[_truncation(box)] if rng.random() < _COVERED_SHARE else 0):
            if arrangement.add(draw_cover(rng, thing, arrangement.camera)):
                break
    objects = tuple(
        SceneObject(str(thing.category), box, _level(arrangement.covered(thing, box)), _truncation(box))
        for thing, box in arrangement.objects
    )
    return Scene(conditions, street, tuple(arrangement.things), objects, regions)


def _level(covered: float) -> Occlusion:
    return "none" if covered < 0.1 else "partial" if covered < 0.4 else "heavy"


def _truncation(box: Boxes) -> Truncation:
    return "partial" if box[0] <= 0.0 or box[2] >= WIDTH else "none"


def _add_at_border(rng: np.random.Generator, arrangement: Arrangement, category: str, street: Street) -> bool:
    """Place something of a class across the left or right border of the image, if a place for it is found."""
    for _ in range(_BORDER_ATTEMPTS):
        thing = at_border(rng, draw_thing(rng, category, street), street, arrangement.camera)
        if thing is not None and arrangement.add(thing, cut=True):
            return True
    return False


def _add_queue(rng: np.random.Generator, arrangement: Arrangement) -> tuple[SceneObject, ...]:
    """Place a dense group of people, unless it would not be inside the image."""
    queue = draw_queue(rng)
    box = np.array(arrangement.camera.box(np.concatenate([thing.outline for thing in queue])))
    if not arrangement.camera.is_inside(box):
        return ()
    for thing in queue:
        arrangement.put(thing)
    arrangement.reserve(box)
    return (SceneObject("pedestrian", box, "partial"),)
