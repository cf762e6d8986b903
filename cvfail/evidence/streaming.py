"""Evaluating tables that are larger than memory: block by block of images, into a folder."""

from __future__ import annotations

import re
import shutil
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import msgspec
import polars as pl

from cvfail.errors import CvfailError, FormatError, PolicyError, SchemaError
from cvfail.evidence.layout import BLOCK_ROWS, Span
from cvfail.evidence.making import make_evidence
from cvfail.evidence.manifest import StoredBlock
from cvfail.evidence.outcome_tables import TABLES
from cvfail.evidence.row_sources import RowSource, row_source
from cvfail.evidence.saving import Draft, replaceable
from cvfail.evidence.scan_plan import Progress, ScanPlan, numbered, plan_scan
from cvfail.evidence.stored_evidence import StoredEvidence, open_evidence
from cvfail.evidence.stored_tables import renumbered
from cvfail.io.parquet_scan import ParquetScan, with_row_numbers
from cvfail.matching.policy import Policy
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.raw import RawTable
from cvfail.tables.suspicions import InputWarning
from cvfail.version import __version__

_BYTES_PER_ROW = 700
"""What a row of ground truth or predictions takes at most while its block is read, matched and written."""

_ASKED = "asked.json"
_LEAST_MEMORY = 1 << 29
_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}

_ANY_NUMBER = re.compile(r"\d+ boxes")


def evaluate_scan(
    scan: ParquetScan,
    policy: Policy,
    folder: str | Path,
    *,
    memory: str | int = "4GB",
    threads: int | None = None,
    progress: Progress | None = None,
    block_rows: int = BLOCK_ROWS,
) -> StoredEvidence:
    """Match tables that need not fit in memory, and write the evaluation.

    Args:
        scan: The tables, from `scan_parquet`. They need not be sorted: tables that do not stand by ascending
            image are first split into blocks of images on disk, beside the folder.
        policy: Every matching choice.
        folder: Is created, or replaced if it holds an evaluation already. The same bytes as `save_evidence`
            writes of the same tables read into memory.
        memory: How much to use at most, ``"4GB"`` or a number of bytes; at least 512 MiB.
        threads: Blocks that are matched and written at the same time; one per processor if not given. The
            result does not depend on it.
        progress: Is called after every step.
        block_rows: About how many rows stand in one block.

    Returns:
        The evaluation, opened.

    Raises:
        PolicyError: `memory` is no amount, or too little.
        SchemaError: Rows break the rules; records are numbered in the whole table.
        FormatError: A file is not a whole Parquet file.
        CvfailError: The folder exists and is something else, or the disk is full.

    Notes:
        An interruption leaves a hidden draft folder beside `folder`; the same call goes on from there, if the
        input and the policy have not changed. Nothing in the draft opens as an evaluation.
    """
    budget = bytes_of(memory)
    folder = replaceable(folder)
    draft = _resumed(folder.parent / f".{folder.name}.draft", scan, policy, block_rows)
    report = progress or (lambda _doing, _done, _total: None)
    rows_at_once = max(budget // (4 * _BYTES_PER_ROW), 1 << 18)
    try:
        plan = plan_scan(scan, block_rows=block_rows, progress=report)
        sources = {
            table: row_source(scan, plan, table, draft.folder / "spill", rows_at_once, report)
            for table in ("ground_truth", "predictions")
        }
        blocks = _write_blocks(_Work(scan, plan, policy, sources), draft, report, threads)
        shutil.rmtree(draft.folder / "spill", ignore_errors=True)
        for note in (*draft.folder.glob(".*.json"), draft.folder / _ASKED):
            note.unlink()
        draft.become(folder, plan.evidence(policy), blocks)
    except (SchemaError, FormatError):
        draft.remove()
        raise
    except OSError as error:
        raise CvfailError(
            f"{draft.folder} could not be written: {error}. Hint: make room and call again; what is finished "
            "is kept there"
        ) from error
    return open_evidence(folder)


def bytes_of(memory: str | int) -> int:
    """An amount of memory in bytes.

    Raises:
        PolicyError: It is no amount, or less than 512 MiB.

    Example:
        >>> bytes_of("4GB"), bytes_of("1.5 GiB")
        (4000000000, 1610612736)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)?\s*", str(memory), re.IGNORECASE)
    if not found:
        raise PolicyError(f"memory={memory!r} is no amount. Hint: '4GB', '800MB' or a number of bytes")
    amount = int(float(found[1]) * _UNITS[(found[2] or "").upper()])
    if amount < _LEAST_MEMORY:
        raise PolicyError(f"memory={memory!r} is too little. Hint: at least 512MiB")
    return amount


@dataclass(frozen=True)
class _Work:
    """What every block needs."""

    scan: ParquetScan
    plan: ScanPlan
    policy: Policy
    sources: dict[str, RowSource]

    def matched(self, span: Span) -> dict[str, pl.DataFrame]:
        """The tables of one block with their outcomes, rows numbered as in the whole."""
        images = self.plan.images[slice(*span.images)]
        truths, rows = self.sources["ground_truth"].rows(span), self.sources["predictions"].rows(span)
        try:
            data = self.scan.dataset(
                {
                    "images": RawTable(images, self.plan.source["images"]),
                    "categories": RawTable(self.plan.known_categories, self.plan.source["categories"]),
                    "ground_truth": with_row_numbers(truths.table, "ground_truth_id", truths.records),
                    "predictions": with_row_numbers(rows.table, "prediction_id", rows.records),
                }
            )
        except SchemaError as error:
            raise numbered(error, {of.table.label: of.records for of in (truths, rows)}) from None
        data = replace(data, images=images, categories=self.plan.categories)
        evidence = make_evidence(data, self.policy, threads=1)
        return {table: renumbered(evidence.outcomes.frame(table), span, 1) for table in TABLES}


def _write_blocks(work: _Work, draft: Draft, report: Progress, threads: int | None) -> list[StoredBlock]:
    """Match and write what is not written yet, as many blocks at a time as there are threads."""
    spans = work.plan.spans
    blocks = {number: block for number in range(len(spans)) if (block := _finished(draft, number))}
    missing = [number for number in range(len(spans)) if number not in blocks]
    total, lock = sum(work.scan.heights.values()), Lock()
    done = sum(_rows(span) for number, span in enumerate(spans) if number in blocks)

    def write(number: int) -> StoredBlock:
        nonlocal done
        block = _write_block(draft, number, spans[number], work.matched(spans[number]))
        with lock:
            done += _rows(spans[number])
            report("matching", done, total)
        return block

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        written = run_in_order(write, missing, threads=worker_count(threads))
    advice = Counter(_ANY_NUMBER.sub("boxes", str(warning.message)) for warning in caught)
    for text, times in advice.items():
        if times == len(missing):
            warnings.warn(text, InputWarning, stacklevel=4)
    blocks |= dict(zip(missing, written, strict=True))
    return [blocks[number] for number in range(len(spans))]


def _rows(span: Span) -> int:
    return sum(last - first for first, last in (span.ground_truth, span.predictions))


def _write_block(draft: Draft, number: int, span: Span, frames: dict[str, pl.DataFrame]) -> StoredBlock:
    """Write a block, and at the end the note that it is finished."""
    block = draft.write_block(number, span, frames)
    note = draft.folder / f".{number:06d}.part"
    note.write_bytes(msgspec.json.encode(block))
    note.rename(note.with_suffix(".json"))
    return block


def _finished(draft: Draft, number: int) -> StoredBlock | None:
    """A block that an interrupted call wrote."""
    note = draft.folder / f".{number:06d}.json"
    return msgspec.json.decode(note.read_bytes(), type=StoredBlock) if note.exists() else None


def _resumed(folder: Path, scan: ParquetScan, policy: Policy, block_rows: int) -> Draft:
    """The draft of an interrupted call with the same input, or a new one."""
    asked = msgspec.json.encode([__version__, scan.fingerprint(), policy.to_dict(), block_rows])
    note = folder / _ASKED
    if not (note.is_file() and note.read_bytes() == asked):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        note.write_bytes(asked)
    return Draft(folder)
