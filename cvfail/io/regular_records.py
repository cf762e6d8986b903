"""The quick way through a long COCO file whose records are all regular; whatever is odd goes the slow way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl

from cvfail.io.coco_fields import Json, Section
from cvfail.io.files import existing
from cvfail.io.mapped_text import HeldText, MappedText
from cvfail.tables.parallel import worker_count

LONG = 1 << 20
"""Shorter texts are read before the compiled scanner would have been loaded."""

_PART_BYTES = 1 << 24


def is_long_list(path: str | Path) -> bool:
    """Whether a file is long and begins like a list, so that it is worth to be scanned where it lies."""
    path = existing(path)
    if path.is_dir() or path.stat().st_size < LONG:
        return False
    with path.open("rb") as file:
        return file.read(4096).lstrip(b" \t\r\n")[:1] == b"["


def regular_columns(
    records: Json,
    section: Section,
    *,
    least: int = LONG,
    threads: int | None = None,
    part_bytes: int = _PART_BYTES,
) -> list[pl.Series] | None:
    """The columns of a JSON list of records, if it is long and nothing about it is odd.

    Args:
        records: A file that was mapped, or a part of one as bytes.
        section: What the records should be.
        least: Shorter texts are left to the slow way.
        threads: The number of threads; all processors if not given. The result does not depend on it.
        part_bytes: How much of the text a thread reads at once.

    Returns:
        The columns that `coco_records.decoded` and `coco_columns.record_columns` would make; None where they have
        to be asked, because something is not as the section says or because the quick way does not know it.
    """
    if not isinstance(records, MappedText | msgspec.Raw):
        return None
    text = records if isinstance(records, MappedText) else HeldText(memoryview(records))
    if text.bytes.size < least:
        return None
    from cvfail.io.scanned_columns import scanned_columns
    from cvfail.io.scanned_records import scanned_records

    start = len(text.between(0, 4096)) - len(text.between(0, 4096).lstrip(b" \t\r\n"))
    scanned = scanned_records(text, start, section, threads=worker_count(threads), part_bytes=part_bytes)
    if scanned is None or scanned.end != text.last + 1:
        return None
    return scanned_columns(scanned, text, section)
