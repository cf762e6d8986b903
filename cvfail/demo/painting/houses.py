"""The houses along a street, and the town at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.demo.models.materials import COLOURS, MATERIAL_NUMBER, Colour, linear
from cvfail.demo.painting.road import FARTHEST
from cvfail.demo.painting.surfaces import Surfaces
from cvfail.demo.scenes.street import PAVEMENT, Street

_WALLS: tuple[Colour, ...] = (
    (172, 104, 82),
    (196, 170, 134),
    (152, 148, 144),
    (210, 200, 184),
    (134, 92, 74),
    (178, 186, 188),
    (206, 178, 116),
    (120, 126, 134),
)
_AWNINGS: tuple[Colour, ...] = ((160, 44, 40), (40, 92, 76), (44, 72, 128), (206, 160, 60))
_FLOOR, _WINDOW_STEP, _SHOP_HEIGHT = 3.1, 2.3, 3.7
_HALF_GAP = 5.6
_FINEST = 60.0
"""Metres; houses farther away have windows without frames, and no shops."""

Panels = NDArray[np.float64]
"""Rectangles on a wall: left, bottom, right and top edge, how far it stands out, number of its material."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class _Wall:
    """A rectangle that stands: from `start` along a unit vector for `length`, `height` high.

    Attributes:
        start: One lower corner.
        along: Direction of its lower edge.
        normal: Direction that it faces.
        length: Metres.
        height: Metres.
        near: Metres from the camera.
        has_shops: On the ground floor.
        is_blank: Without windows: other houses hide it.
        colours: Of the wall and of its awnings.
    """

    start: Triple
    along: Triple
    normal: Triple
    length: float
    height: float
    near: float
    has_shops: bool
    is_blank: bool
    colours: tuple[Colour, Colour]


def houses(rng: np.random.Generator, street: Street, *, green: tuple[bool, bool]) -> Surfaces:
    """The town at the end of a street, then the houses on both sides from far to near.

    Args:
        rng: Of heights, colours and lit windows.
        street: Says where another street leaves a gap.
        green: Sides without houses: left, right.
    """
    walls = list(_skyline(rng))
    mean_height = rng.choice([8.0, 11.0, 16.0])
    for side, is_green in zip((-1.0, 1.0), green, strict=True):
        if not is_green:
            walls += _row(rng, street, side, mean_height)
    return _surfaces(walls, [np.concatenate(list(_panels(rng, wall))) for wall in walls])


def _row(rng: np.random.Generator, street: Street, side: float, mean_height: float) -> Iterator[_Wall]:
    """The two visible walls of every house on one side (-1.0 left, 1.0 right), from far to near."""
    for near, far in reversed(_plots(rng, street)):
        corner = (side * PAVEMENT, 0.0, near)
        height = max(5.5, mean_height * rng.uniform(0.75, 1.3))
        look = (_pick(rng, _WALLS), _pick(rng, _AWNINGS))
        has_shops = bool(rng.random() < 0.6)
        hidden = street.junction is None or abs(near - street.junction - _HALF_GAP) > 0.1
        yield _Wall(corner, (side, 0, 0), (0, 0, -1), 22.0, height, near, has_shops, hidden, look)
        yield _Wall(corner, (0, 0, 1), (-side, 0, 0), far - near, height, near, has_shops, False, look)


def _plots(rng: np.random.Generator, street: Street) -> list[tuple[float, float]]:
    """Where houses start and end, from near to far."""
    plots = []
    z = 2.0
    while z < FARTHEST:
        end = z + rng.uniform(8, 17)
        if street.junction is not None and z < street.junction + _HALF_GAP and end > street.junction - 8:
            plots.append((z, street.junction - _HALF_GAP))
            end = street.junction + _HALF_GAP
        else:
            plots.append((z, end))
        z = end
    return [(near, far) for near, far in plots if far - near > 2]


def _skyline(rng: np.random.Generator) -> Iterator[_Wall]:
    """Blocks where the street ends, one row behind the other."""
    for distance, tallest in ((FARTHEST + 40, 44), (FARTHEST, 26)):
        for x in range(-90, 90, 13):
            look = (_pick(rng, _WALLS), _AWNINGS[0])
            length, height = rng.uniform(9, 22), rng.uniform(8, tallest)
            yield _Wall((x, 0, distance), (1, 0, 0), (0, 0, -1), length, height, distance, False, True, look)


def _panels(rng: np.random.Generator, wall: _Wall) -> Iterator[Panels]:
    """Everything on a wall, in the order in which it is painted."""
    is_fine = wall.near < _FINEST
    yield _panel("wall", 0, 0, wall.length, wall.height)
    if is_fine:
        yield _panel("cornice", 0, wall.height - 0.35, wall.length, wall.height, out=0.05)
    if wall.is_blank:
        return
    first = _SHOP_HEIGHT + 0.5 if wall.has_shops else 1.0
    floors, columns = (
        np.arange(first, wall.height - 2.4, _FLOOR),
        np.arange(0.7, wall.length - 1.6, _WINDOW_STEP),
    )
    left, bottom = np.tile(columns, len(floors)), np.repeat(floors, len(columns))
    if is_fine:
        yield _panel("cornice", left - 0.1, bottom - 0.14, left + 1.3, bottom + 1.75)
    yield _with_light(rng, _panel("dark window", left, bottom, left + 1.2, bottom + 1.65), "lit window", 0.3)
    if is_fine and wall.has_shops:
        left = np.arange(0.4, wall.length - 3.2, 3.6)
        yield _panel("shop", 0, 0, wall.length, _SHOP_HEIGHT)
        yield _with_light(rng, _panel("dark window", left, 0.5, left + 2.2, 2.7), "shop window", 0.6)
        yield _panel("door", left + 2.35, 0.05, left + 3.2, 2.5)
        yield _panel("awning", left - 0.1, 2.85, left + 3.2, 3.35, out=0.1)


def _panel(
    material: str, left: ArrayLike, bottom: ArrayLike, right: ArrayLike, top: ArrayLike, *, out: float = 0.0
) -> Panels:
    """Rectangles of one material by their edges in metres along and up the wall."""
    panels = np.empty((np.size(left), 6))
    for column, value in enumerate((left, bottom, right, top, out, MATERIAL_NUMBER[material])):
        panels[:, column] = value
    return panels


def _with_light(rng: np.random.Generator, windows: Panels, material: str, share: float) -> Panels:
    """The windows with some of them made of a material that glows at night."""
    windows[rng.random(len(windows)) < share, 5] = MATERIAL_NUMBER[material]
    return windows


def _surfaces(walls: Sequence[_Wall], panels: Sequence[Panels]) -> Surfaces:
    """The panels of all walls in the street, wall after wall."""
    wall_of = np.repeat(np.arange(len(walls)), [len(own) for own in panels])
    start, along, normal = (
        np.array([getattr(wall, name) for wall in walls], np.float64)[wall_of]
        for name in ("start", "along", "normal")
    )
    flat = np.concatenate(panels)
    across = flat[:, [0, 2, 2, 0], None] * along[:, None]
    up = flat[:, [1, 1, 3, 3], None] * np.array([0.0, 1.0, 0.0])
    quads = (start + flat[:, 4:5] * normal)[:, None] + across + up
    materials = flat[:, 5].astype(np.int64)
    colours = COLOURS[materials]
    for place, name in enumerate(("wall", "awning")):
        chosen = linear([wall.colours[place] for wall in walls])
        own = materials == MATERIAL_NUMBER[name]
        colours[own] = chosen[wall_of[own]]
    return Surfaces(
        quads.reshape(-1, 3), np.full(len(flat), 4), normal, quads.mean(axis=1), materials, colours
    )


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return colours[rng.integers(len(colours))]
