"""Solids made of flat faces, from which everything in a scene is built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.demo.models.materials import MATERIAL_NUMBER

Points = NDArray[np.float64]
"""Points in metres: x to the right, y up from the road, z away from the camera; shape (n, 3)."""


class Face(NamedTuple):
    """A flat polygon.

    Attributes:
        points: Corners in metres, shape (n, 3).
        material: What it is made of; see `cvfail.demo.models.materials`.
        normal: Points away from the inside, unit length.
        layer: Faces of a part with a higher layer lie on those with a lower one.
        part: Faces of a part are drawn together; parts from far to near.
    """

    points: Points
    material: str
    normal: Points
    layer: int = 0
    part: int = 0


class Solid:
    """Faces as flat arrays, so that all of them are placed, shaded and projected at once.

    Attributes:
        vertices: Corners of all faces, shape (v, 3).
        corners: How many corners each face has, shape (f,).
        normals: Shape (f, 3).
        centres: Shape (f, 3).
        materials: Numbers of materials, shape (f,).
        layers: Shape (f,).
        parts: Shape (f,).
        part_centres: Shape (parts, 3).
        sides: Both ends of every side of every face, shape (2, v, 3).
        outlines: The distinct vertices of each part.
        outline: The distinct vertices of all parts.
        footprint: Corners of the ground below it, shape (4, 3); below its lowest half metre only.
    """

    def __init__(self, faces: Iterable[Face]) -> None:
        faces = tuple(faces)
        self.vertices = np.concatenate([face.points for face in faces])
        self.sides = np.stack(
            [self.vertices, np.concatenate([np.roll(face.points, -1, axis=0) for face in faces])]
        )
        self.corners = np.array([len(face.points) for face in faces])
        self.normals = np.array([face.normal for face in faces])
        self.centres = np.array([face.points.mean(axis=0) for face in faces])
        self.materials = np.array([MATERIAL_NUMBER[face.material] for face in faces])
        self.layers = np.array([face.layer for face in faces])
        self.parts = np.array([face.part for face in faces])
        count = int(self.parts.max()) + 1
        self.part_centres = np.array([self.centres[self.parts == part].mean(axis=0) for part in range(count)])
        of_vertex = np.repeat(self.parts, self.corners)
        self.outlines = tuple(np.unique(self.vertices[of_vertex == part], axis=0) for part in range(count))
        self.outline = np.unique(self.vertices, axis=0)
        self.footprint = _footprint(self.outline)


def _footprint(points: Points) -> Points:
    low = points[points[:, 1] < points[:, 1].min() + 0.5]
    (x0, _, z0), (x1, _, z1) = low.min(axis=0), low.max(axis=0)
    return np.array([[x0, 0, z0], [x1, 0, z0], [x1, 0, z1], [x0, 0, z1]])


class Placing(NamedTuple):
    """Where a solid stands.

    Attributes:
        x: Metres to the right of the middle of the road.
        z: Metres away from the camera.
        yaw: Radians to the left from looking away from the camera.
        y: Metres of its base above the road.
    """

    x: float
    z: float
    yaw: float = 0.0
    y: float = 0.0

    def turned(self, vectors: Points) -> Points:
        """Directions of shape (n, 3), turned with the solid."""
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        turned: Points = vectors @ np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
        return turned

    def moved(self, points: Points) -> Points:
        """Points of shape (n, 3), turned and moved with the solid."""
        moved: Points = self.turned(points) + np.array([self.x, self.y, self.z])
        return moved


def polygon(points: ArrayLike, material: str, away_from: ArrayLike, *, layer: int = 0, part: int = 0) -> Face:
    """A face whose normal points away from a point on the inside."""
    corners = np.asarray(points, np.float64)
    following = np.roll(corners, -1, axis=0)
    normal = np.cross(corners, following).sum(axis=0)  # Newell
    normal /= max(float(np.linalg.norm(normal)), 1e-12)
    inward = float(normal @ (corners.mean(axis=0) - np.asarray(away_from))) < 0
    return Face(corners, material, -normal if inward else normal, layer, part)


def facing(outline: ArrayLike, material: str, *, z: float = 0.0, layer: int = 0, part: int = 0) -> Face:
    """A flat shape that faces the camera, from its outline (n, 2) in x and y."""
    flat = np.asarray(outline, np.float64)
    points = np.column_stack([flat, np.full(len(flat), z)])
    return Face(points, material, np.array([0.0, 0.0, -1.0]), layer, part)


def ring(x: float, y: float, radius: float, *, corners: int = 14, tall: float = 1.0) -> NDArray[np.float64]:
    """The outline (n, 2) of a disc, or of an ellipse that is `tall` times as high as wide."""
    turn = (np.arange(corners) + 0.5) * (2 * np.pi / corners)
    return np.column_stack([x + radius * np.cos(turn), y + tall * radius * np.sin(turn)])


def rectangle(left: float, bottom: float, right: float, top: float) -> list[tuple[float, float]]:
    """The outline of an upright rectangle."""
    return [(left, bottom), (right, bottom), (right, top), (left, top)]


def cuboid(
    low: Sequence[float],
    high: Sequence[float],
    materials: str | dict[str, str],
    *,
    layer: int = 0,
    part: int = 0,
) -> list[Face]:
    """Five faces of a box that stands: left, right, back, front, top.

    Args:
        low: Smallest x, y, z.
        high: Largest x, y, z.
        materials: One for all faces, or one per face name; faces without one are left out.
        layer: Of all faces.
        part: Of all faces.
    """
    (x0, y0, z0), (x1, y1, z1) = low, high
    corners = {
        "left": [(x0, y0, z0), (x0, y1, z0), (x0, y1, z1), (x0, y0, z1)],
        "right": [(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)],
        "back": [(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)],
        "front": [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
        "top": [(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)],
    }
    named = dict.fromkeys(corners, materials) if isinstance(materials, str) else materials
    inside = (np.array(low) + np.array(high)) / 2
    return [
        polygon(corners[name], material, inside, layer=layer, part=part) for name, material in named.items()
    ]


def mirrored(faces: Iterable[Face]) -> list[Face]:
    """The faces and their mirror images in x."""
    flip = np.array([-1.0, 1.0, 1.0])
    both = []
    for face in faces:
        both += [face, face._replace(points=face.points * flip, normal=face.normal * flip)]
    return both
