"""An evaluation as a folder of Parquet files with a manifest; a folder without its manifest does not open."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import msgspec
import polars as pl

from cvfail.errors import CvfailError, FormatError, MissingFileError
from cvfail.evidence.evidence import Evidence, Task
from cvfail.matching.policy import Policy

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
TABLES = ("images", "categories", "ground_truth", "predictions", "pairs")
_FILES = {MANIFEST, *(f"{table}.parquet" for table in TABLES)}


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a saved evaluation says of itself.

    Attributes:
        schema_version: Layout of the folder; this version of cvfail reads 1.
        task: ``detection`` or ``classification``.
        policy: `Policy.to_dict`.
        source: Where each input table came from.
        rows: Rows of each table.
        sha256: Digest of each table's file.
    """

    schema_version: int
    task: Task
    policy: dict[str, object]
    source: dict[str, str]
    rows: dict[str, int]
    sha256: dict[str, str]


def save_evidence(evidence: Evidence, folder: str | Path) -> Path:
    """Write the tables and the manifest; the folder appears whole or not at all.

    Args:
        evidence: What to write.
        folder: Is created, or replaced if it holds an evaluation already.

    Returns:
        The folder.

    Raises:
        CvfailError: The folder exists and is something else.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not _is_evaluation(folder):
        raise CvfailError(f"{folder} exists and is not an evaluation. Hint: choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.parent / f".{folder.name}.{os.getpid()}.part"
    try:
        draft.mkdir()
        digests = {}
        for table in TABLES:
            path = draft / f"{table}.parquet"
            getattr(evidence, table).write_parquet(path)
            digests[table] = _digest(path)
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            task=evidence.task,
            policy=evidence.policy.to_dict(),
            source=evidence.source,
            rows={table: len(getattr(evidence, table)) for table in TABLES},
            sha256=digests,
        )
        (draft / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _is_evaluation(folder: Path) -> bool:
    """Whether a folder holds a saved evaluation and nothing else, so that it may be replaced."""
    if not folder.is_dir() or {path.name for path in folder.iterdir()} - _FILES:
        return False
    try:
        read_manifest(folder)
    except CvfailError:
        return False
    return True


def open_evidence(folder: str | Path) -> Evidence:
    """Read a saved evaluation.

    Raises:
        MissingFileError: The folder or one of its files does not exist.
        FormatError: The manifest is of another version, or a file is damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        policy = Policy.from_dict(manifest.policy)
    except (TypeError, CvfailError) as error:
        raise FormatError(f"{folder / MANIFEST}: {error}. Hint: evaluate and save again") from error
    tables = {table: _read_table(folder / f"{table}.parquet", manifest.sha256.get(table)) for table in TABLES}
    return Evidence(task=manifest.task, policy=policy, source=manifest.source, **tables)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a saved evaluation; raises as `open_evidence`."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise MissingFileError(f"{folder} is not a folder. Hint: a folder that Evaluation.save() wrote")
    if not path.is_file():
        raise MissingFileError(
            f"{folder} is not a saved evaluation: it has no {MANIFEST}. Hint: cvfail evaluate ... -o {folder}"
        )
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise FormatError(f"{path}: {error}. Hint: evaluate and save again") from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise FormatError(
            f"{path}: schema_version {manifest.schema_version}, this cvfail reads {SCHEMA_VERSION}. "
            "Hint: evaluate and save again"
        )
    return manifest


def _read_table(path: Path, digest: str | None) -> pl.DataFrame:
    if not path.is_file():
        raise MissingFileError(f"{path} is missing. Hint: evaluate and save again")
    if _digest(path) != digest:
        raise FormatError(f"{path} is damaged: it is not what was saved. Hint: evaluate and save again")
    return pl.read_parquet(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
