"""What found slices amount to on some units: rates against the rest and against their parents, by cluster."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.slices.unit_table import UnitTable
from cvfail.statistics.contrast import slice_against_rest

Masks = NDArray[np.bool_]
Integers = NDArray[np.int64]


def against_rest(
    table: UnitTable,
    masks: Sequence[Masks],
    within: Sequence[Masks | None],
    clusters: Integers,
    *,
    confidence: float,
) -> list[dict[str, float | int | None]]:
    """Compare each slice with the rest of the units it lies in.

    Args:
        table: The units.
        masks: Units of each slice, in the table's order.
        within: The units that each slice is compared within; all if None.
        clusters: Cluster of each unit, in the table's order.
        confidence: Coverage of the intervals.

    Returns:
        For each slice the columns of `cvfail.statistics.contrast.slice_against_rest`.
    """
    everything = _by_cluster(table, None, clusters)
    answers = []
    for mask, limit in zip(masks, within, strict=True):
        totals = everything if limit is None else _by_cluster(table, limit, clusters)
        own = _by_cluster(table, mask, clusters)
        if not len(own):
            own = totals.head(1).with_columns(errors=pl.lit(0.0), units=pl.lit(0.0))
        compared = slice_against_rest(
            own.with_columns(slice=pl.lit(0)), totals, by=["slice"], confidence=confidence
        )
        answers.append(compared.row(0, named=True) if len(compared) else dict.fromkeys(compared.columns))
    return answers


def against_parents(
    table: UnitTable, items: Sequence[tuple[int, ...]], clusters: Integers, *, confidence: float
) -> list[dict[str, object]]:
    """The parent that each slice adds least to, by the largest p-value of slice against parent without it.

    Returns:
        For each slice ``parent`` (its items; None for slices of one item, which have none), ``difference`` (rate of
        the slice minus that of the rest of the parent) and ``p_value``; the latter are null where they cannot be
        said. A parent that holds no other unit explains all of the slice: difference 0 and p-value 1.
    """
    answers: list[dict[str, object]] = []
    for own in items:
        parents = [own[:x] + own[x + 1 :] for x in range(len(own))] if len(own) > 1 else []
        masks = [table.members(parent) for parent in parents]
        mask = table.members(own)
        compared = against_rest(table, [mask] * len(parents), masks, clusters, confidence=confidence)
        found: list[dict[str, object]] = [
            {"parent": parent, "difference": 0.0, "p_value": 1.0}
            if np.array_equal(mask, limit)
            else {"parent": parent, "difference": one["difference"], "p_value": one["p_value"]}
            for parent, limit, one in zip(parents, masks, compared, strict=True)
        ]
        answers.append(
            max(found, key=_unconvincing, default={"parent": None, "difference": None, "p_value": None})
        )
    return answers


def design_effect(table: UnitTable, mask: Masks, clusters: Integers) -> float | None:
    """Variance of a slice's rate by clusters over that of independent units; None where it cannot be said.

    With y, n the errors and units of its m clusters and p their ratio, v = m/(m-1) Σ (y - p n)² / (Σ n)² against
    p (1 - p) / Σ n. Source: Kish, Survey Sampling (1965) §8.2.
    """
    own = _by_cluster(table, mask, clusters)
    y, n = own["errors"].to_numpy(), own["units"].to_numpy()
    whole, m = float(n.sum()), n.size
    rate = float(y.sum()) / whole if whole > 0.0 else 0.0
    if m < 2 or not 0.0 < rate < 1.0:
        return None
    variance = m / (m - 1) * float(((y - rate * n) ** 2).sum()) / whole**2
    return variance / (rate * (1.0 - rate) / whole)


def _unconvincing(answer: dict[str, object]) -> float:
    p_value = answer["p_value"]
    return p_value if isinstance(p_value, float) else 1.0


def _by_cluster(table: UnitTable, mask: Masks | None, clusters: Integers) -> pl.DataFrame:
    """Σ weight and Σ weight · error of the units of each cluster that has any."""
    chosen = slice(None) if mask is None else mask
    own, weights = clusters[chosen], table.weights[chosen]
    count = int(clusters.max(initial=-1)) + 1
    present = np.flatnonzero(np.bincount(own, minlength=count))
    units = np.bincount(own, weights, minlength=count)[present]
    errors = np.bincount(own, weights * table.errors[chosen], minlength=count)[present]
    return pl.DataFrame({"cluster": present, "errors": errors, "units": units})
