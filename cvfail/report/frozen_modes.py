"""The baseline's failure modes on this run: removed, reduced, worse, only moved, or nothing that could be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from cvfail.comparison.comparison import Comparison as ComparedModels
from cvfail.comparison.flips import Flips, flips
from cvfail.comparison.pairing import Pair
from cvfail.failures.conditions import slice_name
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.modes import reevaluated
from cvfail.failures.paired_modes import PairedModes
from cvfail.report.deltas import delta
from cvfail.report.flipped import Flipped
from cvfail.report.gallery import Gallery
from cvfail.report.schema import Delta, FrozenMode
from cvfail.report.sentences import HAPPENS

Outcome = Literal["removed", "reduced", "worse", "moved", "unclear"]

_MOVED_SHARE = 0.5
"""Of a rise in the errors of objects, less than this share was right before: the errors moved from another kind."""


def frozen_modes(
    modes: Sequence[FailureMode],
    models: ComparedModels,
    turned: Flips,
    gallery: Gallery,
    *,
    examples: int,
) -> list[FrozenMode]:
    """What became of each mode.

    Args:
        modes: Of the baseline, in the order of their ranks, each at its own operating point.
        models: The comparison in which they are.
        turned: The flips of the two models.
        gallery: Takes the examples.
        examples: Per mode.
    """
    rows = {row["slice"]: row for row in models.failure_modes.df.to_dicts()}
    first, second = (one.evidence for one in turned.pair.models)
    still = reevaluated(modes, second, replicates=0).df["significant"].to_list() if modes else []
    pairs, known = PairedModes(first, second), _KnownFlips(turned)
    found = []
    for mode, stands in zip(modes, still, strict=True):
        turns = _Turns.of(mode, pairs, known.at(mode))
        row = delta(rows[mode.name])
        what = HAPPENS.get(mode.error, mode.error)
        where = slice_name(mode.conditions)
        fewer = turns.errors_now < turns.errors_before
        places, captions = known.at(mode).add(
            turns.repaired if fewer else turns.broken, gallery, examples=examples
        )
        found.append(
            FrozenMode(
                **(row | {"name": f"{what} where {where}"}),
                title=f"{what} where {where}",
                what=what,
                slice=where,
                outcome=_outcome(row, turns, is_of_objects=mode.unit != "predictions", stands_out=stands),
                errors_before=turns.errors_before,
                errors_now=turns.errors_now,
                repaired=len(turns.repaired),
                broken=len(turns.broken),
                examples=places,
                captions=captions,
            )
        )
    return found


class _KnownFlips:
    """Flips at the operating points of modes, which are those of the report unless the thresholds differ."""

    def __init__(self, turned: Flips) -> None:
        first, second = turned.pair.models
        self._pair = turned.pair
        self._known = {}
        if first.score == second.score:
            self._known[second.iou, second.score] = Flipped.of(turned)

    def at(self, mode: FailureMode) -> Flipped:
        key = (mode.iou, mode.score)
        if key not in self._known:
            pair = Pair(mode.on(self._pair.first.evidence), mode.on(self._pair.second.evidence))
            self._known[key] = Flipped.of(flips(pair))
        return self._known[key]


@dataclass(frozen=True)
class _Turns:
    """How many errors a mode had and has, and the rows that turned: right now, and right before."""

    errors_before: int
    errors_now: int
    repaired: pl.DataFrame
    broken: pl.DataFrame

    @classmethod
    def of(cls, mode: FailureMode, pairs: PairedModes, flipped: Flipped) -> _Turns:
        before, now = (errors.rows for errors in pairs.errors(mode))
        rows = flipped.rows
        if mode.unit == "predictions":
            names, ways, unit = ("baseline_index", "prediction_index"), ("gone", "new"), "predictions"
        else:
            names, ways, unit = ("baseline_truth", "ground_truth_index"), ("fixed", "broken"), "ground_truth"
        own = rows.filter(unit=unit)
        repaired, broken = (
            own.filter(flip=way).filter(pl.col(name).is_in(numbers.tolist()))
            for way, name, numbers in zip(ways, names, (before, now), strict=True)
        )
        return cls(before.size, now.size, repaired, broken)


def _outcome(row: Delta, turns: _Turns, *, is_of_objects: bool, stands_out: bool | None) -> Outcome:
    if row["change"] == "better":
        return "reduced" if stands_out else "removed"
    if row["change"] == "unclear":
        return "unclear"
    rise = turns.errors_now - turns.errors_before
    broken = len(turns.broken) - len(turns.repaired)
    return "moved" if is_of_objects and broken < _MOVED_SHARE * rise else "worse"
