"""Groups of forecasts: levels of attributes, classes, or declared slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.forecasts import Forecasts
from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute, attribute_names
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.membership import membership
from cvfail.slices.predicates import Predicate, Slice, declared_slices

By = Predicate | Sequence[Predicate] | Mapping[str, Predicate]
"""Names of attributes, ``category`` among them, whose levels are combined; or declared slices."""

CATEGORY = "category"
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class ForecastGroups:
    """Which forecasts lie in which group; a forecast may lie in several slices.

    Attributes:
        keys: One row per group: its levels by attribute, or the name of the slice; no columns for one group of all.
        rows: The forecasts of each group, ascending.
    """

    keys: pl.DataFrame
    rows: list[Rows]


def forecast_groups(point: OperatingPoint, forecasts: Forecasts, by: By) -> ForecastGroups:
    """Divide forecasts.

    Args:
        point: The evaluation that they are of.
        forecasts: `Forecasts.of` it.
        by: Attributes or slices; nothing for one group of everything.

    Raises:
        QueryError: An attribute is unknown, or false positives have no value of it.

    Notes:
        ``category`` is the predicted class. A detection lies where its image or its own box says, whether it is
        right or wrong: what only the ground truth has is unknown of false positives, so that nothing can be said.
        In a declared slice a right detection lies where its object does.
    """
    if isinstance(by, Sequence) and not isinstance(by, str) and not len(by):
        return ForecastGroups(pl.DataFrame(height=1), [np.arange(len(forecasts))])
    names = attribute_names_of(point, by)
    if names is None:
        return _slices(point, forecasts, by)
    frames = [_levels(part, names) for _, part in point.blocks()]
    return _by_level(pl.concat(frames)[forecasts.row], names)


def attribute_names_of(point: OperatingPoint, by: By) -> list[str] | None:
    """The names if all are attributes; None if slices are meant."""
    if isinstance(by, Mapping):
        return None
    asked = [by] if isinstance(by, str | pl.Expr | Slice) else list(by)
    known = {*attribute_names(point.evidence)}
    known |= {name for table in ("images", "ground_truth") for name in point.evidence.attributes(table)}
    names = [one for one in asked if isinstance(one, str)]
    plain = [name for name in names if name in known or name.replace("_", "a").isalnum()]
    return list(dict.fromkeys(plain)) if len(plain) == len(asked) else None


def _levels(point: OperatingPoint, names: Sequence[str]) -> pl.DataFrame:
    """The level of every prediction row of a block."""
    evidence = point.evidence
    columns = []
    for name in names:
        found = attribute(evidence, name)
        side = found.prediction
        if side is None and evidence.task == "classification":
            rows, truths, _, _ = point.pair_arrays
            of_row = np.full(point.kept.size, -1, np.int64)
            of_row[rows] = truths
            side = found.truth.gather(pl.Series(of_row).replace(-1, None))
        if side is None:
            raise QueryError(
                f"{name!r} is known of ground truth only: of a false positive it is unknown, so that its scores "
                "cannot be judged by it. Hint: an attribute of the images, size, or category"
            )
        columns.append(side.alias(name))
    return pl.DataFrame(columns)


def _by_level(levels: pl.DataFrame, names: list[str]) -> ForecastGroups:
    keys = levels.unique().sort(names, nulls_last=True)
    numbered = keys.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("unit:group"))
    code = levels.join(numbered, on=names, how="left", nulls_equal=True, maintain_order="left")["unit:group"]
    codes = code.to_numpy()
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(1, keys.height))
    rows = np.split(order, edges) if keys.height else []
    return ForecastGroups(keys, [np.asarray(one, np.int64) for one in rows])


def _slices(point: OperatingPoint, forecasts: Forecasts, by: By) -> ForecastGroups:
    slices = declared_slices(by)
    rows = []
    for one in slices:
        inside = np.concatenate([_in_slice(part, one) for _, part in point.blocks()])
        rows.append(np.flatnonzero(inside[forecasts.row]))
    return ForecastGroups(
        pl.DataFrame({"slice": pl.Series([one.name for one in slices], dtype=pl.String)}), rows
    )


def _in_slice(point: OperatingPoint, one: Slice) -> NDArray[np.bool_]:
    """The predictions of a block that lie in a slice."""
    found = membership(point, one)
    if point.evidence.task == "classification":
        rows, truths, _, _ = point.pair_arrays
        inside = np.zeros(point.kept.size, np.bool_)
        inside[rows] = found.found_by[rows] if found.truth is None else found.truth[truths]
        return inside
    if found.wrong is None:
        raise QueryError(
            f"{one.name!r} asks what only the ground truth has: of a false positive it is unknown, so that its "
            "scores cannot be judged by it. Hint: attributes of the images, size, or category"
        )
    inside = found.wrong & ~point.correct
    rows, truths, _ = point.hits
    inside[rows] = found.found_by[rows] & (True if found.truth is None else found.truth[truths])
    return np.asarray(inside)
