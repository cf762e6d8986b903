"""One mode per cause: of slices that overlap, the one that explains the errors best, as simply as possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.failures.search import KEYS, members
from cvfail.failures.units import Units
from cvfail.statistics.contrast import slice_against_rest

MOST_CANDIDATES = 150
"""Only this many slices, by the lower bound of their excess, compete; the others overlap with them."""

_NEGLIGIBLE = 0.1
"""A narrow slice stands for a wide one if without it this share of the excess is left, or less, …"""

_CONSIDERABLE = 0.2
"""… although this share of the units is left, or more."""

Mask = NDArray[np.bool_]


def select_modes(units: Units, candidates: pl.DataFrame, *, level: float, confidence: float) -> pl.DataFrame:
    """Pick slices one after another, each judged on the units that no earlier pick contains.

    Args:
        units: Rows of the kind that the candidates are told of.
        candidates: Significant slices of one error type, columns of `search_slices`.
        level: A slice is narrowed by a second attribute only if that makes a difference at this level.
        confidence: Of the intervals whose lower bound decides.

    Returns:
        The rows of `candidates` that were picked, as they came: their numbers are those of the whole slice.

    Notes:
        Greedy cover. The slice with the largest lower bound of its remaining excess is next. If it does not fail
        more than the rest of a wider candidate, the wider one is taken; if all of its excess lies in a narrower
        candidate, the narrower one. A candidate is dropped
        as soon as its remaining units do not fail more than the rest: its p-value exceeds the largest p-value
        among the candidates. Cost: picks × candidates × units.
    """
    pool = candidates.sort(["excess_lower", *KEYS], descending=[True, *[False] * 4], nulls_last=True)
    contest = _Contest.of(units, pool.head(MOST_CANDIDATES), confidence=confidence)
    worst = float(candidates["p_value"].to_numpy().max())
    free = np.ones(contest.errors.size, np.bool_)
    alive = list(range(len(contest.masks)))
    picked: list[int] = []
    while alive:
        table = contest.against_rest(alive, among=free)
        table = table.filter((pl.col("p_value") <= worst) & (pl.col("excess_errors") > 0))
        if table.is_empty():
            break
        ranking = table.sort(["excess_lower", "slice"], descending=[True, False])["slice"].to_list()
        best = contest.right_width(ranking, among=free, level=level)
        picked.append(best)
        free &= ~contest.masks[best]
        alive = [candidate for candidate in ranking if candidate != best]
    return pool[picked]


@dataclass(frozen=True)
class _Contest:
    """Candidates by number, with the rows that each contains."""

    keys: list[tuple[str | None, ...]]
    masks: list[Mask]
    errors: NDArray[np.float64]
    clusters: NDArray[np.int32]
    confidence: float

    @classmethod
    def of(cls, units: Units, pool: pl.DataFrame, *, confidence: float) -> _Contest:
        keys = pool.select(KEYS).rows()
        masks = [members(units, key).to_numpy() for key in keys]
        errors = units.errors(pool["error_type"][0]).to_numpy()
        return cls(keys, masks, errors, units.clusters.to_numpy(), confidence)

    def against_rest(self, candidates: list[int], *, among: Mask) -> pl.DataFrame:
        """Each candidate against everything else among some rows; the column ``slice`` holds its number."""
        rows = [np.flatnonzero(self.masks[candidate] & among) for candidate in candidates]
        numbers = np.repeat(candidates, [own.size for own in rows])
        inside = self._per_cluster(np.concatenate(rows), slice=numbers)
        totals = self._per_cluster(np.flatnonzero(among))
        return slice_against_rest(inside, totals, by=["slice"], confidence=self.confidence)

    def right_width(self, ranking: list[int], *, among: Mask, level: float) -> int:
        """The first candidate, or a wider or narrower one that describes the same failure better."""
        best = ranking[0]
        for other in ranking[1:]:
            if self._contains(other, best) and not self._fails_more(best, among & self.masks[other], level):
                return other
            if self._contains(best, other) and self._holds_all(other, best, among, level):
                return other
        return best

    def _holds_all(self, narrow: int, wide: int, among: Mask, level: float) -> bool:
        """Whether a wide slice fails because of a narrow one in it: what is left is much, and hardly fails more."""
        inside = among & self.masks[wide]
        remainder = inside & ~self.masks[narrow]
        if remainder.sum() < _CONSIDERABLE * inside.sum() or not self._fails_more(narrow, inside, level):
            return False
        without = among & ~self.masks[narrow]
        whole, left = (
            float(self.against_rest([wide], among=rows)["excess_errors"].fill_null(0.0).sum())
            for rows in (among, without)
        )
        return left <= _NEGLIGIBLE * whole and not self._fails_more(wide, without, level)

    def _fails_more(self, candidate: int, among: Mask, level: float) -> bool:
        table = self.against_rest([candidate], among=among)
        return not table.filter((pl.col("p_value") < level) & (pl.col("difference") > 0)).is_empty()

    def _contains(self, wider: int, narrow: int) -> bool:
        """Whether a slice of one attribute is part of the description of a slice of two."""
        name, value, second, _ = self.keys[wider]
        narrow_key = self.keys[narrow]
        return (
            second is None and narrow_key[2] is not None and (name, value) in {narrow_key[:2], narrow_key[2:]}
        )

    def _per_cluster(self, rows: NDArray[np.int64], **keys: NDArray[np.int64]) -> pl.DataFrame:
        """Errors and units of some rows, added up per cluster and key."""
        frame = pl.DataFrame({**keys, "cluster": self.clusters[rows], "errors": self.errors[rows]})
        sums = pl.col("errors").sum(), pl.len().cast(pl.Float64).alias("units")
        return frame.group_by(*keys, "cluster", maintain_order=True).agg(sums)
