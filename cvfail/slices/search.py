"""Find the conditions in which a model fails, and say how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.slices.clusters import cluster_codes, deal_errors, in_discovery_half
from cvfail.slices.contrasts import against_parents, against_rest, design_effect
from cvfail.slices.impact import marginal_impact, overlaps, shapley_values
from cvfail.slices.items import Dropped
from cvfail.slices.lattice import Found, search_lattice
from cvfail.slices.objectives import Objective, ObjectiveName, Reference, objective_named
from cvfail.slices.unit_table import UnitTable, tabulate_units
from cvfail.tables.parallel import worker_count
from cvfail.tables.result import ResultTable

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rank": pl.Int64,
    "slice": pl.String,
    "order": pl.Int64,
    "score": pl.Float64,
    "support": pl.Int64,
    "errors": pl.Float64,
    "rate": pl.Float64,
    "rest_rate": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "excess": pl.Float64,
    "gross": pl.Float64,
    "marginal": pl.Float64,
    "design_effect": pl.Float64,
    "clusters": pl.Int64,
    "parent": pl.String,
    "parent_difference": pl.Float64,
    "parent_p_value": pl.Float64,
    "overlaps_rank": pl.Int64,
    "jaccard": pl.Float64,
    "same_units_as": pl.List(pl.String),
}


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


class SliceSearch(ResultTable):
    """The slices that a search found, best first.

    Attributes:
        df: One row per slice: ``rank``, ``slice`` (its predicates), ``order``, ``score``; ``support`` (units),
            ``errors``, ``rate``, ``rest_rate``, ``difference`` with ``lower``, ``upper`` and ``p_value`` by cluster,
            ``q_value``; ``excess`` (errors beyond the rest's rate), ``gross`` (beyond the rate of all), ``marginal``
            (of gross what slices of larger impact leave); ``design_effect``, ``clusters``; ``parent`` that it adds
            least to with ``parent_difference`` and ``parent_p_value``; ``overlaps_rank`` and ``jaccard``, the earlier
            slice with which it shares most; ``same_units_as``, slices left out for having the same units.
        dropped: Attributes that no slice is made of, with the reason.
        tested: Number m of slices with enough units, which q-values account for; None without statistics.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        table: UnitTable,
        items: Sequence[tuple[int, ...]],
        clusters: NDArray[np.int64],
        plan: SearchPlan,
        tested: int | None,
    ) -> None:
        super().__init__(df, caption=caption)
        self.dropped: tuple[Dropped, ...] = table.dropped
        self.tested = tested
        self._table, self._items, self._clusters, self._plan = table, tuple(items), clusters, plan
        self._give: Callable[[pl.DataFrame], pl.DataFrame] = lambda units: units

    def rows(self, rank: int) -> pl.DataFrame:
        """The units of a slice as they were given, in their order.

        Raises:
            QueryError: There is no such rank.
        """
        return self._give(self._table.frame[np.sort(self._table.rows[self._table.members(self._of(rank))])])

    def give_back(self, give: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Let `rows` give something else for the units, such as the rows of a table that they stand for."""
        self._give = give

    def attribution(self, rank: int) -> ResultTable:
        """What each predicate adds to the slice's divergence from the rate of all units.

        Returns:
            ``predicate`` and ``share`` (Shapley's value); the shares add up to the divergence.

        Raises:
            QueryError: There is no such rank.
        """
        table, own = self._table, self._of(rank)
        rate = _overall_rate(table)
        shares = shapley_values(own, lambda part: _rate(table, table.members(part)) - rate)
        frame = pl.DataFrame({"predicate": [str(table.items[number]) for number in own], "share": shares})
        return ResultTable(
            frame, caption=f"Shares of {_text(table, own)} in its divergence from a rate of {rate:.3g}"
        )

    def null_run(self, *, seed: int) -> SliceSearch:
        """What the same search finds when errors have nothing to do with attributes.

        Errors are dealt out over images as by `cvfail.slices.clusters.deal_errors`, which keeps errors that come
        together in an image together.
        """
        dealt = deal_errors(self._table.errors, self._clusters, seed=seed)
        codes = np.empty(len(self._table.frame), np.int64)
        codes[self._table.rows] = self._clusters
        table = self._table.with_errors(dealt)
        found = _searched(table, codes[table.rows], self._halves, self._plan)
        found.give_back(self._give)
        return found

    _halves: NDArray[np.bool_] | None = None

    def _of(self, rank: int) -> tuple[int, ...]:
        if not 1 <= rank <= len(self._items):
            raise QueryError(f"no rank {rank}. Hint: the search found {len(self._items)} slices")
        return self._items[rank - 1]


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
    discovery, judged, judged_clusters = table, table, clusters
    if halves is not None:
        discovery, judged = table.subset(halves[clusters]), table.subset(~halves[clusters])
        by_row = np.zeros(len(table.frame), np.int64)
        by_row[table.rows] = clusters
        judged_clusters = by_row[judged.rows]
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
    tested = sum(found.supported) if found.supported is not None else None
    rows = _described(judged, judged_clusters, kept, plan)
    m = len(kept) if halves is not None else tested
    frame = pl.DataFrame(rows, schema=_SCHEMA).with_columns(
        q_value=_q_values([row["p_value"] for row in rows], m)
    )
    result = SliceSearch(
        frame,
        caption=_caption(objective, table, least, tested, plan),
        table=table,
        items=[items for items, _, _ in kept],
        clusters=clusters,
        plan=plan,
        tested=tested,
    )
    result._halves = halves
    return result


def _ranked(found: Found, table: UnitTable) -> list[tuple[tuple[int, ...], float, list[str]]]:
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
        kept.append((*shown, [_text(table, items) for items, _ in group if items != shown[0]]))
    return sorted(kept, key=lambda one: (-one[1], one[0]))


def _described(
    table: UnitTable,
    clusters: NDArray[np.int64],
    kept: Sequence[tuple[tuple[int, ...], float, list[str]]],
    plan: SearchPlan,
) -> list[dict[str, object]]:
    items = [own for own, _, _ in kept]
    masks = np.array([table.members(own) for own in items], np.bool_).reshape(len(items), table.units)
    beyond = table.weights * (table.errors - _overall_rate(table))
    marginal, shared = marginal_impact(masks, beyond), overlaps(masks)
    if plan.statistics:
        effects = against_rest(table, list(masks), [None] * len(items), clusters, confidence=plan.confidence)
        parents = against_parents(table, items, clusters, confidence=plan.confidence)
    rows: list[dict[str, object]] = []
    for k, (own, score, same) in enumerate(kept):
        mask = masks[k]
        row: dict[str, object] = dict.fromkeys(_SCHEMA)
        row |= {
            "rank": k + 1,
            "slice": _text(table, own),
            "order": len(own),
            "score": score,
            "support": int(np.count_nonzero(mask)),
            "errors": float((table.weights * table.errors)[mask].sum()),
            "rate": _rate(table, mask) if mask.any() else None,
            "gross": float(beyond[mask].sum()),
            "marginal": float(marginal[k]),
            "overlaps_rank": None if shared[k][0] is None else int(shared[k][0] or 0) + 1,
            "jaccard": shared[k][1],
            "same_units_as": same,
        }
        if plan.statistics:
            row |= _certainty(effects[k], parents[k], table)
            row["design_effect"] = design_effect(table, mask, clusters)
        rows.append(row)
    return rows


def _certainty(
    effect: dict[str, float | int | None], parent: dict[str, object], table: UnitTable
) -> dict[str, object]:
    own = parent["parent"]
    return {
        "rest_rate": effect["rest_rate"],
        "difference": effect["difference"],
        "lower": effect["difference_lower"],
        "upper": effect["difference_upper"],
        "p_value": effect["p_value"],
        "excess": effect["excess_errors"],
        "clusters": effect["clusters"],
        "parent": _text(table, own) if isinstance(own, tuple) else None,
        "parent_difference": parent["difference"],
        "parent_p_value": parent["p_value"],
    }


def _q_values(p_values: Sequence[object], m: int | None) -> pl.Series:
    """Benjamini and Hochberg's, with slices that are not shown at p = 1."""
    from cvfail.statistics.multiplicity import benjamini_hochberg

    own = pl.Series("p", p_values, dtype=pl.Float64)
    others = max((m or 0) - len(own), 0)
    padded = pl.concat([own, pl.repeat(1.0, others, dtype=pl.Float64, eager=True).alias("p")])
    return benjamini_hochberg(padded).head(len(own))


def _rate(table: UnitTable, mask: NDArray[np.bool_]) -> float:
    whole = float(table.weights[mask].sum())
    return float((table.weights * table.errors)[mask].sum()) / whole if whole > 0.0 else 0.0


def _overall_rate(table: UnitTable) -> float:
    totals = table.totals
    return totals.errors / totals.weight if totals.weight > 0.0 else 0.0


def _text(table: UnitTable, items: Sequence[int]) -> str:
    return " & ".join(str(table.items[number]) for number in items)


def _caption(objective: Objective, table: UnitTable, least: int, tested: int | None, plan: SearchPlan) -> str:
    counted = "" if tested is None else f", m = {tested} slices with enough units"
    halves = ", effects from the other half of the clusters" if plan.confirm else ""
    dropped = f"; left out: {', '.join(map(str, table.dropped))}" if table.dropped else ""
    return (
        f"Slices of up to {plan.max_order} predicates by {objective.describe()}, support >= {least}, "
        f"{table.units} units{counted}{halves}{dropped}"
    )
