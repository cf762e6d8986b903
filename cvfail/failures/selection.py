"""One mode per cause: of slices that overlap, the one that explains the errors best, as simply as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.slices.every_slice import ClusteredUnits, EverySlice, against_rest

MOST_CANDIDATES = 150
"""Only this many slices, by the lower bound of their excess, compete; the others overlap with them."""

_NEGLIGIBLE = 0.1
"""A narrow slice stands for a wide one if without it this share of the excess is left, or less, …"""

_CONSIDERABLE = 0.2
"""… although this share of the units is left, or more."""

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def select_modes(
    units: ClusteredUnits,
    errors: Numbers,
    found: EverySlice,
    candidates: pl.DataFrame,
    *,
    level: float,
    confidence: float,
) -> list[int]:
    """Pick slices one after another, each judged on the units that no earlier pick contains.

    Args:
        units: What the slices are told of.
        errors: 1 where a unit has the error.
        found: The slices that were looked at.
        candidates: Rows of its table: the significant ones of this error.
        level: A slice is narrowed by a further condition only if that makes a difference at this level.
        confidence: Of the intervals whose lower bound decides.

    Returns:
        The slices that were picked, as their places in `found`, in the order of the picks.

    Notes:
        Greedy cover. The slice with the largest lower bound of its remaining excess is next. If it does not fail
        more than the rest of a wider candidate, the wider one is taken; if all of its excess lies in a narrower
        candidate, the narrower one. A candidate is not taken whose remaining units do not fail more than the rest:
        its p-value exceeds the largest p-value among the candidates. Bounds are computed where the excess itself,
        which no bound exceeds, leaves room for a better one. Cost: per pick a pass over the units for every
        candidate, and a comparison by cluster for few of them.
    """
    pool = candidates.sort(["excess_lower", "slice"], descending=[True, False], nulls_last=True)
    slices = pool["slice"].head(MOST_CANDIDATES).to_list()
    contest = _Contest(
        units=units,
        errors=errors,
        slices=slices,
        items=[frozenset(found.items[number]) for number in slices],
        masks=[units.members(found.items[number]) for number in slices],
        confidence=confidence,
    )
    worst = float(candidates["p_value"].to_numpy().max())
    free = np.ones(errors.size, np.bool_)
    alive = list(range(len(slices)))
    picked: list[int] = []
    while alive:
        best = contest.best(alive, among=free, worst=worst)
        if best is None:
            break
        chosen = contest.right_width(best, alive, among=free, level=level)
        picked.append(slices[chosen])
        free &= ~contest.masks[chosen]
        alive.remove(chosen)
    return picked


@dataclass(frozen=True)
class _Contest:
    """Candidates by number, with the units that each contains."""

    units: ClusteredUnits
    errors: Numbers
    slices: Sequence[int]
    items: list[frozenset[int]]
    masks: list[Mask]
    confidence: float

    def best(self, candidates: list[int], *, among: Mask, worst: float) -> int | None:
        """The candidate with the largest lower bound of its excess among some units; None if none fails more."""
        best, bound = None, -np.inf
        for excess, candidate in self._by_excess(candidates, among):
            if excess <= 0.0 or excess <= bound:
                break
            row = self._against_rest(candidate, among)
            if row is None or row["p_value"] is None or row["p_value"] > worst:
                continue
            if row["excess_lower"] > bound:
                best, bound = candidate, row["excess_lower"]
        return best

    def right_width(self, best: int, candidates: list[int], *, among: Mask, level: float) -> int:
        """The best candidate, or a wider or narrower one that describes the same failure better."""
        for _, other in self._by_excess(candidates, among):
            if self.items[other] < self.items[best] and not self._fails_more(
                best, among & self.masks[other], level
            ):
                return other
            if self.items[other] > self.items[best] and self._holds_all(other, best, among, level):
                return other
        return best

    def _by_excess(self, candidates: list[int], among: Mask) -> list[tuple[float, int]]:
        """Candidates with their excess among some units, largest first, ties by number."""
        excess = zip(self._excess(candidates, among), candidates, strict=True)
        return sorted(excess, key=lambda one: (-one[0], one[1]))

    def _excess(self, candidates: Sequence[int], among: Mask) -> list[float]:
        """Errors of candidates beyond those expected at the rate of the rest of some units."""
        wrong = among & (self.errors > 0.0)
        all_units, all_errors = np.count_nonzero(among), np.count_nonzero(wrong)
        excess = []
        for candidate in candidates:
            n = np.count_nonzero(self.masks[candidate] & among)
            y = np.count_nonzero(self.masks[candidate] & wrong)
            rest = all_units - n
            excess.append(y - n * (all_errors - y) / rest if rest else -np.inf)
        return excess

    def _holds_all(self, narrow: int, wide: int, among: Mask, level: float) -> bool:
        """Whether a wide slice fails because of a narrow one in it: what is left is much, and hardly fails more."""
        inside = among & self.masks[wide]
        if (inside & ~self.masks[narrow]).sum() < _CONSIDERABLE * inside.sum():
            return False
        without = among & ~self.masks[narrow]
        (whole,), (left,) = self._excess([wide], among), self._excess([wide], without)
        if left > _NEGLIGIBLE * whole:
            return False
        return self._fails_more(narrow, inside, level) and not self._fails_more(wide, without, level)

    def _fails_more(self, candidate: int, among: Mask, level: float) -> bool:
        row = self._against_rest(candidate, among)
        return (
            row is not None
            and row["p_value"] is not None
            and row["p_value"] < level
            and row["difference"] > 0
        )

    def _against_rest(self, candidate: int, among: Mask) -> dict[str, float] | None:
        table = against_rest(
            self.units, self.errors, self.masks[candidate], among=among, confidence=self.confidence
        )
        return table.row(0, named=True) if len(table) else None
