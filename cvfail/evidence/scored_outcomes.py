"""The outcomes of all predictions, packed, by class and descending score: what every curve is made from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.scored_outcomes import append_records, pack_outcomes, sort_records
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

_ROWS_AT_ONCE = 1 << 18
"""So many predictions are packed together, which bounds the memory that packing takes."""


@dataclass(frozen=True)
class PredictionOutcomes:
    """What packing reads of some predictions, rows by image; all of shape (n,), bits of shape (A, n).

    Attributes:
        category: Class code.
        image: Image code.
        scores: Score.
        rank: Rank inside image and class.
        matched: Per area range, bit t is set where matched at threshold t.
        ignored: Per area range, bit t is set where neither right nor wrong.
    """

    category: NDArray[np.int32]
    image: NDArray[np.int32]
    scores: NDArray[np.float64]
    rank: NDArray[np.int32]
    matched: NDArray[np.uint16]
    ignored: NDArray[np.uint16]

    def from_image(self, first: int) -> PredictionOutcomes:
        """The same predictions with image codes that start at another number."""
        return self if first == 0 else replace(self, image=read_only(self.image + np.int32(first)))

    def runs(self) -> list[tuple[int, int]]:
        """First and last row of runs that are packed together; one empty run if there are no rows."""
        rows = self.category.size
        return list(itertools.pairwise([*range(0, max(rows, 1), _ROWS_AT_ONCE), rows]))


@dataclass(frozen=True)
class _Packed:
    """Packed outcomes of a run of predictions, by class, in input order."""

    offsets: NDArray[np.int64]
    keys: NDArray[np.uint64]
    records: NDArray[np.uint64]
    details: NDArray[np.uint16]
    detail_rank: NDArray[np.int32]


@dataclass(frozen=True)
class ScoredOutcomes:
    """Packed outcomes by class code, then descending score; ties by image, then input order.

    Attributes:
        offsets: Where each class starts in `records`, shape (K + 1,).
        records: Image code in the upper half, packed outcome in the lower one, shape (n,); `kernels.scored_outcomes`.
        details: Matched bits, then ignored bits of each area range, of predictions that are matched somewhere,
            shape (m, 2 A).
        detail_rank: Rank inside image and class of these, shape (m,).
    """

    offsets: NDArray[np.int64]
    records: NDArray[np.uint64]
    details: NDArray[np.uint16]
    detail_rank: NDArray[np.int32]

    def of_category(self, code: int, *, images: NDArray[np.bool_] | None = None) -> NDArray[np.uint64]:
        """The records of one class, of some images if a mask over image codes is given."""
        records = self.records[self.offsets[code] : self.offsets[code + 1]]
        return records if images is None else read_only(records[images[records >> np.uint64(32)]])

    @classmethod
    def of(
        cls,
        parts: Sequence[Callable[[], PredictionOutcomes]],
        *,
        categories: int,
        limit: int,
        threads: int | None = None,
    ) -> ScoredOutcomes:
        """Pack predictions and sort them by score.

        Args:
            parts: Make all predictions in the order of their images; as many parts are in memory as there are
                threads.
            categories: Number of class codes.
            limit: Predictions of this rank and above take no part.
            threads: Threads over parts, or over the rows of a single one, then over classes; all processors if
                not given. The result does not depend on it.

        Cost: about 25 ns and 32 bytes per prediction, 8 of which stay.
        """
        workers = worker_count(threads)
        inside = workers if len(parts) == 1 else 1

        def pack(make: Callable[[], PredictionOutcomes]) -> list[_Packed]:
            part = make()
            return run_in_order(partial(_pack, part, categories, limit), part.runs(), threads=inside)

        packed = [run for runs in run_in_order(pack, parts, threads=workers) for run in runs]
        bases = np.cumsum([0, *(len(chunk.details) for chunk in packed)])
        sizes = np.sum([np.diff(chunk.offsets) for chunk in packed], axis=0, dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(sizes)]) if packed else np.zeros(categories + 1, np.int64)
        records = np.empty(int(offsets[-1]), np.uint64)

        def fill(code: int) -> None:
            _sorted_class(packed, bases, code, records[offsets[code] : offsets[code + 1]])

        run_in_order(fill, np.argsort(-np.diff(offsets)).tolist(), threads=workers)
        return cls(
            read_only(offsets),
            read_only(records),
            read_only(_stacked([chunk.details for chunk in packed])),
            read_only(np.concatenate([np.zeros(0, np.int32), *(chunk.detail_rank for chunk in packed)])),
        )


def _pack(part: PredictionOutcomes, categories: int, limit: int, rows: tuple[int, int]) -> _Packed:
    """Pack a run of rows."""
    first, last = rows
    areas = part.matched.shape[0]
    offsets = np.zeros(categories + 1, np.int64)
    keys, records = np.empty(last - first, np.uint64), np.empty(last - first, np.uint64)
    matches = int(part.matched[:, first:last].any(axis=0).sum())
    details, detail_rank = np.empty((matches, 2 * areas), np.uint16), np.empty(matches, np.int32)
    count = pack_outcomes(
        first,
        last,
        part.category,
        part.image,
        part.scores,
        part.rank,
        part.matched,
        part.ignored,
        limit,
        offsets,
        keys,
        records,
        details,
        detail_rank,
    )
    used = int(offsets[-1])
    return _Packed(offsets, keys[:used], records[:used], details[:count], detail_rank[:count])


def _sorted_class(
    packed: Sequence[_Packed], bases: NDArray[np.int64], code: int, records: NDArray[np.uint64]
) -> None:
    """Put the records of one class from all runs by descending score, their details numbered across runs."""
    keys = np.empty_like(records)
    start = 0
    for chunk, base in zip(packed, bases.tolist(), strict=False):
        first, last = chunk.offsets[code : code + 2].tolist()
        append_records(chunk.keys, chunk.records, first, last, base, keys, records, start)
        start += last - first
    sort_records(keys, records)


def _stacked(parts: Sequence[NDArray[np.uint16]]) -> NDArray[np.uint16]:
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.uint16)
