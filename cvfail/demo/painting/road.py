"""The ground of a street: asphalt, kerbs, markings, a crossing street."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from cvfail.demo.models.materials import COLOURS, MATERIAL_NUMBER
from cvfail.demo.models.solids import ring
from cvfail.demo.painting.surfaces import Surfaces
from cvfail.demo.scenes.camera import NEAREST
from cvfail.demo.scenes.street import PAVEMENT, ROAD, Street

FARTHEST = 170.0
"""Metres to where the street ends."""

_WIDE = 90.0
_HALF_JUNCTION = 4.6

Strip = tuple[float, float, float, float]
"""Smallest x and z, largest x and z in metres."""


def ground(rng: np.random.Generator, street: Street, *, green: tuple[bool, bool]) -> Surfaces:
    """The faces of the ground.

    Args:
        rng: Of stains and covers.
        street: Says where streets cross.
        green: Whether there is grass beside the pavement on the left and on the right.
    """
    return Surfaces.joined([*_surfacing(green), *_stains(rng), *_markings(street), *_crossings(street)])


def _surfacing(green: tuple[bool, bool]) -> Iterator[Surfaces]:
    yield _strips("paving", [(-_WIDE, NEAREST, _WIDE, FARTHEST)])
    sides = [(-_WIDE, NEAREST, -PAVEMENT, FARTHEST), (PAVEMENT, NEAREST, _WIDE, FARTHEST)]
    for side, is_green in zip(sides, green, strict=True):
        if is_green:
            yield _strips("grass", [side])
    yield _strips("asphalt", [(-ROAD, NEAREST, ROAD, FARTHEST)])
    yield _strips("kerb", [(x, NEAREST, x + 0.2, FARTHEST) for x in (-ROAD - 0.2, ROAD)])


def _stains(rng: np.random.Generator) -> Iterator[Surfaces]:
    """Mended asphalt and metal covers."""
    for _ in range(rng.integers(2, 6)):
        x, z = rng.uniform(-ROAD, 3.0), rng.uniform(4, 45)
        yield _strips("asphalt dark", [(x, z, x + rng.uniform(0.6, 2.4), z + rng.uniform(1, 7))])
    for _ in range(3):
        yield _lying("metal cover", [ring(rng.uniform(-4, 4), rng.uniform(5, 30), 0.36)])


def _markings(street: Street) -> Iterator[Surfaces]:
    """Dashes in the middle and beside parked cars, not where another street crosses."""
    dashes = [(-0.07, z, 0.07, z + 2.6) for z in np.arange(NEAREST, 110, 5.5)]
    dashes += [(x, z, x + 0.1, z + 1.2) for x in (-3.5, 3.4) for z in np.arange(NEAREST, 60, 2.4)]
    middle = np.inf if street.junction is None else street.junction
    yield _strips("marking", [dash for dash in dashes if abs(dash[3] - middle) > _HALF_JUNCTION + 1.5])


def _crossings(street: Street) -> Iterator[Surfaces]:
    if street.junction is not None:
        near, far = street.junction - _HALF_JUNCTION, street.junction + _HALF_JUNCTION
        yield _strips("asphalt", [(-_WIDE, near, _WIDE, far)])
        corners = [(-_WIDE, -ROAD), (ROAD, _WIDE)]
        yield _strips("kerb", [(x0, z, x1, z + 0.2) for x0, x1 in corners for z in (near - 0.2, far)])
        yield _strips("marking", [(0.2, near - 0.9, 3.4, near - 0.5), (-3.4, far + 0.5, -0.2, far + 0.9)])
    if street.crossing is not None:
        near, far = street.crossing, street.crossing + 3.0
        yield _strips("asphalt", [(-ROAD, near - 0.8, ROAD, far + 0.8)])
        yield _strips("marking", [(x, near, x + 0.5, far) for x in np.arange(-5.2, 5.0, 1.0)])


def _strips(material: str, strips: Iterable[Strip]) -> Surfaces:
    return _lying(material, [[(x0, z0), (x1, z0), (x1, z1), (x0, z1)] for x0, z0, x1, z1 in strips])


def _lying(material: str, outlines: ArrayLike) -> Surfaces:
    """Faces on the ground, from outlines of shape (n, corners, 2) in x and z."""
    flat = np.asarray(outlines, np.float64)
    points = np.stack([flat[..., 0], np.zeros(flat.shape[:2]), flat[..., 1]], axis=-1)
    count, corners = points.shape[:2]
    materials = np.full(count, MATERIAL_NUMBER[material])
    return Surfaces(
        points.reshape(-1, 3),
        np.full(count, corners),
        np.tile([0.0, 1.0, 0.0], (count, 1)),
        points.mean(axis=1),
        materials,
        COLOURS[materials],
    )
