"""The slice lattice, level by level: every slice that can be among the best, and none that cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.lattice import join_parents
from cvfail.slices.counting import Candidates, Counter, Sums
from cvfail.slices.objectives import Objective
from cvfail.slices.unit_table import UnitTable
from cvfail.tables.parallel import run_in_order

_BLOCK = 64
"""Sets of attributes between two looks at the k-th best score: fixed, so that threads change nothing."""

_ROUNDING = 1e-9
"""A bound is computed in floating point: it prunes only if it is lower than the k-th best score by this share."""


@dataclass(frozen=True)
class Slices:
    """Conjunctions of items with their sums, in lexicographic order of their items.

    Attributes:
        items: Item numbers of each slice, ascending, shape (k, order).
        sums: Support, weight and errors.
        score: The objective; -inf where it is undefined.
    """

    items: NDArray[np.int32]
    sums: Sums
    score: NDArray[np.float64]

    def where(self, chosen: NDArray[np.bool_]) -> Slices:
        """Some of them."""
        return Slices(self.items[chosen], Sums(*(part[chosen] for part in self.sums)), self.score[chosen])


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        best: Slices of one order each, all of whose scores are among the `top` best; ties of the last included.
        supported: How many slices of each order have enough units; None for orders of which not all were counted.
        counted: How many slices of each order were counted.
    """

    best: tuple[Slices, ...]
    supported: tuple[int, ...] | None
    counted: tuple[int, ...]


def search_lattice(
    table: UnitTable,
    objective: Objective,
    *,
    max_order: int,
    min_support: int,
    top: int,
    exhaustive: bool,
    threads: int,
) -> Found:
    """The best slices of up to some number of items, exactly.

    Args:
        table: The units.
        objective: What to maximise; only slices above 0 are of interest.
        max_order: Most items of a slice, at most one of each attribute.
        min_support: Fewest units of a slice, >= 1.
        top: How many slices to return; ties of the last are all returned.
        exhaustive: Count every slice with enough units, so that their number is known. Otherwise slices are left out
            if a bound from all their parents says that they cannot be among the best.
        threads: Sets of attributes are worked off on so many threads.

    Returns:
        The same whatever the number of threads.

    Cost: one pass over the rows per set of attributes at most.
    """
    search = _Search(table, objective, min_support, top, exhaustive, threads)
    level = search.first_level()
    while level.sets and level.order < max_order:
        level = search.next_level(level, is_last=level.order + 1 == max_order)
    supported = tuple(search.supported) if exhaustive else None
    return Found(tuple(search.best.parts), supported, tuple(search.counted))


@dataclass(frozen=True)
class _Level:
    """Known slices of one order; those of one set of attributes stand together."""

    order: int
    sets: dict[tuple[int, ...], tuple[int, int]]
    slices: Slices


class _Search:
    def __init__(
        self,
        table: UnitTable,
        objective: Objective,
        min_support: int,
        top: int,
        exhaustive: bool,
        threads: int,
    ) -> None:
        self._table = table
        self._objective = objective
        self._least = min_support
        self._exhaustive = exhaustive
        self._threads = threads
        self._counter = Counter(table)
        peaks = table.peaks
        self._peak = float(peaks[0]) if peaks.size and (peaks == peaks[0]).all() else None
        self.best = _Best(top)
        self.supported: list[int] = []
        self.counted: list[int] = []

    def first_level(self) -> _Level:
        """All items."""
        sums = self._counter.level_one()
        items = np.arange(sums.support.size, dtype=np.int32)[:, None]
        everything = self._scored(items, sums)
        known = everything.where(sums.support >= self._least)
        self._tally(len(items), len(known.items))
        self.best.add([known])
        kept = self._that_may_lead_on([known], self.best.floor)
        attribute = self._table.item_attribute[kept[0].items[:, 0]]
        return _level(
            1, [((int(number),), kept[0].where(attribute == number)) for number in np.unique(attribute)]
        )

    def next_level(self, level: _Level, *, is_last: bool) -> _Level:
        """All slices of one item more."""
        sets = list(_supersets(level.sets))
        known: list[tuple[tuple[int, ...], Slices]] = []
        counted = supported = 0
        for start in range(0, len(sets), _BLOCK):
            block = sets[start : start + _BLOCK]
            work = partial(self._slices_of, level=level, floor=self.best.floor)
            answers = run_in_order(work, block, threads=self._threads)
            counted += sum(number for number, _ in answers)
            parts = [slices for _, slices in answers]
            supported += sum(len(part.items) for part in parts)
            self.best.add(parts)
            if not is_last:
                known += zip(block, self._that_may_lead_on(parts, self.best.floor), strict=True)
        self._tally(counted, supported)
        return _level(level.order + 1, known)

    def _slices_of(self, attributes: tuple[int, ...], *, level: _Level, floor: float) -> tuple[int, Slices]:
        """How many slices of a set of attributes had to be counted, and those with enough units."""
        candidates = self._candidates(attributes, level, floor)
        if not candidates.last.size:
            return 0, _no_slices(len(attributes))
        counted = self._scored(candidates.items, self._counter.count(candidates))
        return candidates.last.size, counted.where(counted.sums.support >= self._least)

    def _candidates(self, attributes: tuple[int, ...], level: _Level, floor: float) -> Candidates:
        parents = [attributes[:x] + attributes[x + 1 :] for x in range(len(attributes))]
        first, last = (np.array([level.sets[parent][k] for parent in parents], np.int64) for k in (0, 1))
        known = level.slices
        most = int((last - first)[-1] * self._items_in(level, first[0], last[0]))
        prefix, further = np.empty(most, np.int64), np.empty(most, np.int32)
        support, errors = np.empty(most, np.int64), np.empty(most, np.int64)
        count = join_parents(
            known.items, known.sums.support, known.sums.errors, first, last, prefix, further, support, errors
        )
        prefix, further, support, errors = prefix[:count], further[:count], support[:count], errors[:count]
        if not self._exhaustive and count:
            items = np.concatenate([known.items[prefix], further[:, None]], axis=1)
            may = self._may_reach(items, support, errors, floor)
            prefix, further = prefix[may], further[may]
        distinct, place = np.unique(prefix, return_inverse=True)
        return Candidates(attributes, known.items[distinct], place.astype(np.int64), further)

    @staticmethod
    def _items_in(level: _Level, first: int, last: int) -> int:
        return int(np.unique(level.slices.items[first:last, -1]).size)

    def _scored(self, items: NDArray[np.int32], sums: Sums) -> Slices:
        weight_scale, error_scale = self._table.scale
        if not sums.support.size or self._table.totals.errors <= 0.0:
            return Slices(items, sums, np.full(sums.support.size, -np.inf))
        with np.errstate(divide="ignore", invalid="ignore"):
            score = self._objective.score(
                sums.support.astype(np.float64),
                sums.weight.astype(np.float64) * weight_scale,
                sums.errors.astype(np.float64) * error_scale,
            )
        return Slices(items, sums, np.where(np.isnan(score), -np.inf, score))

    def _may_reach(
        self, items: NDArray[np.int32], support: NDArray[np.int64], errors: NDArray[np.int64], floor: float
    ) -> NDArray[np.bool_]:
        """Whether a slice within these limits can have a score at the floor or above it."""
        peak = self._table.peaks[items].min(axis=1) if self._peak is None else self._peak
        some = (errors > 0) & (support > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = self._objective.bound(
                support.astype(np.float64),
                errors.astype(np.float64) * self._table.scale[1],
                peak,
                self._least,
            )
        return some & ~(bound < floor - _ROUNDING * (1.0 + abs(floor)))

    def _that_may_lead_on(self, parts: list[Slices], floor: float) -> list[Slices]:
        if self._exhaustive:
            return parts
        return [
            part.where(self._may_reach(part.items, part.sums.support, part.sums.errors, floor))
            for part in parts
        ]

    def _tally(self, counted: int, supported: int) -> None:
        self.counted.append(counted)
        self.supported.append(supported)


class _Best:
    """The slices with the `top` highest scores above 0 so far, ties of the last included."""

    def __init__(self, top: int) -> None:
        self._top = top
        self.parts: list[Slices] = []
        self.floor = 0.0

    def add(self, parts: list[Slices]) -> None:
        """Compete with further slices."""
        self.parts += [part.where(good) for part in parts if (good := self._good(part)).any()]
        scores = np.concatenate([np.zeros(0), *(part.score for part in self.parts)])
        if scores.size >= self._top:
            self.floor = float(np.partition(scores, scores.size - self._top)[scores.size - self._top])
            self.parts = [part.where(good) for part in self.parts if (good := self._good(part)).any()]

    def _good(self, part: Slices) -> NDArray[np.bool_]:
        return (part.score > 0.0) & (part.score >= self.floor)


def _supersets(sets: dict[tuple[int, ...], tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """Sets of one attribute more, all of whose subsets are known, in lexicographic order."""
    by_head: dict[tuple[int, ...], list[int]] = {}
    for known in sorted(sets):
        by_head.setdefault(known[:-1], []).append(known[-1])
    for head, tails in by_head.items():
        for a, b in combinations(tails, 2):
            wider = (*head, a, b)
            if all(wider[:x] + wider[x + 1 :] in sets for x in range(len(wider) - 2)):
                yield wider


def _level(order: int, known: list[tuple[tuple[int, ...], Slices]]) -> _Level:
    some = [(attributes, part) for attributes, part in known if len(part.items)]
    starts = np.cumsum([0, *(len(part.items) for _, part in some)]).tolist()
    sets = {attributes: (a, b) for (attributes, _), (a, b) in zip(some, pairwise(starts), strict=True)}
    parts = [part for _, part in some] or [_no_slices(order)]
    return _Level(order, sets, _joined(parts))


def _joined(parts: list[Slices]) -> Slices:
    sums = Sums(*(np.concatenate([part.sums[k] for part in parts]) for k in range(3)))
    items = np.concatenate([part.items for part in parts])
    return Slices(items, sums, np.concatenate([part.score for part in parts]))


def _no_slices(order: int) -> Slices:
    nothing = np.zeros(0, np.int64)
    return Slices(np.zeros((0, order), np.int32), Sums(nothing, nothing, nothing), np.zeros(0))
