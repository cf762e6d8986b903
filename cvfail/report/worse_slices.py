"""Slices in which broken objects or new false positives gather, and whether they are worse on balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from cvfail.comparison.comparison import Comparison as ComparedModels
from cvfail.comparison.flips import Flips, Unit
from cvfail.evidence.attributes import attribute
from cvfail.report.deltas import delta
from cvfail.report.flipped import Flipped
from cvfail.report.gallery import Gallery
from cvfail.report.schema import FlipSlice
from cvfail.slices.found_slices import SliceSearch
from cvfail.slices.predicates import NULL

MOST_OF_A_KIND = 6

_SEARCHED = 20
_LEVEL = 0.05
_LONGEST = 2
"""Conditions of a slice: two can be read at a glance, and a third takes most of the time."""

_BALANCE: dict[str, str] = {"broken": "recall", "new": "false_positives_per_image"}


@dataclass(frozen=True)
class WorseSlices:
    """What was found.

    Attributes:
        searches: By flip: the search.
        found: By flip: the rows of its table that are shown.
        by: Names of slices that are compared anyhow.
    """

    searches: dict[Literal["broken", "new"], SliceSearch]
    found: dict[Literal["broken", "new"], list[dict[str, Any]]]
    by: frozenset[str]

    @classmethod
    def of(cls, turned: Flips, by: Sequence[str]) -> WorseSlices:
        """Search for them.

        Args:
            turned: The flips of both models.
            by: Attributes that are compared value by value.
        """
        evidence = turned.pair.first.evidence
        units: dict[Literal["broken", "new"], Unit] = {"broken": "ground_truth"}
        if evidence.task == "detection":
            units["new"] = "predictions"
        searches = {
            flip: turned.worse(unit, max_order=_LONGEST, top=_SEARCHED) for flip, unit in units.items()
        }
        found = {flip: _shown(search) for flip, search in searches.items()}
        compared = {
            f"{name}={value}"
            for name in by
            for value in attribute(evidence, name).truth.unique().cast(pl.String).fill_null(NULL)
        }
        return cls(searches, found, frozenset(compared))

    @property
    def slices(self) -> list[str]:
        """Those that have to be compared besides."""
        named = [row["slice"] for rows in self.found.values() for row in rows]
        return [name for name in dict.fromkeys(named) if name not in self.by]

    @property
    def names(self) -> frozenset[str]:
        """The same as names."""
        return frozenset(self.slices)

    def told(
        self, models: ComparedModels, flipped: Flipped, gallery: Gallery, *, examples: int
    ) -> list[FlipSlice]:
        """The slices, broken objects first.

        Args:
            models: The comparison that the slices are part of.
            flipped: The flips.
            gallery: Takes the examples.
            examples: Per slice.
        """
        balances = {(row["slice"], row["metric"]): row for row in models.slices.df.to_dicts()}
        return [
            self._told(flip, row, balances.get((row["slice"], _BALANCE[flip])), flipped, gallery, examples)
            for flip, rows in self.found.items()
            for row in rows
        ]

    def _told(
        self,
        flip: Literal["broken", "new"],
        row: dict[str, Any],
        balance: dict[str, Any] | None,
        flipped: Flipped,
        gallery: Gallery,
        examples: int,
    ) -> FlipSlice:
        key = "ground_truth_index" if flip == "broken" else "prediction_index"
        inside = self.searches[flip].rows(row["rank"])[key]
        rows = flipped.rows.filter(flip=flip).filter(pl.col(key).is_in(inside.to_list()))
        places, captions = flipped.add(rows, gallery, examples=examples)
        return FlipSlice(
            flip=flip,
            slice=row["slice"],
            support=row["support"],
            flipped=round(row["errors"]),
            rate=row["rate"],
            rest_rate=row["rest_rate"],
            q_value=row["q_value"],
            balance=None if balance is None else delta(balance),
            examples=places,
            captions=captions,
        )


def _shown(search: SliceSearch) -> list[dict[str, Any]]:
    """The significant slices of which every condition adds something, the costliest first."""
    rows = search.distinct().df.filter(pl.col("q_value") < _LEVEL)
    return rows.sort("excess", descending=True, maintain_order=True).head(MOST_OF_A_KIND).to_dicts()
