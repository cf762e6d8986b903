"""The examples of a report: collected once each, laid out on their images, with pictures if there are any."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.layout import Unit, lay_out
from cvfail.report.pictures import Turn, add_pictures
from cvfail.report.schema import Example, ImageEntry, Picture, PictureReport

MOST_IMAGES = 5000
"""Images that examples may lie in, so that a report stays small enough to open at once."""


@dataclass(frozen=True)
class GalleryContent:
    """The parts of a summary that a gallery makes; see `cvfail.report.schema.Summary`."""

    examples: list[Example]
    images: list[ImageEntry]
    pictures: list[Picture]
    picture_report: PictureReport


class TakesExamples(Protocol):
    """What a section hands its examples to."""

    def add(self, rows: pl.DataFrame) -> list[int]:
        """Take in the rows of a group; see `Gallery.add`."""
        ...


class Gallery:
    """Collects examples in groups, each in the order of importance.

    Every group gets its first picture before any group its second.
    """

    def __init__(self, point: OperatingPoint, *, baseline: OperatingPoint | None = None) -> None:
        self._point, self._baseline = point, baseline
        self._positions: dict[Hashable, int] = {}
        self._units: list[Unit] = []
        self._images: set[int] = set()
        self._turns: list[Turn] = []
        self._groups = 0

    def add(self, rows: pl.DataFrame) -> list[int]:
        """Take in the rows of a group: of a cell, a slice, a failure mode, a band.

        Args:
            rows: `prediction_index`, `ground_truth_index` and, where they are there, `overlap`, `other_index` (a
                second ground truth in the same place), `baseline_index` (a prediction of the baseline) and `compared`
                (the baseline's other predictions are shown as well).

        Returns:
            The positions among the examples of those that were taken in: all, until the gallery is full.
        """
        return [position for position in self.places(rows) if position is not None]

    def places(self, rows: pl.DataFrame) -> list[int | None]:
        """The same with None for each row that was not taken in."""
        names = (
            "prediction_index",
            "ground_truth_index",
            "overlap",
            "other_index",
            "baseline_index",
            "compared",
        )
        absent = [None] * len(rows)
        columns = [rows[name] if name in rows.columns else absent for name in names]
        places = [self._position(Unit(*row)) for row in zip(*columns, strict=True)]
        self._take_turns([position for position in places if position is not None])
        return places

    def _take_turns(self, group: list[int]) -> None:
        """An example of several groups gets its picture when the first of them calls for it."""
        for rank, position in enumerate(group):
            turn = (rank, self._groups)
            if position == len(self._turns):
                self._turns.append(turn)
            else:
                self._turns[position] = min(self._turns[position], turn)
        self._groups += 1

    def _position(self, unit: Unit) -> int | None:
        key = replace(unit, overlap=None)
        if key not in self._positions:
            image = unit.image(self._point, self._baseline)
            if image not in self._images and len(self._images) >= MOST_IMAGES:
                return None
            self._images.add(image)
            self._positions[key] = len(self._units)
            self._units.append(unit)
        return self._positions[key]

    def content(
        self, folder: Path | None, *, most_pictures: int, on_picture: Callable[[int], None] | None = None
    ) -> GalleryContent:
        """Lay out everything that was taken in.

        Args:
            folder: The images; None for empty frames.
            most_pictures: Limit on pictures; every group gets its first before any group its second.
            on_picture: Called with the number of image files as each of them is done.
        """
        examples, images = lay_out(self._point, self._units, baseline=self._baseline)
        if folder is None:
            report = PictureReport(asked=False, made=0, left_out=0, over_size=0, missing=[], missing_count=0)
            return GalleryContent(examples, images, [], report)
        pictures, report = add_pictures(
            examples,
            images,
            turns=self._turns,
            folder=folder,
            most_pictures=most_pictures,
            on_picture=on_picture,
        )
        return GalleryContent(examples, images, pictures, report)
