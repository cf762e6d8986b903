"""Things across the left or right border of the image, in places where they may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cvfail.demo.models.solids import Placing
from cvfail.demo.scenes.camera import WIDTH, Camera
from cvfail.demo.scenes.street import PAVEMENT, ROAD, Street, Thing

_VEHICLES = ("car", "truck", "bus")
_NEAREST, _FARTHEST = 6.5, 30.0
_LANES = 5.2
_JUNCTION, _CROSSING = 2.4, 2.7
"""Metres from the middle of a crossing street within which there is traffic, and depth of a zebra crossing."""

_WALL = 0.5
"""Metres that things keep from the buildings."""


def at_border(rng: np.random.Generator, thing: Thing, street: Street, camera: Camera) -> Thing | None:
    """Move a thing until the border of the image goes through it.

    Args:
        rng: Picks the border, where it cuts the thing, and the direction of the move.
        thing: In a place where it may be.
        street: Says where things may be.
        camera: Sees the thing.

    Returns:
        The thing, moved along the street or across it; None if it may not be where it would come to stand.
    """
    border = float(rng.choice([0, WIDTH]))
    low, high = float(thing.footprint[:, 0].min()), float(thing.footprint[:, 0].max())
    aside = rng.uniform(0.15, 0.85) * (high - low) + low - thing.placing.x
    slope = (border - camera.vanishing_x) / camera.focal
    x, z = thing.placing.x, thing.placing.z
    if rng.random() < 0.5:
        z = (x + aside - camera.x) / slope
    else:
        x = camera.x + slope * z - aside
    if not _may_be(thing, x, z, street):
        return None
    return replace(thing, placing=thing.placing._replace(x=x, z=z))


def _may_be(thing: Thing, x: float, z: float, street: Street) -> bool:
    """Whether a thing of this class and this heading may be in a place."""
    if not _NEAREST <= z <= _FARTHEST or abs(x) > PAVEMENT - _WALL:
        return False
    if thing.category == "traffic_sign":
        return ROAD + 0.4 <= abs(x) <= ROAD + 1.2
    if thing.category == "pedestrian":
        crosses = street.crossing is not None and 0.3 <= z - street.crossing <= _CROSSING
        return crosses or abs(x) >= ROAD + 0.5
    if _goes_across(thing.placing) and street.junction is not None:
        return abs(z - street.junction) <= _JUNCTION
    return abs(x) <= _LANES and not (thing.category in _VEHICLES and _goes_across(thing.placing))


def _goes_across(placing: Placing) -> bool:
    return bool(abs(np.sin(placing.yaw)) > np.sin(np.pi / 3))
