"""One mode per cause: of slices that overlap, the one that explains the errors best, as simply as possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.failures.units import ErrorUnits
from cvfail.slices.every_slice import EverySlice, each_against_rest
from cvfail.statistics.interaction import interaction
from cvfail.statistics.slice_sums import ClusterSums

MOST_CANDIDATES = 150
"""Only this many slices, by the lower bound of their excess, compete; the others overlap with them."""

_NEGLIGIBLE = 0.1
"""A narrow slice stands for a wide one if without it this share of the excess is left, or less, …"""

_NEGLIGIBLE_BETWEEN_VALUES = 0.2
"""The same of a contrast of two values, of which the other value alone is the rest: more is left by chance, and
the narrow slice must differ more than what is left, not only fail more."""

_CONSIDERABLE = 0.2
"""… although this share of the units is left, or more."""

_AT_ONCE = 8
"""Candidates whose bounds are computed together; a few more than needed, at less cost than one by one."""

Mask = NDArray[np.bool_]


def select_modes(
    units: ErrorUnits, found: EverySlice, candidates: pl.DataFrame, *, level: float, confidence: float
) -> list[int]:
    """Pick slices one after another, each judged on the units that no earlier pick accounts for.

    Args:
        units: What the slices are told of, and which have the error.
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
        which no bound exceeds, leaves room for a better one. Of two values, a slice is compared with its units of
        the other value, a pick accounts for the units of both, and a slice says more than a wider one if the
        values differ more in it, see `cvfail.statistics.interaction`, and much of the wider one lies outside it.
        Cost: per pick a pass over the units for every candidate, and a comparison by cluster for few of them.
    """
    pool = candidates.sort(["excess_lower", "slice"], descending=[True, False], nulls_last=True)
    slices = pool["slice"].head(MOST_CANDIDATES).to_list()
    contest = _Contest(
        units=units,
        candidates=[_Candidate.of(units, frozenset(found.items[number])) for number in slices],
        confidence=confidence,
    )
    worst = float(candidates["p_value"].to_numpy().max())
    free = np.ones(units.errors.size, np.bool_)
    alive = list(range(len(slices)))
    picked: list[int] = []
    while alive:
        best = contest.best(alive, among=free, worst=worst)
        if best is None:
            break
        chosen = contest.right_width(best, alive, among=free, level=level)
        picked.append(slices[chosen])
        free &= ~contest.candidates[chosen].accounted
        alive.remove(chosen)
    return picked


@dataclass(frozen=True)
class _Candidate:
    """A slice and what it is compared with.

    Attributes:
        items: Its conditions.
        mask: Its units.
        beside: The units of the other value under the same conditions; None if it is compared with all others.
    """

    items: frozenset[int]
    mask: Mask
    beside: Mask | None

    @classmethod
    def of(cls, units: ErrorUnits, items: frozenset[int]) -> _Candidate:
        """The units of some conditions."""
        members = units.clustered.members(sorted(items))
        if units.has_value is None:
            return cls(items, members, None)
        return cls(items, members & units.has_value, members & ~units.has_value)

    @property
    def accounted(self) -> Mask:
        """The units that no later pick needs to tell of."""
        return self.mask if self.beside is None else self.mask | self.beside

    def around(self, among: Mask) -> Mask:
        """The slice, and what it is compared with."""
        return among if self.beside is None else among & self.accounted


@dataclass(frozen=True)
class _Contest:
    """Candidates by number."""

    units: ErrorUnits
    candidates: Sequence[_Candidate]
    confidence: float

    def best(self, numbers: list[int], *, among: Mask, worst: float) -> int | None:
        """The candidate with the largest lower bound of its excess among some units; None if none fails more."""
        best, bound = None, -np.inf
        ordered = self._by_excess(numbers, among)
        for first in range(0, len(ordered), _AT_ONCE):
            some = [(excess, number) for excess, number in ordered[first : first + _AT_ONCE] if excess > 0.0]
            if not some or some[0][0] <= bound:
                break
            rows = self._each_against_rest([number for _, number in some], among)
            for (excess, number), row in zip(some, rows, strict=True):
                p_value, lower = row["p_value"], row["excess_lower"]
                if p_value is None or lower is None or p_value > worst:
                    continue
                if excess > bound and lower > bound:
                    best, bound = number, lower
        return best

    def right_width(self, best: int, numbers: list[int], *, among: Mask, level: float) -> int:
        """The best candidate, or a wider or narrower one that describes the same failure better."""
        own = self.candidates[best].items
        for _, other in self._by_excess(numbers, among):
            items = self.candidates[other].items
            if items < own and not self._says_more(best, other, among, level):
                return other
            if items > own and self._holds_all(other, best, among, level):
                return other
        return best

    def _by_excess(self, numbers: list[int], among: Mask) -> list[tuple[float, int]]:
        """Candidates with their excess among some units, largest first, ties by number."""
        excess = zip(self._excess(numbers, among), numbers, strict=True)
        return sorted(excess, key=lambda one: (-one[0], one[1]))

    def _excess(self, numbers: Sequence[int], among: Mask) -> list[float]:
        """Errors of candidates beyond those expected at the rate of the rest of some units."""
        wrong = among & (self.units.errors > 0.0)
        all_units, all_errors = np.count_nonzero(among), np.count_nonzero(wrong)
        excess = []
        for number in numbers:
            one = self.candidates[number]
            n, y = np.count_nonzero(one.mask & among), np.count_nonzero(one.mask & wrong)
            if one.beside is None:
                rest, rest_errors = all_units - n, all_errors - y
            else:
                rest, rest_errors = (np.count_nonzero(one.beside & rows) for rows in (among, wrong))
            excess.append(y - n * rest_errors / rest if rest else -np.inf)
        return excess

    def _holds_all(self, narrow: int, wide: int, among: Mask, level: float) -> bool:
        """Whether a wide slice fails because of a narrow one in it: what is left is much, and hardly fails more."""
        if not self._leaves_much(narrow, wide, among):
            return False
        without = among & ~self.candidates[narrow].accounted
        (whole,), (left,) = self._excess([wide], among), self._excess([wide], without)
        is_plain = self.candidates[wide].beside is None
        if left > (_NEGLIGIBLE if is_plain else _NEGLIGIBLE_BETWEEN_VALUES) * whole:
            return False
        return self._says_more(narrow, wide, among, level) and not _is_more(
            self._against_rest(wide, without), level
        )

    def _leaves_much(self, narrow: int, wide: int, among: Mask) -> bool:
        """Whether a wide slice has many units beside a narrow one in it."""
        inside = among & self.candidates[wide].mask
        left = np.count_nonzero(inside & ~self.candidates[narrow].mask)
        return bool(left >= _CONSIDERABLE * np.count_nonzero(inside))

    def _says_more(self, narrow: int, wide: int, among: Mask, level: float) -> bool:
        """Whether a slice fails more than the rest of a wider one, or its two values differ more than there."""
        inner, outer = self.candidates[narrow], self.candidates[wide]
        if inner.beside is None or outer.beside is None:
            return _is_more(self._against_rest(narrow, among & outer.mask), level)
        if not self._leaves_much(narrow, wide, among):
            return False
        outside = among & ~inner.accounted
        found = interaction(
            (self._sums(inner.mask & among), self._sums(inner.beside & among)),
            (self._sums(outer.mask & outside), self._sums(outer.beside & outside)),
            confidence=self.confidence,
        )
        return _is_more({"difference": found.estimate, "p_value": found.p_value}, level)

    def _sums(self, mask: Mask) -> ClusterSums:
        return self.units.clustered.per_cluster(self.units.errors, mask)

    def _against_rest(self, number: int, among: Mask) -> dict[str, float | None]:
        return self._each_against_rest([number], among)[0]

    def _each_against_rest(self, numbers: Sequence[int], among: Mask) -> list[dict[str, float | None]]:
        chosen = [self.candidates[number] for number in numbers]
        slices = [(one.mask, one.around(among)) for one in chosen]
        return each_against_rest(
            self.units.clustered, self.units.errors, slices, confidence=self.confidence
        ).to_dicts()


def _is_more(row: Mapping[str, float | None], level: float) -> bool:
    difference, p_value = row["difference"], row["p_value"]
    return difference is not None and p_value is not None and p_value < level and difference > 0
