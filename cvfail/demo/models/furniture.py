"""What stands in a street beside the traffic: signs, lamps, trees, planters."""

from __future__ import annotations

import numpy as np

from cvfail.demo.models.solids import Face, Solid, cuboid, facing, rectangle, ring

SIGN_RADIUS = 0.5


def speed_sign() -> Solid:
    """A red ring with a black number."""
    digits = [rectangle(-0.28, -0.2, -0.04, 0.2), rectangle(0.06, -0.2, 0.3, 0.2)]
    holes = [rectangle(-0.21, -0.02, -0.11, 0.13), rectangle(0.13, -0.13, 0.23, 0.13)]
    return Solid(
        [
            facing(ring(0, 0, SIGN_RADIUS, corners=20), "sign red"),
            facing(ring(0, 0, 0.38, corners=20), "sign white", layer=1),
            *(facing(digit, "sign black", layer=2) for digit in digits),
            *(facing(hole, "sign white", layer=3) for hole in holes),
        ]
    )


def stop_sign() -> Solid:
    """A red octagon with white letters, which are a bar at this size."""
    letters = [rectangle(x, -0.12, x + 0.13, 0.12) for x in (-0.36, -0.17, 0.03, 0.22)]
    return Solid(
        [
            facing(ring(0, 0, SIGN_RADIUS, corners=8), "sign white"),
            facing(ring(0, 0, 0.46, corners=8), "sign red", layer=1),
            *(facing(letter, "sign white", layer=2) for letter in letters),
        ]
    )


def yield_sign() -> Solid:
    """A triangle on its tip, white with a red border."""
    return Solid(
        [
            facing([(-0.54, 0.46), (0.54, 0.46), (0, -0.5)], "sign red"),
            facing([(-0.32, 0.33), (0.32, 0.33), (0, -0.24)], "sign white", layer=1),
        ]
    )


def crossing_sign() -> Solid:
    """A blue square with a white triangle and somebody walking in it."""
    return Solid(
        [
            facing(rectangle(-0.48, -0.48, 0.48, 0.48), "sign blue"),
            facing([(-0.38, -0.36), (0.38, -0.36), (0, 0.38)], "sign white", layer=1),
            facing([(-0.14, -0.32), (0.1, -0.32), (0.06, 0.1), (-0.06, 0.1)], "sign black", layer=2),
        ]
    )


def priority_sign() -> Solid:
    """A yellow diamond with a white border."""
    return Solid(
        [
            facing(ring(0, 0, 0.55, corners=4) @ _EIGHTH_TURN, "sign white"),
            facing(ring(0, 0, 0.42, corners=4) @ _EIGHTH_TURN, "sign yellow", layer=1),
        ]
    )


_EIGHTH_TURN = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2.0)


def sign_pole() -> Solid:
    """What carries a sign whose middle is 2.4 m high."""
    return Solid(cuboid((-0.05, 0.0, 0.02), (0.05, 2.4, 0.1), "pole"))


def street_lamp(side: float) -> Solid:
    """A lamp post of 6 m; its arm reaches over the road, to the left for a post on the right side (1.0)."""
    arm = sorted([0.0, -1.6 * side])
    head = sorted([-1.0 * side, -1.8 * side])
    faces = cuboid((-0.09, 0.0, -0.09), (0.09, 6.0, 0.09), "pole")
    faces += cuboid((arm[0], 5.94, -0.05), (arm[1], 6.04, 0.05), "pole", part=1)
    faces += [facing(rectangle(head[0], 5.84, head[1], 6.0), "lamp", z=-0.12, layer=3, part=1)]
    return Solid(faces)


def tree(*, seed: int) -> Solid:
    """A trunk and a crown of leaf clusters, lighter towards the top."""
    rng = np.random.default_rng(seed)
    trunk = facing([(-0.16, 0.0), (0.16, 0.0), (0.1, 2.6), (-0.1, 2.6)], "bark")
    crown = []
    for _ in range(26):
        turn, reach = rng.uniform(0, 2 * np.pi), 1.35 * np.sqrt(rng.uniform())
        x, y = reach * np.cos(turn), 3.7 + 1.25 * reach * np.sin(turn)
        lightness = (y - 3.7) / 1.7 - 0.35 * x / 1.35 + rng.normal(0, 0.35)
        material = "leaf dark" if lightness < -0.25 else "leaf" if lightness < 0.4 else "leaf light"
        crown.append((lightness, x, y, rng.uniform(0.3, 0.62), material))
    leaves = [
        facing(ring(x, y, radius, corners=9), material, layer=1 + rank, part=1)
        for rank, (_, x, y, radius, material) in enumerate(sorted(crown))
    ]
    return Solid([trunk, *leaves])


def planter() -> Solid:
    """A concrete box with a hedge in it."""
    faces = cuboid((-0.8, 0.0, -0.3), (0.8, 0.45, 0.3), "concrete")
    rng = np.random.default_rng(3)
    faces += [_bush(rng, x, y) for y in (0.55, 0.75, 0.95) for x in np.linspace(-0.7, 0.7, 7)]
    return Solid(faces)


def _bush(rng: np.random.Generator, x: float, y: float) -> Face:
    material = "hedge light" if y + rng.normal(0, 0.15) > 0.8 else "hedge"
    place = (x + rng.normal(0, 0.05), y + rng.normal(0, 0.05))
    return facing(ring(*place, rng.uniform(0.14, 0.22), corners=8), material, layer=2 + round(10 * y))


def litter_bin() -> Solid:
    """A green bin with a dark opening."""
    faces = cuboid((-0.28, 0.0, -0.25), (0.28, 1.05, 0.25), "bin")
    return Solid([*faces, facing(rectangle(-0.2, 0.74, 0.2, 0.92), "shade", z=-0.26, layer=2)])


def bollard() -> Solid:
    """A low post with a white band."""
    faces = cuboid((-0.11, 0.0, -0.11), (0.11, 1.0, 0.11), "trim")
    return Solid([*faces, facing(rectangle(-0.11, 0.72, 0.11, 0.86), "stripe", z=-0.12, layer=2)])
