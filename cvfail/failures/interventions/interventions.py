"""Actions for the failure modes: what to do, what it is predicted to give, and how to see that it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.errors import QueryError
from cvfail.failures.causes.claim import Fact
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.interventions.facts import SliceSize, mode_facts
from cvfail.failures.interventions.gains import GAINS, Change, Counts
from cvfail.failures.interventions.rule import Rule, shipped_rules
from cvfail.failures.interventions.watch import watched_modes
from cvfail.failures.mode_errors import ModeErrors
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.failures.causes.shares import CauseTable
    from cvfail.failures.mode_table import FailureModes

INTERVENTION_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rank": pl.Int64,
    "mode": pl.String,
    "action": pl.String,
    "kind": pl.String,
    "cause": pl.String,
    "share": pl.Float64,
    "text": pl.String,
    "errors_gone": pl.Float64,
    "objects_found": pl.Float64,
    "false_positives": pl.Float64,
    "recall_gain": pl.Float64,
    "precision_gain": pl.Float64,
    "f1_gain": pl.Float64,
    "basis": pl.String,
    "effort": pl.String,
    "amount": pl.Float64,
    "amount_of": pl.String,
    "images_needed": pl.Int64,
    "images_here": pl.Int64,
    "enough_images": pl.Boolean,
    "watch": pl.String,
    "hash": pl.String,
}

_SURENESS = {"replayed": 0, "at most": 1, "unknown": 2}


class Interventions(ResultTable):
    """Actions by mode, and the frozen modes to watch while they are taken.

    Attributes:
        df: rank and mode (of the failure mode), action (the rule), kind, cause with its share, text, errors_gone (of
            the mode), objects_found and false_positives (that come in addition, everywhere), recall_gain,
            precision_gain and f1_gain (everywhere, at the operating point), basis (``replayed`` on the stored
            outcomes, ``at most``, or ``unknown``), effort, amount and amount_of (labels, images or rows),
            images_needed (of the slice, to see the change with both models run on them), images_here,
            enough_images, watch (the names of the modes of `watch`), hash (of the frozen mode). Of a mode, replayed
            actions come first, then those that promise most; what cannot be predicted is null and last.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        modes: Sequence[ModeErrors],
        watched: Mapping[int, tuple[FailureMode, ...]],
    ) -> None:
        super().__init__(df, caption=caption)
        self._modes, self._watched = tuple(modes), dict(watched)

    def _shown(self) -> pl.DataFrame:
        return self.df.select("rank", "action", "errors_gone", "false_positives", "f1_gain", "basis", "text")

    def watch(self, rank: int) -> tuple[FailureMode, ...]:
        """The frozen modes to look at again after any action on a mode; see `watched_modes`.

        Raises:
            QueryError: There is no such rank.
        """
        if not 1 <= rank <= len(self._modes):
            raise QueryError(
                f"there is no failure mode of rank {rank}. Hint: ranks run from 1 to {len(self._modes)}"
            )
        if rank not in self._watched:
            one = self._modes[rank - 1]
            self._watched[rank] = watched_modes(one.mode, one.point.evidence)
        return self._watched[rank]


def interventions(
    modes: FailureModes,
    why: CauseTable,
    *,
    rules: Sequence[Rule] | None = None,
    margin: float = 0.05,
    only_significant: bool = True,
    level: float = 0.05,
    power: float = 0.8,
) -> Interventions:
    """Let the rules speak of every cause of every mode.

    Args:
        modes: The modes.
        why: Their causes.
        rules: The shipped ones if not given; see `cvfail.failures.interventions.rule.read_rules`.
        margin: Half the width of the interval that images for evaluation are counted for.
        only_significant: Whether modes that may well be chance get no action.
        level: Of the test that is to see the change.
        power: Probability that it does.

    Returns:
        One row per mode and rule that speaks; see `Interventions`.

    Notes:
        A change is of counts at the operating point: recall = (TP + found) / (objects + labels added), precision
        likewise, so a price in false positives is in the gain. ``at most`` supposes that all errors that the cause
        has are mended. Replayed thresholds were chosen on the same images. images_needed is of McNemar's test on
        both models' objects of the slice, with its design effect and three objects mended for each one broken.
    """
    rules = shipped_rules() if rules is None else rules
    significant = dict(modes.df.select("rank", "significant").iter_rows())
    counts: dict[tuple[float, float], Counts] = {}
    watched: dict[int, tuple[FailureMode, ...]] = {}
    rows: list[dict[str, Any]] = []
    for rank, errors in enumerate(modes.errors, 1):
        if only_significant and not significant[rank]:
            continue
        place = (errors.mode.iou, errors.mode.score)
        if place not in counts:
            counts[place] = Counts.of(errors.point)
        watched[rank] = watched_modes(errors.mode, errors.point.evidence)
        names = "; ".join(one.name for one in watched[rank])
        actions = _actions(
            errors, why.df.filter(rank=rank), why, rules, counts[place], (margin, level, power)
        )
        rows += [{**action, "watch": names} for action in actions]
    frame = pl.DataFrame(rows, schema={**INTERVENTION_SCHEMA, "place": pl.Int64})
    named = modes.df.select("rank", "mode", "hash")
    frame = frame.drop("mode", "hash").join(named, on="rank", how="left", maintain_order="left")
    ordered = frame.sort(
        "rank",
        pl.col("basis").replace_strict(_SURENESS, return_dtype=pl.Int64),
        "errors_gone",
        "place",
        descending=[False, False, True, False],
        nulls_last=True,
    )
    return Interventions(
        ordered.select(list(INTERVENTION_SCHEMA)),
        caption=f"actions for {modes.caption}",
        modes=modes.errors,
        watched=watched,
    )


def _actions(
    errors: ModeErrors,
    causes: pl.DataFrame,
    why: CauseTable,
    rules: Sequence[Rule],
    now: Counts,
    asked: tuple[float, float, float],
) -> Iterator[dict[str, Any]]:
    """The rows of one mode."""
    margin, level, power = asked
    size = SliceSize.of(errors)
    told = mode_facts(errors, size, margin=margin)
    largest = causes["share"].arg_max()
    for number, row in enumerate(causes.iter_rows(named=True)):
        if row["share"] is None:
            continue
        facts: dict[str, Fact] = told | {
            **why.facts(row["rank"], row["cause"]),
            "cause_share": row["share"],
            "cause_errors": row["errors"],
            "largest_share": number == largest,
        }
        for place, rule in enumerate(rules):
            if not rule.speaks(errors.mode.kind, errors.mode.conditions, row["cause"], row["share"], facts):
                continue
            change = GAINS[rule.gain](errors, row["errors"], facts)
            needed = None if change is None else size.images_to_see(change.errors, level=level, power=power)
            yield {
                **_told(rule, facts),
                "rank": row["rank"],
                "cause": row["cause"],
                "share": row["share"],
                **_predicted(change, now),
                "images_needed": needed,
                "images_here": size.images,
                "enough_images": None if needed is None else needed <= size.images,
                "place": place,
            }


def _predicted(change: Change | None, now: Counts) -> dict[str, Any]:
    if change is None:
        return {"basis": "unknown"}
    return {
        "errors_gone": change.errors,
        "objects_found": change.found,
        "false_positives": change.false_positives,
        "basis": change.basis,
        **{f"{name}_gain": gain for name, gain in now.gains(change).items()},
    }


def _told(rule: Rule, facts: Mapping[str, Fact]) -> dict[str, Any]:
    amount = None if rule.amount is None else facts.get(rule.amount)
    return {
        "action": rule.name,
        "kind": rule.kind,
        "text": rule.said(facts),
        "effort": rule.effort,
        "amount": float(amount) if isinstance(amount, int | float) else None,
        "amount_of": rule.amount_of,
    }
