"""Find the conditions in which a model fails, and say how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.slices.clusters import cluster_codes, in_discovery_half
from cvfail.slices.found_slices import Ranked, SliceSearch, described, slice_text
from cvfail.slices.lattice import Found, search_lattice
from cvfail.slices.objectives import Objective, ObjectiveName, Reference, objective_named
from cvfail.slices.unit_table import UnitTable, tabulate_units
from cvfail.tables.parallel import worker_count


@dataclass(frozen=True)
class SearchPlan:
    """What a search looks for.

    Attributes:
        objective: ``sliceline``, ``excess``, ``risk`` or ``rate``.
        alpha: Of SliceLine's score.
        reference: Rate that errors are in excess of: ``all``, ``rest``, or a number.
        max_order: Most predicates of a slice.
        min_support: Fewest units of a slice; max(32, 1 % of the units) if None.
        top: How many slices; ties of the last are all kept.
        confirm: Discover on one half of the clusters and state effects on the other.
        confidence: Coverage of the intervals.
        statistics: Say how sure it is; otherwise only what was found.
        threads: One per processor if None.
    """

    objective: ObjectiveName = "sliceline"
    alpha: float = 0.95
    reference: Reference | float = "all"
    max_order: int = 3
    min_support: int | None = None
    top: int = 10
    confirm: bool = False
    confidence: float = 0.95
    statistics: bool = True
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, value in (
            ("max_order", self.max_order),
            ("top", self.top),
            ("min_support", self.min_support),
        ):
            if value is not None and value < 1:
                raise QueryError(
                    f"{name} must be at least 1; found {value}. Hint: leave it out for the default"
                )


def search_slices(
    units: pl.DataFrame,
    *,
    attributes: Sequence[str] | None = None,
    error: str = "error",
    valid: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    objective: ObjectiveName = "sliceline",
    alpha: float = 0.95,
    reference: Reference | float = "all",
    max_order: int = 3,
    min_support: int | None = None,
    top: int = 10,
    bins: int = 4,
    half_lines: bool = False,
    confirm: bool = False,
    confidence: float = 0.95,
    statistics: bool = True,
    threads: int | None = None,
) -> SliceSearch:
    """The slices in which errors gather, exactly: none that is better was left out.

    Args:
        units: One row per unit, such as a ground-truth object or a prediction.
        attributes: Columns that slices are made of; all without a role if None.
        error: Column of errors, booleans or numbers >= 0.
        valid: Column that says which units count; all if None.
        weight: Column of costs >= 0, 1 if None.
        cluster: Column of the image (sequence, patient) of each unit; each unit is its own if None.
        objective: ``sliceline``; ``excess`` errors; ``risk``, weighted excess; or ``rate``.
        alpha: Of SliceLine's score.
        reference: Rate for ``excess`` and ``risk``: of ``all`` units, of the ``rest``, or a number.
        max_order: Most predicates of a slice.
        min_support: Fewest units of a slice; max(32, 1 % of the units that count) if None.
        top: How many slices; ties of the last are all kept, equal scores in the order of their predicates.
        bins: Numbers with more than 12 values are cut at quantiles into so many bins.
        half_lines: Such numbers have overlapping items below and from each cut on as well.
        confirm: Discover on the half of the clusters that a hash of their ids says, state effects on the other.
        confidence: Coverage of the intervals.
        statistics: Count all slices with enough units and say how sure each finding is.
        threads: One per processor if None; the result is the same for any.

    Returns:
        The slices found; no row where there are no errors or no slice is above 0.

    Raises:
        QueryError: A column or option has no meaning, see `cvfail.slices.unit_table.tabulate_units`.

    Notes:
        q-values are Benjamini and Hochberg's over the m slices with enough units, of which those not shown enter
        with p = 1; with ``confirm`` over the slices to confirm. Without ``confirm`` effects of found slices are
        too large, since they were chosen for it.

    Example:
        >>> units = pl.DataFrame({"light": ["night", "day"] * 50, "error": [1, 0] * 45 + [0, 0] * 5})
        >>> search_slices(units, min_support=10).df.select("slice", "support", "errors", "rest_rate").rows()
        [('light=night', 50, 45.0, 0.0)]
    """
    plan = SearchPlan(
        objective, alpha, reference, max_order, min_support, top, confirm, confidence, statistics, threads
    )
    if objective == "risk" and weight is None:
        raise QueryError("objective 'risk' needs weights. Hint: name the column of costs as weight=")
    roles = {error, valid, weight, cluster}
    count = (
        len(units)
        if valid is None or valid not in units.columns
        else int(units[valid].cast(pl.Float64).sum())
    )
    table = tabulate_units(
        units,
        attributes=[name for name in units.columns if name not in roles]
        if attributes is None
        else attributes,
        error=error,
        valid=valid,
        weight=weight,
        min_support=_least_support(plan, count // 2 if confirm else count),
        bins=bins,
        half_lines=half_lines,
        threads=worker_count(threads),
    )
    if cluster is None:
        codes, ids = table.rows, pl.Series("row", np.arange(len(units)))
    elif cluster in units.columns:
        codes, ids = cluster_codes(units[cluster].gather(table.rows))
    else:
        raise QueryError(f"no column {cluster!r} in the units. Hint: they have {', '.join(units.columns)}")
    return _searched(table, codes, in_discovery_half(ids) if confirm else None, plan)


def _least_support(plan: SearchPlan, units: int) -> int:
    return max(32, -(-units // 100)) if plan.min_support is None else plan.min_support


def _searched(
    table: UnitTable, clusters: NDArray[np.int64], halves: NDArray[np.bool_] | None, plan: SearchPlan
) -> SliceSearch:
    """Search, on one half if there are halves, and state effects, on the other if there are."""
    discovery, judged = table, table
    if halves is not None:
        discovery, judged = table.subset(halves[clusters]), table.subset(~halves[clusters])
    least = _least_support(plan, discovery.units)
    objective = objective_named(plan.objective, discovery.totals, alpha=plan.alpha, reference=plan.reference)
    found = search_lattice(
        discovery,
        objective,
        max_order=plan.max_order,
        min_support=least,
        top=plan.top,
        exhaustive=plan.statistics,
        threads=worker_count(plan.threads),
    )
    kept = _ranked(found, discovery)
    supported = None if found.supported is None else sum(found.supported)
    tested = supported if halves is None or supported is None else len(kept)

    def again(errors: NDArray[np.float64]) -> SliceSearch:
        other = table.with_errors(errors)
        return _searched(other, _moved(clusters, table, other), halves, plan)

    return SliceSearch(
        described(judged, _moved(clusters, table, judged), kept, tested=tested, confidence=plan.confidence),
        caption=_caption(objective, table, least, supported, tested, plan),
        table=table,
        items=[own.items for own in kept],
        clusters=clusters,
        tested=tested,
        again=again,
    )


def _moved(clusters: NDArray[np.int64], table: UnitTable, other: UnitTable) -> NDArray[np.int64]:
    """Clusters of the units of a table in the order of another one over some of the same rows."""
    by_row = np.zeros(len(table.frame), np.int64)
    by_row[table.rows] = clusters
    return by_row[other.rows]


def _ranked(found: Found, table: UnitTable) -> list[Ranked]:
    """Items, score, and texts of other slices with the same units, best first; the shortest slice is shown."""
    everything = [
        (tuple(items), score)
        for part in found.best
        for items, score in zip(part.items.tolist(), part.score.tolist(), strict=True)
    ]
    alike: dict[bytes, list[tuple[tuple[int, ...], float]]] = {}
    for items, score in sorted(everything):
        alike.setdefault(np.packbits(table.members(items)).tobytes(), []).append((items, score))
    kept = []
    for group in alike.values():
        shown = min(group, key=lambda one: (len(one[0]), one[0]))
        others = [slice_text(table, items) for items, _ in group if items != shown[0]]
        kept.append(Ranked(*shown, others))
    return sorted(kept, key=lambda one: (-one.score, one.items))


def _caption(
    objective: Objective,
    table: UnitTable,
    least: int,
    supported: int | None,
    tested: int | None,
    plan: SearchPlan,
) -> str:
    counted = "" if supported is None else f", m = {supported} slices with enough units"
    if plan.confirm:
        counted = ", effects from the other half of the clusters"
        if supported is not None:
            counted += f", m = {tested} slices to confirm, found among {supported} with enough units"
    dropped = f"; left out: {', '.join(map(str, table.dropped))}" if table.dropped else ""
    return (
        f"Slices of up to {plan.max_order} predicates by {objective.describe()}, support >= {least}, "
        f"{table.units} units{counted}{dropped}"
    )
