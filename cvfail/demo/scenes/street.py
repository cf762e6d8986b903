"""What a scene is made of: a street, and things that stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cvfail.demo.models.catalogue import MODELS, solid
from cvfail.demo.models.solids import Placing, Points

ROAD = 5.7
"""Metres from the middle of the road to its kerbs; the outer part is for parking."""

PAVEMENT = 9.0
"""Metres from the middle of the road to the buildings."""


@dataclass(frozen=True)
class Street:
    """What scenes share with the buildings and the road that are painted for them.

    Attributes:
        junction: Metres to the middle of a crossing street; None without one.
        crossing: Metres to the near edge of a zebra crossing; None without one.
        seed: Of everything that only meets the eye: houses, stains, clouds.
    """

    junction: float | None
    crossing: float | None
    seed: int


@dataclass(frozen=True)
class Thing:
    """A model that stands somewhere.

    Attributes:
        model: Name in the catalogue.
        placing: Where, and heading which way.
        look: Picks its colours.
    """

    model: str
    placing: Placing
    look: int

    @property
    def category(self) -> str | None:
        """The class; None for what is not annotated."""
        return MODELS[self.model].category

    @cached_property
    def outline(self) -> Points:
        """Its distinct vertices in the street."""
        return self.placing.moved(solid(self.model).outline)

    @cached_property
    def outlines(self) -> list[Points]:
        """The same by part: what it hides is better told by parts than by the whole."""
        return [self.placing.moved(points) for points in solid(self.model).outlines]

    @property
    def sides(self) -> Points:
        """Both ends of every side of its faces, shape (2, n, 3)."""
        start, end = solid(self.model).sides
        return np.stack([self.placing.moved(start), self.placing.moved(end)])

    @cached_property
    def footprint(self) -> Points:
        """Corners of the ground that it stands on, shape (4, 3)."""
        return self.placing.moved(solid(self.model).footprint)
