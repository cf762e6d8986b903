"""Cars, trucks and buses as solids; they head away from the camera."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cvfail.demo.models.solids import Face, Points, Solid, cuboid, mirrored, polygon, ring


class Station(NamedTuple):
    """A cross-section of a car body, and what lies between it and the next one.

    Attributes:
        z: Metres ahead of the middle.
        belt: Height at which the sides lean inwards.
        top: Height of the bonnet, the screens or the roof.
        above: Material of the top to the next station.
        beside: Material of the sides above the belt to the next station.
    """

    z: float
    belt: float
    top: float
    above: str = "paint"
    beside: str = "paint"


SALOON = (
    Station(-2.2, 0.86, 0.92),
    Station(-1.6, 0.92, 1.0, "glass"),
    Station(-0.95, 0.93, 1.42, "paint", "glass"),
    Station(0.35, 0.91, 1.46, "windscreen", "glass"),
    Station(1.15, 0.88, 0.96),
    Station(2.2, 0.66, 0.74),
)
HATCHBACK = (
    Station(-1.95, 0.82, 0.98, "glass"),
    Station(-1.6, 0.95, 1.42, "paint", "glass"),
    Station(0.3, 0.93, 1.5, "windscreen", "glass"),
    Station(1.05, 0.9, 0.98),
    Station(1.95, 0.68, 0.76),
)
ESTATE = (
    Station(-2.25, 0.86, 0.98, "glass"),
    Station(-1.95, 0.93, 1.4, "paint", "glass"),
    Station(0.35, 0.91, 1.46, "windscreen", "glass"),
    Station(1.15, 0.88, 0.96),
    Station(2.2, 0.66, 0.74),
)
OFF_ROADER = (
    Station(-2.25, 0.98, 1.12, "glass"),
    Station(-2.0, 1.06, 1.66, "paint", "glass"),
    Station(0.35, 1.05, 1.72, "windscreen", "glass"),
    Station(1.05, 1.03, 1.14),
    Station(2.25, 0.86, 0.96),
)


def car(stations: Sequence[Station], *, half_width: float = 0.88, taxi: bool = False) -> Solid:
    """A car body through cross-sections, with wheels, lamps, bumpers and plates."""
    sections = [_section(station, half_width) for station in stations]
    middle = np.array([0.0, 0.6, 0.0])
    faces: list[Face] = []
    for station, (here, ahead) in zip(stations, pairwise(sections), strict=False):
        faces += _between(here, ahead, station, middle)
    rear, front = sections[0], sections[-1]
    faces += [polygon(rear, "paint", middle), polygon(front, "paint", middle)]
    faces += _ends(stations, half_width)
    faces += _wheels([-1.3, 1.35], half_width, radius=0.33)
    if taxi:
        top = max(station.top for station in stations)
        faces += cuboid((-0.35, top, -0.35), (0.35, top + 0.2, -0.1), "taxi sign", part=1)
    return Solid(faces)


def _section(station: Station, half_width: float) -> Points:
    """Six corners of a cross-section: left sill, belt, top, then right top, belt, sill."""
    top = half_width - 0.1 - 0.4 * max(0.0, station.top - station.belt - 0.1)
    left = [(-half_width + 0.05, 0.3), (-half_width, station.belt), (-top, station.top)]
    return np.array([(x, y, station.z) for x, y in left] + [(-x, y, station.z) for x, y in reversed(left)])


def _between(here: Points, ahead: Points, station: Station, middle: Points) -> list[Face]:
    materials = ["paint", station.beside, station.above, station.beside, "paint"]
    return [
        polygon([here[i], here[i + 1], ahead[i + 1], ahead[i]], material, middle)
        for i, material in enumerate(materials)
    ]


def _ends(stations: Sequence[Station], half_width: float) -> list[Face]:
    """Lamps, bumpers and plates on the back and the front."""
    rear, front = stations[0], stations[-1]
    w = half_width
    at = {"rear": rear.z - 0.02, "front": front.z + 0.02}
    faces = mirrored(
        [
            _panel((w - 0.38, rear.belt - 0.2, w - 0.03, rear.belt - 0.02), at["rear"], "tail lamp"),
            _panel((w - 0.46, front.belt - 0.16, w - 0.05, front.belt), at["front"], "head lamp"),
        ]
    )
    faces += [
        _panel((-w + 0.05, 0.28, w - 0.05, 0.46), at["rear"], "trim"),
        _panel((-0.26, 0.5, 0.26, 0.62), at["rear"], "plate"),
        _panel((-w + 0.05, 0.26, w - 0.05, 0.4), at["front"], "trim"),
        _panel((-w + 0.5, front.belt - 0.18, w - 0.5, front.belt - 0.06), at["front"], "trim"),
        _panel((-0.26, 0.41, 0.26, 0.52), at["front"], "plate"),
    ]
    return faces


def _panel(
    edges: tuple[float, float, float, float], z: float, material: str, *, layer: int = 2, part: int = 0
) -> Face:
    """An upright rectangle across the vehicle: left, bottom, right, top, seen from outside."""
    left, bottom, right, top = edges
    corners = [(left, bottom, z), (right, bottom, z), (right, top, z), (left, top, z)]
    return polygon(corners, material, (0.0, (bottom + top) / 2, 0.0), layer=layer, part=part)


def _side_panel(
    edges: tuple[float, float, float, float], x: float, material: str, *, layer: int = 2, part: int = 0
) -> Face:
    """An upright rectangle along the vehicle: from z, bottom, to z, top, seen from outside."""
    start, bottom, end, top = edges
    corners = [(x, bottom, start), (x, bottom, end), (x, top, end), (x, top, start)]
    return polygon(corners, material, (0.0, (bottom + top) / 2, (start + end) / 2), layer=layer, part=part)


def _wheels(axles: Sequence[float], half_width: float, *, radius: float, part: int = 0) -> list[Face]:
    """Wheels on both sides, and the shaded underside between them."""
    faces = []
    for z in axles:
        for material, share, layer in (("tyre", 1.0, 3), ("rim", 0.6, 4)):
            outline = ring(z, radius, share * radius, corners=12)
            points = np.column_stack([np.full(len(outline), half_width + 0.01), outline[:, 1], outline[:, 0]])
            faces.append(polygon(points, material, (0.0, radius, z), layer=layer, part=part))
        for end in (-radius, radius):
            tread = (half_width - 0.24, 0.0, half_width, 0.5)
            faces.append(_panel(tread, z + end, "tyre", layer=-1, part=part))
    faces = mirrored(faces)
    under = (min(axles) - 0.2, max(axles) + 0.2)
    ends = {"back": "shade", "front": "shade", "left": "shade", "right": "shade"}
    low, high = (-half_width + 0.1, 0.12, under[0]), (half_width - 0.1, 0.4, under[1])
    return faces + cuboid(low, high, ends, layer=-1, part=part)


def truck(*, length: float = 7.4, cargo_height: float = 3.35) -> Solid:
    """A cab and, behind it, a separate cargo box with doors."""
    front = length / 2
    behind_cab = front - 1.9
    w = 1.22
    faces = cuboid((-w, 0.95, -front), (w, cargo_height, behind_cab - 0.25), "cargo", part=1)
    faces += [
        _panel((-0.04, 1.0, 0.04, cargo_height - 0.06), -front - 0.01, "cargo seam", part=1),
        _panel((-w, cargo_height - 0.1, w, cargo_height), -front - 0.01, "cargo seam", part=1),
        _panel((-w, 0.78, w, 0.95), -front - 0.01, "trim", part=1),
        _panel((-w, 0.36, w, 0.52), -front - 0.01, "trim", part=1),
        *mirrored([_panel((w - 0.42, 0.79, w - 0.06, 0.95), -front - 0.02, "tail lamp", layer=3, part=1)]),
        *mirrored([_panel((w - 0.5, 0.37, w - 0.02, 0.5), -front - 0.02, "reflector", layer=3, part=1)]),
        *mirrored([_panel((0.3, 1.1, 0.38, cargo_height - 0.2), -front - 0.02, "steel", layer=3, part=1)]),
        *mirrored([_side_panel((-front, 0.95, behind_cab - 0.25, 1.1), w + 0.01, "cargo seam", part=1)]),
        *mirrored([_side_panel((-front + 0.4, 1.7, behind_cab - 0.8, 2.5), w + 0.02, "stripe", part=1)]),
    ]
    faces += _cab(behind_cab, front, w)
    faces += _wheels([-front + 1.3, -front + 2.4, front - 1.0], w, radius=0.48, part=2)
    return Solid(faces)


def _cab(back: float, front: float, w: float) -> list[Face]:
    faces = cuboid((-w, 0.5, back), (w, 2.75, front), "paint", part=0)
    faces += [
        _panel((-w + 0.1, 1.6, w - 0.1, 2.5), front + 0.01, "windscreen"),
        _panel((-w + 0.35, 0.95, w - 0.35, 1.4), front + 0.01, "trim"),
        _panel((-w, 0.45, w, 0.65), front + 0.01, "trim"),
        _panel((-0.26, 0.5, 0.26, 0.62), front + 0.02, "plate", layer=3),
        *mirrored([_panel((w - 0.4, 0.68, w - 0.06, 0.9), front + 0.02, "head lamp", layer=3)]),
        *mirrored([_side_panel((back + 0.7, 1.55, front - 0.15, 2.35), w + 0.01, "glass")]),
        *mirrored(cuboid((w, 1.5, front - 0.15), (w + 0.18, 2.2, front - 0.1), "trim", part=0)),
    ]
    return faces


def bus(*, length: float = 10.5, height: float = 3.05) -> Solid:
    """One long body with a band of windows, doors and a lit destination."""
    front = length / 2
    w = 1.26
    faces = cuboid((-w, 0.35, -front), (w, height, front), "paint")
    faces += [
        _panel((-w + 0.22, 1.65, w - 0.22, 2.5), -front - 0.01, "glass"),
        _panel((-w, 0.35, w, 0.6), -front - 0.01, "trim"),
        _panel((-0.4, 2.62, 0.4, 2.9), -front - 0.01, "destination"),
        _panel((-0.6, 0.85, 0.6, 1.35), -front - 0.01, "trim"),
        *mirrored([_panel((w - 0.3, 0.75, w - 0.06, 1.35), -front - 0.02, "tail lamp", layer=3)]),
        _panel((-w + 0.08, 1.05, w - 0.08, 2.45), front + 0.01, "windscreen"),
        _panel((-w + 0.3, 2.55, w - 0.3, 2.92), front + 0.01, "destination"),
        _panel((-w, 0.35, w, 0.55), front + 0.01, "trim"),
        *mirrored([_panel((w - 0.42, 0.62, w - 0.08, 0.86), front + 0.02, "head lamp", layer=3)]),
    ]
    panes = np.linspace(-front + 0.35, front - 0.45, 8)
    sides = [
        _side_panel((a + 0.08, 1.45, b - 0.08, 2.45), w + 0.01, "bus window")
        for a, b in pairwise(panes.tolist())
    ]
    sides.append(_side_panel((-front, 0.98, front, 1.22), w + 0.01, "stripe"))
    sides.append(_side_panel((-front, 0.35, front, 0.55), w + 0.01, "trim"))
    faces += mirrored(sides)
    faces += _wheels([-front + 2.6, front - 2.5], w, radius=0.48)
    return Solid(faces)
