"""The rows of a block from a table on disk: read in place where the table is sorted by image, else split first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
import polars as pl

from cvfail.evidence.layout import Span
from cvfail.evidence.scan_plan import Progress, ScanPlan
from cvfail.io.parquet_scan import ParquetScan
from cvfail.tables.identifiers import encode
from cvfail.tables.raw import RawTable
from cvfail.tables.writing import writing_errors

_RECORD = "unit:record"
"""The column of a split table that holds the number of each row in the whole table."""


@dataclass(frozen=True)
class Rows:
    """Rows of a table, and their numbers in the whole table."""

    table: RawTable
    records: pl.Series


class RowSource(Protocol):
    """A table whose rows are given block by block."""

    def rows(self, span: Span) -> Rows:
        """The rows of a block, in input order inside each image."""
        ...


def row_source(
    scan: ParquetScan, plan: ScanPlan, table: str, folder: Path, rows_at_once: int, progress: Progress
) -> RowSource:
    """Make the rows of every block of a table available.

    Args:
        scan: The tables.
        plan: Their blocks.
        table: ``ground_truth`` or ``predictions``.
        folder: Where a table that is not sorted is split.
        rows_at_once: How many rows may be in memory.
        progress: Is told of every run of rows that is split.
    """
    if plan.is_sorted[table]:
        return _SortedRows(scan, table, rows_at_once)
    return _SplitRows.of(scan, plan, table, folder / table, rows_at_once, progress)


class _SortedRows:
    """Rows of a table that stands by ascending image: a block is a run of them; several are read together."""

    def __init__(self, scan: ParquetScan, table: str, rows_at_once: int) -> None:
        self._scan, self._table, self._rows_at_once = scan, table, rows_at_once
        self._first, self._read, self._lock = 0, scan.rows(table, 0, 0), Lock()

    def rows(self, span: Span) -> Rows:
        """The rows of a block."""
        first, last = getattr(span, self._table)
        with self._lock:
            if first < self._first or last > self._first + self._read.frame.height:
                self._read = self._scan.rows(self._table, first, max(self._rows_at_once, last - first))
                self._first = first
            read, offset = self._read, first - self._first
        frame = read.frame.slice(offset, last - first)
        return Rows(replace(read, frame=frame), pl.int_range(first, last, eager=True))


@dataclass(frozen=True)
class _SplitRows:
    """Rows of a table that was split into blocks: each run of rows is a file, ordered by block.

    Attributes:
        raw: The table without rows.
        files: One Arrow file for each run of rows.
        edges: Where each block starts in each file, shape (files, blocks + 1).
        numbers: The number of a block by its first image.
    """

    raw: RawTable
    files: list[Path]
    edges: list[list[int]]
    numbers: dict[int, int]

    @classmethod
    def of(
        cls,
        scan: ParquetScan,
        plan: ScanPlan,
        table: str,
        folder: Path,
        rows_at_once: int,
        progress: Progress,
    ) -> _SplitRows:
        """Split a table; what an interrupted call has split is not split again."""
        folder.mkdir(parents=True, exist_ok=True)
        starts = np.array([span.images[0] for span in plan.spans])
        files, edges = [], []
        total = scan.heights[table]
        for number, first in enumerate(range(0, total, rows_at_once)):
            path, note = folder / f"{number:06d}.arrow", folder / f"{number:06d}.npy"
            if not note.exists():
                _split_run(scan, plan, table, first, min(rows_at_once, total - first), starts, path, note)
            files.append(path)
            edges.append(np.load(note).tolist())
            progress(f"sorting {table.replace('_', ' ')}", min(first + rows_at_once, total), total)
        numbers = {span.images[0]: number for number, span in enumerate(plan.spans)}
        return cls(scan.rows(table, 0, 0), files, edges, numbers)

    def rows(self, span: Span) -> Rows:
        """The rows of a block, runs in their order."""
        number = self.numbers[span.images[0]]
        parts = [
            pl.scan_ipc(path).slice(edges[number], edges[number + 1] - edges[number]).collect()
            for path, edges in zip(self.files, self.edges, strict=True)
        ]
        frame = pl.concat(parts) if parts else self.raw.frame.with_columns(pl.lit(0).alias(_RECORD))
        return Rows(replace(self.raw, frame=frame.drop(_RECORD)), frame[_RECORD])


def _split_run(
    scan: ParquetScan,
    plan: ScanPlan,
    table: str,
    first: int,
    count: int,
    starts: np.ndarray,
    path: Path,
    note: Path,
) -> None:
    """Order a run of rows by block, keeping their order inside it, and write it; the note says that it is whole."""
    frame = scan.rows(table, first, count).frame
    ids = frame["image_id"].cast(plan.images["image_id"].dtype)
    block = np.searchsorted(starts, encode(ids, plan.images["image_id"]), side="right") - 1
    order = np.argsort(block.astype(np.int32), kind="stable")
    numbered = frame.with_columns(pl.int_range(first, first + frame.height).alias(_RECORD))
    draft = path.with_suffix(".draft")
    with writing_errors():
        numbered[pl.Series(order)].write_ipc(draft, compression="uncompressed", record_batch_size=1 << 16)
    draft.rename(path)
    edges = np.searchsorted(block[order], np.arange(starts.size + 1))
    with note.with_suffix(".draft").open("wb") as file:
        np.save(file, edges)
    note.with_suffix(".draft").rename(note)
