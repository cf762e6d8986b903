"""What a saved evaluation says of itself; a folder without its manifest does not open."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cvfail.errors import FormatError, MissingFileError
from cvfail.evidence.evidence import Task
from cvfail.evidence.layout import Span

SCHEMA_VERSION = 2
MANIFEST = "manifest.json"


class StoredFile(msgspec.Struct, frozen=True):
    """A Parquet file: its rows, its size in bytes and its digest."""

    rows: int
    bytes: int
    sha256: str


class StoredBlock(msgspec.Struct, frozen=True):
    """A run of images: how many, and the file of each table that holds their rows."""

    images: int
    files: dict[str, StoredFile]


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a saved evaluation says of itself.

    Attributes:
        schema_version: Layout of the folder; this version of cvfail reads 2.
        task: ``detection`` or ``classification``.
        policy: `Policy.to_dict`.
        source: Where each input table came from.
        tables: The files of images and categories.
        blocks: The files of ground truth, predictions and pairs, by run of images.
        created: When it was saved, UTC; no digest depends on it. None in folders of earlier versions.
    """

    schema_version: int
    task: Task
    policy: dict[str, object]
    source: dict[str, str]
    tables: dict[str, StoredFile]
    blocks: list[StoredBlock]
    created: datetime | None = None

    def spans(self) -> list[Span]:
        """The images and rows of each block."""
        spans: list[Span] = []
        image = truth = prediction = 0
        for block in self.blocks:
            after = (
                image + block.images,
                truth + block.files["ground_truth"].rows,
                prediction + block.files["predictions"].rows,
            )
            spans.append(Span((image, after[0]), (truth, after[1]), (prediction, after[2])))
            image, truth, prediction = after
        return spans


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a saved evaluation.

    Raises:
        MissingFileError: The folder or its manifest does not exist.
        FormatError: The manifest is damaged or of another version.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise MissingFileError(f"{folder} is not a folder. Hint: a folder that Evaluation.save() wrote")
    if not path.is_file():
        raise MissingFileError(
            f"{folder} is not a saved evaluation: it has no {MANIFEST}. Hint: cvfail evaluate ... -o {folder}"
        )
    content = path.read_bytes()
    try:
        version = msgspec.json.decode(content, type=_Versioned).schema_version
        if version == SCHEMA_VERSION:
            return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise FormatError(f"{path}: {error}. Hint: evaluate and save again") from error
    raise FormatError(
        f"{path}: schema_version {version}, this cvfail reads {SCHEMA_VERSION}. Hint: evaluate and save again"
    )


def created_of(folder: Path) -> datetime:
    """When a saved evaluation was saved: what its manifest says, else the time of that file.

    Raises:
        FormatError: The manifest is damaged.
    """
    path = folder / MANIFEST
    try:
        known = msgspec.json.decode(path.read_bytes(), type=_Created).created
    except msgspec.MsgspecError as error:
        raise FormatError(f"{path}: {error}. Hint: evaluate and save again") from error
    return (known or datetime.fromtimestamp(path.stat().st_mtime, UTC)).astimezone(UTC)


def now() -> datetime:
    """The time that a manifest tells: the clock's, or ``SOURCE_DATE_EPOCH``, for folders of the same bytes."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(fixed), UTC) if fixed.isdigit() else datetime.now(UTC)


class _Created(msgspec.Struct):
    """The part of a manifest that says when it was written."""

    created: datetime | None = None


class _Versioned(msgspec.Struct):
    """The part of a manifest that every version has."""

    schema_version: int


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, as the manifest holds it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
