"""Faces of many things as flat arrays, ready to be drawn from first to last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.models.catalogue import chosen_colours, solid
from cvfail.demo.models.materials import COLOURS, MATERIAL_NUMBER, Colour, linear
from cvfail.demo.models.solids import Points
from cvfail.demo.scenes.street import Thing


@dataclass(frozen=True)
class Surfaces:
    """Faces in the order in which they are drawn.

    Attributes:
        vertices: Corners of all faces in the street, shape (v, 3).
        corners: How many corners each face has, shape (f,).
        normals: Unit vectors that point outside, shape (f, 3).
        centres: Shape (f, 3).
        materials: Numbers of materials, shape (f,).
        colours: Linear colours, shape (f, 3).
    """

    vertices: Points
    corners: NDArray[np.int64]
    normals: Points
    centres: Points
    materials: NDArray[np.int64]
    colours: NDArray[np.float64]

    @classmethod
    def joined(cls, several: Iterable[Surfaces]) -> Self:
        """One after the other."""
        together = list(several)
        return cls(*(np.concatenate([getattr(one, field.name) for one in together]) for field in fields(cls)))

    @classmethod
    def of_thing(cls, thing: Thing, eye: Points) -> Self:
        """The faces of a thing: parts from far to near, in a part by layers, in a layer from far to near."""
        body, placing = solid(thing.model), thing.placing
        centres = placing.moved(body.centres)
        part_distances = np.linalg.norm(placing.moved(body.part_centres) - eye, axis=1)
        distances = np.linalg.norm(centres - eye, axis=1)
        order = np.lexsort((-distances, body.layers, -part_distances[body.parts]))
        colours = coloured(body.materials, chosen_colours(thing.model, thing.look))
        starts = np.cumsum(body.corners) - body.corners
        rows = np.concatenate([np.arange(starts[face], starts[face] + body.corners[face]) for face in order])
        return cls(
            placing.moved(body.vertices)[rows],
            body.corners[order],
            placing.turned(body.normals)[order],
            centres[order],
            body.materials[order],
            colours[order],
        )


def coloured(materials: NDArray[np.int64], colours: Mapping[str, Colour]) -> NDArray[np.float64]:
    """The linear colour of each material number: its own, unless `colours` has another for its name."""
    chosen = COLOURS[materials]
    for name, colour in colours.items():
        chosen[materials == MATERIAL_NUMBER[name]] = linear(colour)
    return chosen
