"""Which slices fail more than the rest, or one value more than another: all are tested, and few picked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.conditions import Condition, condition_of_level
from cvfail.failures.selection import select_modes
from cvfail.failures.units import ErrorUnits, Units, object_units, prediction_units
from cvfail.failures.value_pair import ValuePair
from cvfail.slices.every_contrast import every_contrast
from cvfail.slices.every_slice import EverySlice, every_slice
from cvfail.statistics.multiplicity import benjamini_hochberg

_SAME_ROWS = ("error", "units", "errors", "clusters")
"""Slices that agree in all of these hold the same rows: one attribute repeats another."""

_KEY = ("error", "slice")


@dataclass(frozen=True)
class SearchedMode:
    """A slice in which an error is more frequent than elsewhere.

    Attributes:
        error: The error.
        conditions: The slice.
        against: What it was compared with; None for everything else.
        p_value: Of no difference from the rest.
        q_value: The same, for having looked at all slices and errors.
        significant: Whether it was picked from those below the level.
    """

    error: str
    conditions: tuple[Condition, ...]
    against: tuple[Condition, ...] | None
    p_value: float
    q_value: float
    significant: bool


@dataclass(frozen=True)
class Searched:
    """What a search found and looked at.

    Attributes:
        modes: The significant ones, then the largest of the others by excess.
        tested: How many slices × errors were tested.
    """

    modes: tuple[SearchedMode, ...]
    tested: int


def search_modes(
    point: OperatingPoint,
    names: Sequence[str],
    *,
    pair: ValuePair | None = None,
    max_order: int,
    level: float,
    min_support: int,
    min_clusters: int,
    confidence: float,
    insignificant: int,
) -> Searched:
    """Test every slice against the rest for every error, and pick one slice per failure.

    Arguments are those of `cvfail.failures.modes.failure_modes`; with a pair of values, slices are of the first and
    compared with those of the second.
    """
    looked = _Looked(
        point,
        {error: units for units in _kinds(point, names, min_support, pair) for error in units.errors},
        pair,
        max_order=max_order,
        min_support=min_support,
        min_clusters=min_clusters,
        confidence=confidence,
    )
    tested = looked.table.filter((pl.col("clusters") >= min_clusters) & pl.col("p_value").is_not_null())
    tested = tested.with_columns(benjamini_hochberg(tested["p_value"]).alias("q_value"))
    is_significant = (pl.col("q_value") < level) & (pl.col("excess_errors") > 0)
    significant = tested.filter(is_significant)
    picked = [
        group.filter(pl.col("slice").is_in(looked.pick(str(error), group, level)))
        for (error,), group in significant.group_by("error", maintain_order=True)
    ]
    others = tested.filter(~is_significant & (pl.col("excess_errors") > 0))
    others = _by_excess(others.unique(_SAME_ROWS, keep="first", maintain_order=True)).head(insignificant)
    modes = [
        looked.mode(row, significant=kind)
        for kind, part in ((True, _by_excess(pl.concat([tested.clear(), *picked]))), (False, others))
        for row in part.iter_rows(named=True)
    ]
    return Searched(tuple(modes), len(tested))


def _kinds(
    point: OperatingPoint, names: Sequence[str], min_support: int, pair: ValuePair | None
) -> Iterator[Units]:
    yield object_units(point, names, min_support=min_support, pair=pair)
    yield prediction_units(point, names, min_support=min_support, pair=pair)


def _by_excess(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort(["excess_errors", *_KEY], descending=[True, False, False], nulls_last=True)


class _Told(NamedTuple):
    """The units of one error, and every slice of them."""

    units: ErrorUnits
    slices: EverySlice


class _Looked:
    """Every slice of every error."""

    def __init__(
        self,
        point: OperatingPoint,
        units: dict[str, Units],
        pair: ValuePair | None,
        *,
        max_order: int,
        min_support: int,
        min_clusters: int,
        confidence: float,
    ) -> None:
        self._point, self._pair, self._confidence = point, pair, confidence
        self._told: dict[str, _Told] = {}
        options = {"max_order": max_order, "min_support": min_support}
        for error, told in units.items():
            own = told.of_error(error)
            if own.has_value is None:
                found = every_slice(own.clustered, own.errors, **options, confidence=confidence)
            else:
                found = every_contrast(
                    own.clustered,
                    own.errors,
                    own.has_value,
                    **options,
                    min_clusters=min_clusters,
                    confidence=confidence,
                )
            self._told[error] = _Told(own, found)
        self.table = pl.concat(
            told.slices.table.select(pl.lit(error).alias("error"), pl.all())
            for error, told in self._told.items()
        )

    def pick(self, error: str, candidates: pl.DataFrame, level: float) -> list[int]:
        """One slice per failure, see `cvfail.failures.selection.select_modes`."""
        told = self._told[error]
        return select_modes(told.units, told.slices, candidates, level=level, confidence=self._confidence)

    def mode(self, row: dict[str, Any], *, significant: bool) -> SearchedMode:
        """A row of the table as a mode."""
        told, pair = self._told[row["error"]], self._pair
        items = [told.units.clustered.items[number] for number in told.slices.items[row["slice"]]]
        conditions = tuple(
            condition_of_level(self._point.evidence, item.attribute, item.value) for item in items
        )
        return SearchedMode(
            error=row["error"],
            conditions=conditions if pair is None else (pair.condition, *conditions),
            against=None if pair is None else (pair.other, *conditions),
            p_value=row["p_value"],
            q_value=row["q_value"],
            significant=significant,
        )
