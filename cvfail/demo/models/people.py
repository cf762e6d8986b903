"""Pedestrians and cyclists as flat figures of a few shapes."""

from __future__ import annotations

import numpy as np

from cvfail.demo.models.solids import Face, Solid, facing, polygon, rectangle, ring


def pedestrian(*, stride: float = 0.0, bag: bool = False) -> Solid:
    """Somebody of 1.75 m who faces the camera or walks across.

    Args:
        stride: Metres between the feet beyond standing.
        bag: Whether a bag hangs at the side.
    """
    step = stride / 2
    back_leg = [(-0.1, 0.92), (0.06, 0.92), (0.02 + step, 0.06), (-0.13 + step, 0.06)]
    front_leg = [(-0.08, 0.92), (0.12, 0.92), (0.13 - step, 0.06), (-0.02 - step, 0.06)]
    if not stride:
        back_leg = [(-0.17, 0.92), (0.0, 0.92), (-0.03, 0.06), (-0.16, 0.06)]
        front_leg = [(0.0, 0.92), (0.17, 0.92), (0.16, 0.06), (0.03, 0.06)]
    swing = 0.35 * stride
    faces = [
        facing(_arm(-0.2, -swing), "shirt shade", layer=0),
        facing(back_leg, "trousers shade", layer=1),
        facing(_shoe(back_leg), "shoe", layer=1),
        facing(front_leg, "trousers", layer=2),
        facing(_shoe(front_leg), "shoe", layer=2),
        facing([(-0.2, 1.44), (0.2, 1.44), (0.18, 0.84), (-0.18, 0.84)], "shirt", layer=3),
        facing([(0.06, 1.44), (0.2, 1.44), (0.18, 0.84), (0.07, 0.84)], "shirt shade", layer=4),
        facing(rectangle(-0.05, 1.4, 0.06, 1.52), "skin", layer=4),
        facing(_arm(0.19, swing), "shirt", layer=5),
        facing(rectangle(0.17 + 1.3 * swing, 0.76, 0.25 + 1.3 * swing, 0.86), "skin", layer=5),
        facing(ring(0.0, 1.63, 0.105, tall=1.2), "hair", layer=5),
        facing(ring(-0.01, 1.61, 0.085, tall=1.2), "skin", layer=6),
        facing([(-0.1, 1.66), (-0.07, 1.745), (0.05, 1.75), (0.1, 1.66)], "hair", layer=7),
    ]
    if bag:
        faces.append(facing(rectangle(-0.34, 0.78, -0.16, 1.12), "bag", layer=6))
    return Solid(faces)


def _arm(x: float, swing: float) -> list[tuple[float, float]]:
    return [(x - 0.06, 1.42), (x + 0.06, 1.42), (x + 0.06 + swing, 0.84), (x - 0.04 + swing, 0.84)]


def _shoe(leg: list[tuple[float, float]]) -> list[tuple[float, float]]:
    right, left = leg[2][0], leg[3][0]
    return [(left - 0.05, 0.0), (right + 0.02, 0.0), (right + 0.01, 0.09), (left, 0.09)]


def cyclist_along() -> Solid:
    """A cyclist seen from behind."""
    faces = [
        facing(rectangle(-0.04, 0.0, 0.04, 0.7), "tyre", layer=0),
        facing(rectangle(-0.3, 0.98, 0.3, 1.03), "frame", layer=0),
        facing(rectangle(-0.05, 0.68, 0.05, 0.92), "frame", layer=1),
        *(facing(_riding_leg(side, lift), shade, layer=2) for side, lift, shade in _LEGS),
        facing(rectangle(-0.2, 0.84, 0.2, 1.02), "trousers", layer=3),
        facing([(-0.17, 0.96), (0.17, 0.96), (0.25, 1.46), (-0.25, 1.46)], "shirt", layer=4),
        facing([(0.08, 0.96), (0.17, 0.96), (0.25, 1.46), (0.1, 1.46)], "shirt shade", layer=5),
        *(facing(_riding_arm(side), "shirt shade", layer=3) for side in (-1, 1)),
        facing(ring(0.0, 1.6, 0.1, tall=1.2), "skin", layer=5),
        facing([*ring(0.0, 1.64, 0.125)[:7], (-0.12, 1.6), (0.12, 1.6)], "helmet", layer=6),
        facing(ring(0.0, 0.72, 0.045, corners=8), "bike tail lamp", layer=6),
    ]
    return Solid(faces)


_LEGS = ((-1.0, 0.18, "trousers shade"), (1.0, 0.0, "trousers"))


def _riding_leg(side: float, lift: float) -> list[tuple[float, float]]:
    outline = [(0.03, 0.95), (0.2, 0.95), (0.2, 0.5 + lift), (0.15, 0.14 + lift), (0.05, 0.14 + lift)]
    return [(side * x, y) for x, y in outline]


def _riding_arm(side: float) -> list[tuple[float, float]]:
    outline = [(0.2, 1.44), (0.27, 1.42), (0.33, 1.02), (0.26, 0.98)]
    return [(side * x, y) for x, y in outline]


def cyclist_across() -> Solid:
    """A cyclist seen from the side, heading along z; the camera sees the left side after a turn."""
    faces = [
        *_wheel(-0.52),
        *_wheel(0.52),
        _beside([(-0.52, 0.34), (-0.47, 0.38), (-0.1, 0.34), (-0.1, 0.28)], "frame", 2),
        _beside([(-0.12, 0.3), (-0.06, 0.3), (-0.18, 0.88), (-0.24, 0.88)], "frame", 2),
        _beside([(-0.08, 0.28), (-0.02, 0.3), (0.38, 0.82), (0.34, 0.86)], "frame", 2),
        _beside([(-0.2, 0.78), (-0.2, 0.72), (0.36, 0.78), (0.36, 0.84)], "frame", 2),
        _beside([(0.34, 0.9), (0.4, 0.9), (0.56, 0.34), (0.5, 0.34)], "frame", 2),
        _beside([(-0.32, 0.9), (-0.1, 0.9), (-0.1, 0.95), (-0.32, 0.95)], "shade", 3),
        _beside([(-0.26, 1.0), (-0.08, 0.84), (0.2, 0.62), (0.24, 0.74), (-0.08, 1.06)], "trousers shade", 3),
        _beside([(0.13, 0.7), (0.25, 0.7), (0.12, 0.26), (0.03, 0.26)], "trousers shade", 3),
        _beside([(-0.3, 1.04), (-0.22, 0.86), (0.08, 0.56), (0.16, 0.68), (-0.08, 1.08)], "trousers", 4),
        _beside([(0.04, 0.64), (0.16, 0.62), (-0.02, 0.14), (-0.1, 0.16)], "trousers", 4),
        _beside([(-0.12, 0.1), (0.1, 0.1), (0.08, 0.17), (-0.1, 0.18)], "shoe", 4),
        _beside([(-0.3, 0.96), (-0.04, 1.0), (0.26, 1.4), (0.1, 1.52), (-0.08, 1.44)], "shirt", 5),
        _beside([(-0.3, 0.96), (-0.04, 1.0), (0.08, 1.16), (-0.14, 1.14)], "shirt shade", 6),
        _beside([(0.14, 1.44), (0.24, 1.36), (0.46, 1.0), (0.4, 0.96)], "shirt shade", 6),
        _beside(ring(0.26, 1.58, 0.1, tall=1.2), "skin", 6),
        _beside([*ring(0.25, 1.63, 0.125)[:7], (0.12, 1.6), (0.38, 1.61)], "helmet", 7),
        _beside(rectangle(0.42, 0.9, 0.5, 0.97), "bike lamp", 7),
        _beside(rectangle(-0.44, 0.7, -0.36, 0.78), "bike tail lamp", 7),
    ]
    other_side = [face._replace(normal=-face.normal) for face in faces]
    return Solid(faces + other_side)


def _wheel(z: float) -> list[Face]:
    """A hub, and a tyre of four arcs: the street can be seen between them."""
    outer, inner = ring(z, 0.34, 0.34, corners=16), ring(z, 0.34, 0.275, corners=16)
    arcs = []
    for start in range(0, 16, 4):
        turn = [(start + step) % 16 for step in range(5)]
        arcs.append(_beside(np.concatenate([outer[turn], inner[turn[::-1]]]), "tyre", 1))
    return [*arcs, _beside(ring(z, 0.34, 0.05, corners=8), "spokes", 2)]


def _beside(outline: object, material: str, layer: int) -> Face:
    """A shape in the plane along the cycle, from its outline in z and y."""
    flat = np.asarray(outline, np.float64)
    points = np.column_stack([np.zeros(len(flat)), flat[:, 1], flat[:, 0]])
    return polygon(points, material, (1.0, 0.5, 0.0), layer=layer)
