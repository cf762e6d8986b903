"""Finished measurements of image files, kept so that an interrupted run goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from uuid import uuid4

import polars as pl
from polars.exceptions import PolarsError

from cvfail.attributes.file_facts import FACTS
from cvfail.attributes.image_quality import QUALITY_COLUMNS
from cvfail.tables.writing import write_whole

WORK_FOLDER = ".cvfail-attributes"
"""The hidden folder beside the images in which finished measurements are kept."""

KEYS: dict[str, type[pl.DataType]] = {
    "path": pl.String,
    "bytes": pl.Int64,
    "modified": pl.Int64,
    "boxes": pl.String,
}
"""What a measurement belongs to: file, size, time of the last change in ns, and the objects that were measured."""

PART_SCHEMA = pl.Schema(
    {
        **KEYS,
        **FACTS,
        **dict.fromkeys(QUALITY_COLUMNS, pl.Float64),
        "file_problem": pl.String,
    }
    | {"crops": pl.List(pl.Array(pl.Float64, len(QUALITY_COLUMNS)))}
)

_VERSION = 1
"""Raised when a measure changes, so that old parts are not taken for new ones."""

_MOST_PARTS = 64


class FinishedParts:
    """A folder of Parquet files, each written whole; a part that cannot be read counts for nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.is_kept = True

    @classmethod
    def of(cls, images: Path, work: Path | None) -> FinishedParts:
        """The parts for a folder of images, in its hidden folder or below a folder of the user's."""
        if work is None:
            return cls(images / WORK_FOLDER)
        name = blake2b(str(images.resolve()).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return cls(work / name)

    def read(self) -> pl.DataFrame:
        """All finished measurements, one row per key; many small parts are made one."""
        paths = sorted(self._folder.glob(f"v{_VERSION}-*.parquet"))
        parts = [part for path in paths if (part := _read(path)) is not None]
        rows = pl.concat([PART_SCHEMA.to_frame(), *parts]).unique(
            list(KEYS), keep="last", maintain_order=True
        )
        if len(paths) > _MOST_PARTS and self.add(rows):
            for path in paths:
                path.unlink(missing_ok=True)
        return rows

    def add(self, rows: pl.DataFrame) -> bool:
        """Write a part; False, and `is_kept` too from now on, where the folder cannot be written to."""
        if rows.is_empty() or not self.is_kept:
            return self.is_kept
        try:
            write_whole(self._folder / f"v{_VERSION}-{uuid4().hex}.parquet", rows.write_parquet)
        except OSError:
            self.is_kept = False
        return self.is_kept


def unfinished(wanted: pl.DataFrame, finished: pl.DataFrame) -> Sequence[int]:
    """The row numbers of the keys that have no measurement, each key once."""
    numbered = wanted.with_row_index("row").unique(list(KEYS), keep="first", maintain_order=True)
    return numbered.join(finished, on=list(KEYS), how="anti", maintain_order="left")["row"].to_list()


def _read(path: Path) -> pl.DataFrame | None:
    try:
        part = pl.read_parquet(path, glob=False)
    except (OSError, PolarsError):
        return None
    return part if part.schema == PART_SCHEMA else None
