"""Every slice of one or two attributes against the rest, for every error type of a kind of unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import polars as pl

from cvfail.failures.units import CLUSTER, Units, error_column
from cvfail.statistics.contrast import slice_against_rest

KEYS = ("attribute_1", "value_1", "attribute_2", "value_2")
"""What names a slice; the second pair is null for a slice of one attribute."""

_LEVEL = pl.String
_COUNT = "unit:count"


def search_slices(units: Units, *, max_order: int, min_support: int, confidence: float) -> pl.DataFrame:
    """Compare every slice with the rest of the units.

    Args:
        units: Rows of one kind.
        max_order: 1 or 2: how many attributes a slice may fix.
        min_support: Slices with fewer units are not looked at.
        confidence: Coverage of the intervals.

    Returns:
        error_type, the columns of `KEYS`, and those of `slice_against_rest`. A null value names the slice of
        rows without a value.
    """
    tables = [
        slice_against_rest(cells, _totals(units, error_type), by=KEYS, confidence=confidence).select(
            pl.lit(error_type).alias("error_type"), pl.all()
        )
        for names in _attribute_sets(units, max_order)
        for error_type, cells in _cells(units, names, min_support)
    ]
    return pl.concat([_no_slices(), *tables])


def members(units: Units, key: Sequence[str | None]) -> pl.Series:
    """Which units lie in the slice that a key of `KEYS` names, as a mask."""
    mask = pl.repeat(value=True, n=len(units.frame), dtype=pl.Boolean, eager=True)
    for name, value in (key[:2], key[2:]):
        if name is not None:
            mask &= units.frame[name].cast(_LEVEL).eq_missing(pl.Series([value], dtype=_LEVEL))
    return mask


def _no_slices() -> pl.DataFrame:
    """The answer without rows, so that nothing to compare is an ordinary answer."""
    sums = {"cluster": pl.Int32, "units": pl.Float64, "errors": pl.Float64}
    cells = pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), **sums})
    table = slice_against_rest(cells, pl.DataFrame(schema=sums), by=KEYS)
    return table.select(pl.lit(None, pl.String).alias("error_type"), pl.all())


def _attribute_sets(units: Units, max_order: int) -> Iterator[tuple[str, ...]]:
    for order in range(1, max_order + 1):
        yield from combinations(units.attributes, order)


def _totals(units: Units, error_type: str) -> pl.DataFrame:
    return units.frame.group_by(pl.col(CLUSTER).alias("cluster"), maintain_order=True).agg(
        pl.col(error_column(error_type)).sum().alias("errors"), pl.len().cast(pl.Float64).alias("units")
    )


def _cells(units: Units, names: tuple[str, ...], min_support: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """Units and errors of every slice in every cluster, per error type.

    Small slices are left out, and those of two attributes that hold the same rows as one of the two alone.
    """
    support = pl.len().over(names)
    narrower = [support < pl.len().over(name) for name in names if len(names) > 1]
    frame = units.frame.filter(support >= min_support, *narrower)
    if frame.is_empty():
        return
    cells = frame.group_by(*names, CLUSTER, maintain_order=True).agg(
        pl.col([error_column(error_type) for error_type in units.error_types]).sum(),
        pl.len().cast(pl.Float64).alias(_COUNT),
    )
    pair = (*names, None)[:2]
    keys = [
        column
        for place, name in enumerate(pair, start=1)
        for column in (
            pl.lit(name, pl.String).alias(f"attribute_{place}"),
            (pl.lit(None, _LEVEL) if name is None else pl.col(name).cast(_LEVEL)).alias(f"value_{place}"),
        )
    ]
    for error_type in units.error_types:
        yield (
            error_type,
            cells.select(*keys, cluster=CLUSTER, units=_COUNT, errors=error_column(error_type)),
        )
