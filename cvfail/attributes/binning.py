"""Numbers and times as groups: half-open bins with labels, in order; null stays null and is a group of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import polars as pl

from cvfail.errors import PolicyError

MOST_LEVELS = 12
"""Numbers with no more different values than this are levels as they stand."""

SIZE_EDGES = (1024.0, 9216.0)
SIZE_LABELS = ("small", "medium", "large")
"""Half-open buckets [0, 1024), [1024, 9216), [9216, inf) in square pixels, so that they partition the objects."""

QUARTILES = (0.25, 0.5, 0.75)

DAY_HOURS = (6, 18)
"""Day is from 6:00 to before 18:00 by the clock of the timestamp; the place of the sun is not looked at."""

TimeUnit = Literal["hour", "day_night", "weekday", "month"]

_HOURS = tuple(f"{hour:02}:00" for hour in range(24))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def bin_by_edges(
    values: pl.Series, edges: Sequence[float], *, labels: Sequence[str] | None = None
) -> pl.Series:
    """Cut numbers at fixed edges.

    Args:
        values: Numbers; null, NaN and infinite ones are in no bin.
        edges: Ascending, all different; k edges make k + 1 bins, each from its edge to before the next.
        labels: One name per bin; ``"< 2"``, ``"2 – 5"``, ``"≥ 5"`` if not given.

    Returns:
        An enumeration in the order of the bins under the name of `values`; null where there is no number.

    Raises:
        PolicyError: The values are no numbers, the edges do not ascend, or the labels are not one more than they.

    Example:
        >>> bin_by_edges(pl.Series([0.5, 2, 7, None]), [2, 5]).to_list()
        ['< 2', '2 – 5', '≥ 5', None]
    """
    edges, labels = checked_bins(edges, labels)
    if not values.dtype.is_numeric() and values.dtype != pl.Null:
        raise PolicyError(f"{values.name!r} holds {values.dtype}; only numbers can be cut at edges")
    numbers = finite(values)
    places = np.searchsorted(edges, numbers.fill_null(0.0).to_numpy(), side="right")
    codes = pl.Series(values.name, places, dtype=pl.UInt32)
    return codes.set(numbers.is_null(), None).cat.to(pl.Enum(labels))


def bin_expression(values: pl.Expr, edges: Sequence[float], labels: Sequence[str]) -> pl.Expr:
    """Cut numbers at fixed edges inside a Polars expression; infinite numbers have bins, NaN has the last."""
    edges, labels = checked_bins(edges, labels)
    place = pl.sum_horizontal([(values >= edge).cast(pl.UInt32) for edge in edges], ignore_nulls=False)
    return place.cat.to(pl.Enum(labels))


def bin_by_quantiles(
    values: pl.Series, quantiles: int | Sequence[float] = 4, *, reference: pl.Series | None = None
) -> pl.Series:
    """Cut numbers at quantiles.

    Args:
        values: Numbers; null, NaN and infinite ones are in no bin.
        quantiles: How many bins of about equal size, or the quantiles to cut at, in (0, 1).
        reference: What the quantiles are computed on, `values` if not given. For predictions give the values of the
            ground truth: bins that depend on what a model predicts cannot be compared between models.

    Returns:
        An enumeration in the order of the bins under the name of `values`. Equal quantiles make one edge, so that
        there may be fewer bins; a constant reference makes one.

    Raises:
        PolicyError: The values are no numbers, or the quantiles have no meaning.

    Notes:
        Quantiles are linearly interpolated. An edge at the lowest value of the reference would cut off nothing; the
        next higher value takes its place.

    Example:
        >>> bin_by_quantiles(pl.Series([1, 2, 3, 4]), 2).to_list()
        ['< 2.5', '< 2.5', '≥ 2.5', '≥ 2.5']
    """
    return bin_by_edges(
        values, quantile_edges(values if reference is None else reference, _shares(quantiles))
    )


def bin_by_time(values: pl.Series, by: TimeUnit) -> pl.Series:
    """Group times by what people name them after.

    Args:
        values: Datetimes, as the clock at the place of capture showed; for ``"hour"`` and ``"day_night"`` also
            times, for ``"weekday"`` and ``"month"`` also dates. Texts have to be parsed before.
        by: ``"hour"`` (00:00 … 23:00), ``"day_night"`` (day from 6:00 to before 18:00), ``"weekday"`` or
            ``"month"``, of all years together.

    Returns:
        An enumeration in the order of time under the name of `values`; null where there is no time.

    Raises:
        PolicyError: The values have no such part, or there is no such unit.

    Example:
        >>> from datetime import datetime
        >>> bin_by_time(pl.Series([datetime(2024, 5, 1, 21, 30), None]), "day_night").to_list()
        ['night', None]
    """
    if by not in get_args(TimeUnit):
        units = ", ".join(map(repr, get_args(TimeUnit)))
        raise PolicyError(f"no times are grouped by {by!r}. Hint: one of {units}")
    is_clock = by in {"hour", "day_night"}
    fitting = (pl.Datetime, pl.Time if is_clock else pl.Date)
    if values.dtype.base_type() not in (*fitting, pl.Null):
        kinds = "datetimes or times" if is_clock else "datetimes or dates"
        raise PolicyError(
            f"{values.name!r} holds {values.dtype}; {by} needs {kinds}. Hint: values.str.to_datetime()"
        )
    if values.dtype == pl.Null:
        values = values.cast(pl.Datetime)
    if by == "hour":
        return _named(values.dt.hour(), _HOURS)
    if by == "day_night":
        hour = values.dt.hour()
        return _named((hour >= DAY_HOURS[0]) & (hour < DAY_HOURS[1]), ("night", "day"))
    return (
        _named(values.dt.weekday() - 1, _WEEKDAYS)
        if by == "weekday"
        else _named(values.dt.month() - 1, _MONTHS)
    )


def checked_bins(
    edges: Sequence[float], labels: Sequence[str] | None
) -> tuple[Sequence[float], Sequence[str]]:
    """The edges, and one label per bin.

    Raises:
        PolicyError: The edges do not ascend, or the labels do not fit.
    """
    if not all(np.isfinite(edge) for edge in edges) or any(low >= high for low, high in pairwise(edges)):
        raise PolicyError(f"edges must be finite and ascend; found {list(edges)}")
    if labels is None:
        return edges, edge_labels(edges)
    if len(labels) != len(edges) + 1 or len(set(labels)) != len(labels):
        raise PolicyError(f"{len(edges)} edges need {len(edges) + 1} different labels; found {list(labels)}")
    return edges, labels


def edge_labels(edges: Sequence[float]) -> list[str]:
    """The bins between edges in words, with as many digits as it takes to tell the edges apart."""
    if not edges:
        return ["all"]
    shown = ([f"{edge:.{digits}g}" for edge in edges] for digits in range(6, 18))
    names = next(names for names in shown if len(set(names)) == len(edges))
    return [f"< {names[0]}", *(f"{low} – {high}" for low, high in pairwise(names)), f"≥ {names[-1]}"]


def quantile_edges(values: pl.Series, shares: Sequence[float] = QUARTILES) -> list[float]:
    """The different quantiles of numbers, none of them the lowest value; none at all of constant values."""
    if not values.dtype.is_numeric() and values.dtype != pl.Null:
        raise PolicyError(f"{values.name!r} holds {values.dtype}; only numbers have quantiles")
    known = finite(values).drop_nulls().to_numpy()
    above_lowest = known[known > known.min()] if known.size else known
    if above_lowest.size == 0:
        return []
    cuts = np.quantile(known, shares)
    edges: list[float] = np.unique(np.where(cuts > known.min(), cuts, above_lowest.min())).tolist()
    return edges


def finite(values: pl.Series) -> pl.Series:
    """Numbers as Float64, null where they are not finite."""
    numbers = values.cast(pl.Float64)
    return numbers.set(~numbers.is_finite().fill_null(value=False), None)


def _shares(quantiles: int | Sequence[float]) -> Sequence[float]:
    shares = [i / quantiles for i in range(1, quantiles)] if isinstance(quantiles, int) else list(quantiles)
    if not shares or not all(0 < share < 1 for share in shares) or sorted(set(shares)) != shares:
        raise PolicyError(
            f"quantiles={quantiles!r}: name at least 2 bins, or ascending numbers between 0 and 1"
        )
    return shares


def _named(codes: pl.Series, names: Sequence[str]) -> pl.Series:
    """Codes from 0 as an enumeration of names."""
    return codes.cast(pl.UInt32).cat.to(pl.Enum(names))
