"""Sections of a report that are made at the same time, each on a thread; their examples are taken in afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import polars as pl

from cvfail.report.gallery import Gallery
from cvfail.tables.parallel import run_in_order, worker_count

Made = TypeVar("Made")

_MOST_AT_ONCE = 2
"""Each needs memory of its own, and its kernels use all processors by themselves."""


class SetAside:
    """Takes examples as a `Gallery` does, but gives them their positions later, in the order of the sections."""

    def __init__(self) -> None:
        self._groups: list[tuple[pl.DataFrame, list[int]]] = []

    def add(self, rows: pl.DataFrame) -> list[int]:
        """Keep the rows of a group.

        Args:
            rows: See `Gallery.add`.

        Returns:
            A list that is empty until `enter` fills it.
        """
        places: list[int] = []
        self._groups.append((rows, places))
        return places

    def enter(self, gallery: Gallery) -> None:
        """Take everything into the gallery, in the order in which it came."""
        for rows, places in self._groups:
            places.extend(gallery.add(rows))
        self._groups.clear()


class Section(Generic[Made]):
    """A part of a summary that does not need the others.

    Args:
        name: What is announced as it begins.
        make: Makes the part, and hands its examples over.

    Attributes:
        made: The part, once `make_sections` is through.
    """

    made: Made

    def __init__(self, name: str, make: Callable[[SetAside], Made]) -> None:
        self.name = name
        self._make = make
        self._examples = SetAside()

    def run(self) -> None:
        """Make the part."""
        self.made = self._make(self._examples)

    def enter(self, gallery: Gallery) -> Made:
        """The part, its examples being in the gallery."""
        self._examples.enter(gallery)
        return self.made


def make_sections(
    sections: Sequence[Section[Any]], begin: Callable[[str], None], *, threads: int | None = None
) -> None:
    """Make all sections, two at a time; what takes longest should come first.

    Args:
        sections: They ask the same evaluation, whose answers are the same in any order.
        begin: Called with the name of each section as it begins, from any thread.
        threads: With 1 they are made one after the other; all processors if not given.
    """

    def make(section: Section[Any]) -> None:
        begin(section.name)
        section.run()

    run_in_order(make, sections, threads=min(_MOST_AT_ONCE, worker_count(threads)))
