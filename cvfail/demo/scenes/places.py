"""Where in a street each kind of thing may be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvfail.demo.models.catalogue import models_of
from cvfail.demo.models.solids import Placing
from cvfail.demo.scenes.camera import Camera
from cvfail.demo.scenes.street import PAVEMENT, ROAD, Street, Thing

_LANE = 1.75
_PARKED = 4.5
_SIGN_HEIGHT = 2.4


def draw_street(rng: np.random.Generator) -> Street:
    """A street with or without a crossing street and a zebra crossing."""
    junction = float(rng.uniform(19, 30)) if rng.random() < 0.4 else None
    crossing = float(rng.uniform(9, 13)) if rng.random() < 0.4 else None
    return Street(junction, crossing, int(rng.integers(2**31)))


def draw_thing(rng: np.random.Generator, category: str, street: Street) -> Thing:
    """Something of a class in a place where it may be."""
    model = _one_of(rng, models_of(category))
    if category in {"car", "truck", "bus"}:
        placing = _vehicle(rng, street)
    elif category == "pedestrian":
        placing = _pedestrian(rng, street)
    elif category == "cyclist":
        placing = _cyclist(rng, across=model == "cyclist across")
    else:
        side = _side(rng)
        placing = Placing(side * (ROAD + rng.uniform(0.4, 1.2)), _depth(rng, 8, 27), y=_SIGN_HEIGHT)
    return Thing(model, placing, int(rng.integers(2**31)))


def _side(rng: np.random.Generator) -> float:
    """Left (-1.0) or right (1.0)."""
    return 1.0 if rng.random() < 0.5 else -1.0


def _one_of(rng: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(rng.integers(len(names)))]


def _depth(rng: np.random.Generator, nearest: float, farthest: float) -> float:
    """Metres away, such that sizes in pixels are spread evenly on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(nearest), np.log(farthest))))


def _vehicle(rng: np.random.Generator, street: Street) -> Placing:
    away = 0.0 if (side := _side(rng)) > 0 else np.pi
    turned = rng.normal(0, 0.03)
    kind = rng.random()
    if street.junction is not None and kind < 0.35:
        lane = street.junction + _LANE * _side(rng) + rng.normal(0, 0.2)
        return Placing(rng.uniform(-6, 6), lane, _side(rng) * np.pi / 2 + turned)
    if kind < 0.6:
        return Placing(side * _LANE + rng.normal(0, 0.15), _depth(rng, 9, 46), away + turned)
    if kind < 0.85:
        return Placing(side * _PARKED + rng.normal(0, 0.1), _depth(rng, 9, 40), away + turned)
    slant = side * rng.uniform(0.25, 0.9)
    return Placing(side * rng.uniform(1.5, 3.6), _depth(rng, 12, 36), away + slant)


def _pedestrian(rng: np.random.Generator, street: Street) -> Placing:
    if street.crossing is not None and rng.random() < 0.5:
        return Placing(rng.uniform(-ROAD, ROAD), street.crossing + rng.uniform(0.3, 2.7))
    side = _side(rng)
    return Placing(side * rng.uniform(ROAD + 0.5, PAVEMENT - 0.5), _depth(rng, 6.5, 27))


def _cyclist(rng: np.random.Generator, *, across: bool) -> Placing:
    if across:
        yaw = _side(rng) * (np.pi / 2 + rng.uniform(-0.5, 0.5))
        return Placing(rng.uniform(-4, 4), _depth(rng, 8, 32), yaw)
    return Placing(_side(rng) * rng.uniform(2.9, 3.5), _depth(rng, 7, 25))


def draw_queue(rng: np.random.Generator) -> list[Thing]:
    """People who stand so close to each other that nobody labels them one by one."""
    side, depth = _side(rng), rng.uniform(16, 24)
    return [
        Thing(
            _one_of(rng, models_of("pedestrian")),
            Placing(side * rng.uniform(6.4, 8.4), depth + rng.uniform(0, 2.5)),
            int(rng.integers(2**31)),
        )
        for _ in range(12)
    ]


def street_furniture(rng: np.random.Generator) -> list[Thing]:
    """Lamps on both sides, and trees between them."""
    things = []
    start = rng.uniform(7, 15)
    for place, z in enumerate(np.arange(start, 62, 11)):
        name, side = ("lamp on the right", 1.0) if place % 2 else ("lamp on the left", -1.0)
        things.append(Thing(name, Placing(side * (ROAD + 0.45), float(z)), 0))
    look = int(rng.integers(6))
    share = rng.choice([0.0, 0.35, 0.8])
    for side in (-1.0, 1.0):
        for z in np.arange(start + 5.5 + rng.uniform(-1, 1), 62, 7.3):
            if rng.random() < share:
                x = side * (ROAD + 0.9 + rng.uniform(0, 0.3))
                things.append(Thing(f"tree {rng.integers(4)}", Placing(x, float(z)), look))
    return things


def draw_cover(rng: np.random.Generator, thing: Thing, camera: Camera) -> Thing:
    """Something that hides a part of a thing: a little nearer, on the line of sight to one of its sides."""
    ahead = rng.uniform(0.8, 2.2)
    near = float(thing.outline[:, 2].min()) - ahead
    low, high = float(thing.outline[:, 0].min()), float(thing.outline[:, 0].max())
    aim = rng.uniform(low, high)
    x = camera.x + (aim - camera.x) * near / max(thing.placing.z, 1.0)
    model = _one_of(rng, ("planter", "litter bin", "bollard", f"tree {rng.integers(4)}", "lamp on the right"))
    return Thing(model, Placing(x, near), int(rng.integers(6)))
