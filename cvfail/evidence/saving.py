"""Writing an evaluation: block by block into a draft, which becomes the folder when it is whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from cvfail.errors import CvfailError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.layout import BLOCK_ROWS, Span, block_spans
from cvfail.evidence.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    Manifest,
    StoredBlock,
    StoredFile,
    file_digest,
    now,
    read_manifest,
)
from cvfail.evidence.outcome_tables import TABLES
from cvfail.evidence.stored_tables import part_path
from cvfail.matching.coding import group_offsets
from cvfail.tables.writing import writing_errors

_WHOLE_TABLES = ("images", "categories")
_NAMES = {MANIFEST, *(f"{table}.parquet" for table in _WHOLE_TABLES), *TABLES}


def save_evidence(evidence: Evidence, folder: str | Path, *, block_rows: int = BLOCK_ROWS) -> Path:
    """Write the tables and the manifest; the folder appears whole or not at all.

    Args:
        evidence: What to write.
        folder: Is created, or replaced if it holds an evaluation already.
        block_rows: About how many rows of ground truth and predictions stand in one file.

    Returns:
        The folder.

    Raises:
        CvfailError: The folder exists and is something else, or it cannot be written.
    """
    folder = replaceable(folder)
    draft = Draft(folder.parent / f".{folder.name}.{os.getpid()}.part")
    try:
        draft.folder.mkdir()
        images = evidence.images.height
        spans = block_spans(
            group_offsets(evidence.coding.truth_image, images),
            group_offsets(evidence.coding.image, images),
            block_rows=block_rows,
        )
        pairs = evidence.pairs
        edges = np.searchsorted(
            pairs["prediction_index"].to_numpy(), [0, *(span.predictions[1] for span in spans)]
        ).tolist()
        blocks = [
            draft.write_block(
                number,
                span,
                {
                    "ground_truth": evidence.ground_truth[slice(*span.ground_truth)],
                    "predictions": evidence.predictions[slice(*span.predictions)],
                    "pairs": pairs[edges[number] : edges[number + 1]],
                },
            )
            for number, span in enumerate(spans)
        ]
        draft.become(folder, evidence, blocks)
    except OSError as error:
        raise CvfailError(f"{folder} could not be written: {error}") from error
    finally:
        draft.remove()
    return folder


def replaceable(folder: str | Path) -> Path:
    """The absolute path of a folder that does not exist yet or holds a saved evaluation; its parent is made.

    Raises:
        CvfailError: The folder exists and is something else.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not _is_evaluation(folder):
        raise CvfailError(f"{folder} exists and is not an evaluation. Hint: choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


class Draft:
    """A folder that is being written; nothing in it opens as an evaluation before `become`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write_block(self, number: int, span: Span, frames: dict[str, pl.DataFrame]) -> StoredBlock:
        """Write the rows of one block, whose row numbers are those of the whole evaluation."""
        files = {
            table: _write(frame.rechunk(), part_path(self.folder, table, number))
            for table, frame in frames.items()
        }
        return StoredBlock(span.images[1] - span.images[0], files)

    def become(self, folder: Path, evidence: Evidence, blocks: list[StoredBlock]) -> None:
        """Add what is said once, and take the place of the folder.

        Args:
            folder: What `replaceable` returned.
            evidence: Whose images, categories, policy and sources are written.
            blocks: What `write_block` returned, in order.
        """
        tables = {
            table: _write(getattr(evidence, table), self.folder / f"{table}.parquet")
            for table in _WHOLE_TABLES
        }
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            task=evidence.task,
            policy=evidence.policy.to_dict(),
            source=evidence.source,
            tables=tables,
            blocks=blocks,
            created=now(),
        )
        (self.folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        if folder.exists():
            shutil.rmtree(folder)
        self.folder.rename(folder)

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(frame: pl.DataFrame, path: Path) -> StoredFile:
    """Write a table under a temporary name and rename it, so that a file with its own name is whole."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_name(f".{path.name}")
    with writing_errors():
        frame.write_parquet(draft, compression="lz4")
    stored = StoredFile(frame.height, draft.stat().st_size, file_digest(draft))
    draft.rename(path)
    return stored


def _is_evaluation(folder: Path) -> bool:
    """Whether a folder holds a saved evaluation and nothing else, so that it may be replaced."""
    if not folder.is_dir() or {path.name for path in folder.iterdir()} - _NAMES:
        return False
    try:
        read_manifest(folder)
    except CvfailError:
        return False
    return True
