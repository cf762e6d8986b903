"""Whether one more thing fits into a scene: inside the image, apart from the others, none of them hidden."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.boxes import Boxes, areas, covered_share, intersections, overlaps
from cvfail.demo.scenes.camera import HEIGHT, WIDTH, Camera
from cvfail.demo.scenes.street import Thing

MOST_OVERLAP = 0.05
"""Largest intersection over union of two objects: less than what ties a prediction to an object."""

_MOST_SHARED = 0.35
_MOST_COVERED = 0.65
_ROOM = 0.25
_SHOWN = (0.4, 0.85)
"""Share of the width of an object that is visible if the border of the image cuts it."""

_SHORTEST, _LONGEST = (6.0, 10.0), (175.0, 165.0)


class Arrangement:
    """The things placed so far.

    Attributes:
        camera: Sees them.
        things: All of them, in the order of their placing.
        objects: The annotated ones with their boxes (left, top, right, bottom in pixels), inside the image.
    """

    def __init__(self, camera: Camera, furniture: Iterable[Thing]) -> None:
        self.camera = camera
        self.things: list[Thing] = []
        self.objects: list[tuple[Thing, Boxes]] = []
        self._taken = np.empty((0, 4))
        self._footprints = np.empty((0, 4))
        self._covers = np.empty((0, 4))
        self._cover_depths = np.empty(0)
        for thing in furniture:
            self.put(thing)

    def add(self, thing: Thing, *, cut: bool = False) -> bool:
        """Place a thing if it fits, and say whether it did.

        Things on the ground stand apart. An object lies inside the image or, if it is to be `cut`, across its left
        or right border; it is neither too small nor too large, and shares at most `MOST_OVERLAP` with another.
        Nothing hides most of an object.
        """
        if not (cut or self.camera.sees(thing.placing.x, thing.placing.z)) or self._collides(thing):
            return False
        box = np.array(self.camera.box(thing.outline))
        is_object = thing.category is not None
        if cut:
            if not _is_cut(box):
                return False
            box = self.camera.visible_box(thing.sides)
        elif is_object and not self.camera.is_inside(box):
            return False
        if is_object and not (_has_good_size(box) and self._has_room(thing, box)):
            return False
        if self._would_hide(thing, box):
            return False
        if is_object:
            self.objects.append((thing, box))
            self.reserve(box)
        self.put(thing)
        return True

    def put(self, thing: Thing) -> None:
        """Place a thing without looking whether it fits; a sign gets its pole."""
        if thing.category == "traffic_sign":
            self.put(Thing("sign pole", thing.placing._replace(y=0.0), 0))
        parts = self._parts(thing)
        self.things.append(thing)
        self._footprints = np.vstack([self._footprints, _ground(thing)])
        self._covers = np.vstack([self._covers, parts])
        self._cover_depths = np.append(self._cover_depths, np.full(len(parts), thing.placing.z))

    def reserve(self, box: Boxes) -> None:
        """Let no further object overlap a box of the image."""
        self._taken = np.vstack([self._taken, box])

    def covered(self, thing: Thing, box: Boxes, *, more: Boxes | None = None) -> float:
        """Share of a thing's box that lies behind nearer things, and behind the boxes `more` if given."""
        covers = self._covers[self._cover_depths < thing.placing.z]
        return covered_share(box, covers if more is None else np.vstack([covers, more]))

    def _parts(self, thing: Thing) -> Boxes:
        return np.array([self.camera.box(points) for points in thing.outlines])

    def _collides(self, thing: Thing) -> bool:
        if thing.placing.y > 0.0:
            return False
        return bool(intersections(_ground(thing), self._footprints).any())

    def _has_room(self, thing: Thing, box: Boxes) -> bool:
        if len(self._taken):
            shared = intersections(box, self._taken)
            smaller = np.minimum(areas(self._taken), areas(box))
            if (shared > _MOST_SHARED * smaller).any() or overlaps(box, self._taken).max() > MOST_OVERLAP:
                return False
        return self.covered(thing, box) <= _MOST_COVERED

    def _would_hide(self, thing: Thing, box: Boxes) -> bool:
        """Whether too little of an object farther away would remain visible."""
        behind = [
            (other, other_box)
            for other, other_box in self.objects
            if other.placing.z > thing.placing.z and intersections(box, other_box).any()
        ]
        if not behind:
            return False
        parts = self._parts(thing)
        return any(self.covered(*other, more=parts) > _MOST_COVERED for other in behind)


def _ground(thing: Thing) -> NDArray[np.float64]:
    """The ground that a thing takes, with room around it: x, z, x, z in metres."""
    x, _, z = thing.footprint.T.tolist()
    return np.array([min(x) - _ROOM, min(z) - _ROOM, max(x) + _ROOM, max(z) + _ROOM])


def _is_cut(box: Boxes) -> bool:
    """Whether the left or the right border of the image hides a part of a box, and nothing else does."""
    left, top, right, bottom = box.tolist()
    shown = min(right, WIDTH) - max(left, 0.0)
    return bool(top >= 1.0 and bottom <= HEIGHT - 1.0 and _SHOWN[0] <= shown / (right - left) <= _SHOWN[1])


def _has_good_size(box: Boxes) -> bool:
    """Whether an object with this box can be recognised, but does not fill the image."""
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    large_enough = min(width, height) >= _SHORTEST[0] and max(width, height) >= _SHORTEST[1]
    return large_enough and width <= _LONGEST[0] and height <= _LONGEST[1]
