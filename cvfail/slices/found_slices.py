"""The slices that a search found: what they hold, how sure that is, and their units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.slices.clusters import deal_errors
from cvfail.slices.contrasts import against_parents, against_rest, design_effect
from cvfail.slices.impact import marginal_impact, overlaps, shapley_values
from cvfail.slices.items import Dropped
from cvfail.slices.unit_table import UnitTable
from cvfail.statistics.multiplicity import benjamini_hochberg
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


class Ranked(NamedTuple):
    """A slice that was found: its items, its score, and the texts of others with the same units."""

    items: tuple[int, ...]
    score: float
    same_units_as: list[str]


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
        tested: Number m of tests that q-values account for: all slices with enough units, or those to confirm; None
            without statistics.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        table: UnitTable,
        items: Sequence[tuple[int, ...]],
        clusters: NDArray[np.int64],
        tested: int | None,
        again: Callable[[NDArray[np.float64]], SliceSearch],
    ) -> None:
        super().__init__(df, caption=caption)
        self.dropped: tuple[Dropped, ...] = table.dropped
        self.tested = tested
        self._table, self._items, self._clusters, self._again = table, tuple(items), clusters, again
        self._give: Callable[[pl.DataFrame], pl.DataFrame] = lambda units: units
        self._state: Callable[[SliceSearch], None] = lambda other: None

    def distinct(self, *, level: float = 0.05) -> ResultTable:
        """The slices of which every condition adds something, ranks as in `df`.

        A slice of several conditions is left out where it does not fail more, at this level, than the rest of the
        slice that lacks one of them: "small & night & clear" where it is "small & night" that fails.

        Args:
            level: Of the p-value against the parent that explains most.
        """
        adds = (pl.col("parent_p_value") < level) & (pl.col("parent_difference") > 0)
        frame = self.df.filter((pl.col("order") == 1) | adds.fill_null(False))
        return ResultTable(frame, caption=f"{self.caption}; every condition adds something (p < {level:g})")

    def _shown(self) -> pl.DataFrame:
        return self.df.select(
            "rank", "slice", "support", "errors", "rate", "rest_rate", "q_value", "marginal"
        )

    def rows(self, rank: int) -> pl.DataFrame:
        """The units of a slice as they were given, in their order.

        Raises:
            QueryError: There is no such rank.
        """
        return self._give(self._table.frame[np.sort(self._table.rows[self._table.members(self._of(rank))])])

    def state(
        self,
        *,
        question: str,
        policy: str,
        dropped: Sequence[Dropped] = (),
        give: Callable[[pl.DataFrame], pl.DataFrame],
    ) -> None:
        """Say what was asked; null runs say it as well.

        Args:
            question: What the errors are, first in the caption.
            policy: What made them, last in the caption.
            dropped: Attributes that the units do not have.
            give: What `rows` gives for units, such as the rows of a table that they stand for.
        """
        left_out = f"; left out: {', '.join(map(str, dropped))}" if dropped else ""
        self.caption = f"{question}; {self.caption}{left_out}; {policy}"
        self.dropped += tuple(dropped)
        self._give = give
        self._state = lambda other: other.state(question=question, policy=policy, dropped=dropped, give=give)

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
            frame, caption=f"Shares of {slice_text(table, own)} in its divergence from a rate of {rate:.3g}"
        )

    def null_run(self, *, seed: int) -> SliceSearch:
        """What the same search finds when errors have nothing to do with attributes.

        Errors are dealt out over images as by `cvfail.slices.clusters.deal_errors`, which keeps errors that come
        together in an image together.
        """
        found = self._again(deal_errors(self._table.errors, self._clusters, seed=seed))
        self._state(found)
        found.caption = f"Null run, errors dealt out with seed {seed}: {found.caption}"
        return found

    def _of(self, rank: int) -> tuple[int, ...]:
        if not 1 <= rank <= len(self._items):
            raise QueryError(f"no rank {rank}. Hint: the search found {len(self._items)} slices")
        return self._items[rank - 1]


def described(
    table: UnitTable,
    clusters: NDArray[np.int64],
    kept: Sequence[Ranked],
    *,
    tested: int | None,
    confidence: float,
) -> pl.DataFrame:
    """What found slices hold of some units, in the columns of `SliceSearch`.

    Args:
        table: The units that effects are stated on.
        clusters: Cluster of each unit, in the table's order.
        kept: The slices, best first.
        tested: Number of tests that q-values account for; if None, nothing is said of how sure it is.
        confidence: Coverage of the intervals.
    """
    items = [own.items for own in kept]
    masks = np.array([table.members(own) for own in items], np.bool_).reshape(len(items), table.units)
    beyond = table.weights * (table.errors - _overall_rate(table))
    marginal, shared = marginal_impact(masks, beyond), overlaps(masks)
    rows: list[dict[str, object]] = []
    for k, own in enumerate(kept):
        mask = masks[k]
        row: dict[str, object] = {
            "rank": k + 1,
            "slice": slice_text(table, own.items),
            "order": len(own.items),
            "score": own.score,
            "support": int(np.count_nonzero(mask)),
            "errors": float((table.weights * table.errors)[mask].sum()),
            "rate": _rate(table, mask) if mask.any() else None,
            "gross": float(beyond[mask].sum()),
            "marginal": float(marginal[k]),
            "overlaps_rank": None if shared[k][0] is None else int(shared[k][0] or 0) + 1,
            "jaccard": shared[k][1],
            "same_units_as": own.same_units_as,
        }
        rows.append(row)
    if tested is not None:
        for row, certainty in zip(rows, _certainties(table, clusters, items, masks, confidence), strict=True):
            row.update(certainty)
    frame = pl.DataFrame([dict.fromkeys(_SCHEMA) | row for row in rows], schema=_SCHEMA)
    return frame.with_columns(benjamini_hochberg(frame["p_value"], tests=tested))


def _certainties(
    table: UnitTable,
    clusters: NDArray[np.int64],
    items: Sequence[tuple[int, ...]],
    masks: NDArray[np.bool_],
    confidence: float,
) -> list[dict[str, object]]:
    effects = against_rest(table, list(masks), [None] * len(items), clusters, confidence=confidence)
    parents = against_parents(table, items, clusters, confidence=confidence)
    return [
        _certainty(effect, parent, table) | {"design_effect": design_effect(table, mask, clusters)}
        for effect, parent, mask in zip(effects, parents, masks, strict=True)
    ]


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
        "parent": slice_text(table, own) if isinstance(own, tuple) else None,
        "parent_difference": parent["difference"],
        "parent_p_value": parent["p_value"],
    }


def _rate(table: UnitTable, mask: NDArray[np.bool_]) -> float:
    whole = float(table.weights[mask].sum())
    return float((table.weights * table.errors)[mask].sum()) / whole if whole > 0.0 else 0.0


def _overall_rate(table: UnitTable) -> float:
    totals = table.totals
    return totals.errors / totals.weight if totals.weight > 0.0 else 0.0


def slice_text(table: UnitTable, items: Sequence[int]) -> str:
    """A conjunction of predicates in words."""
    return " & ".join(str(table.items[number]) for number in items)
