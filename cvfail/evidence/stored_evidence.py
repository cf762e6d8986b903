"""A saved evaluation, opened lazily: rows are read when a question needs them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from cvfail.errors import CvfailError, FormatError, MissingFileError
from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.layout import Span
from cvfail.evidence.manifest import MANIFEST, Manifest, StoredFile, file_digest, read_manifest
from cvfail.evidence.stored_tables import StoredTables, part_path
from cvfail.matching.policy import Policy


class StoredEvidence(Evidence):
    """A saved evaluation; its rows are read when somebody asks, block by block where they need not be together."""

    def __init__(self, folder: Path, manifest: Manifest, policy: Policy) -> None:
        spans, pair_rows = manifest.spans(), [block.files["pairs"].rows for block in manifest.blocks]
        super().__init__(
            task=manifest.task,
            policy=policy,
            images=_read_whole(folder, "images"),
            categories=_read_whole(folder, "categories"),
            outcomes=StoredTables(folder, spans, pair_rows, first=0, last=len(spans)),
            source=manifest.source,
        )
        self._folder, self._spans, self._pair_rows = folder, spans, pair_rows

    @property
    def block_count(self) -> int:
        """The number of saved blocks."""
        return len(self._spans)

    def block(self, number: int) -> Block:
        """A saved block; the evidence itself if there is one only."""
        if self.block_count == 1:
            return super().block(number)
        span = self._spans[number]
        tables = StoredTables(self._folder, self._spans, self._pair_rows, first=number, last=number + 1)
        part = StoredPart(self, tables, span)
        return Block(part, span.images[0], span.ground_truth[0], span.predictions[0])


class StoredPart(Evidence):
    """One block of a saved evaluation as evidence of its own; names, clusters and levels are those of the whole."""

    def __init__(self, whole: Evidence, outcomes: StoredTables, span: Span) -> None:
        first, last = span.images
        super().__init__(
            task=whole.task,
            policy=whole.policy,
            images=whole.images[first:last],
            categories=whole.categories,
            outcomes=outcomes,
            source=whole.source,
        )
        self._whole, self.span = whole, span

    @property
    def whole(self) -> Evidence:
        """The evidence that this is a block of."""
        return self._whole

    @cached_property
    def category_names(self) -> list[str]:
        """The labels of the whole."""
        return self.whole.category_names

    @cached_property
    def clusters(self) -> NDArray[np.int32]:
        """Cluster codes of the whole, of the images of this block."""
        return self.whole.clusters[slice(*self.span.images)]

    @cached_property
    def cluster_ids(self) -> pl.Series:
        """The cluster ids of the whole, which its codes count."""
        return self.whole.cluster_ids


def open_evidence(folder: str | Path, *, verify: bool = False) -> StoredEvidence:
    """Open a saved evaluation; its manifest and the sizes of its files are checked, rows are not read.

    Args:
        folder: What `save_evidence` or `evaluate_scan` wrote.
        verify: Compare the digest of every file with the manifest's, which reads them all.

    Raises:
        MissingFileError: The folder or one of its files does not exist.
        FormatError: The manifest is of another version, or a file is not what was saved.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    for path, stored in _files(folder, manifest):
        if not path.is_file():
            raise MissingFileError(f"{path} is missing. Hint: evaluate and save again")
        if path.stat().st_size != stored.bytes or (verify and file_digest(path) != stored.sha256):
            raise FormatError(f"{path} is damaged: it is not what was saved. Hint: evaluate and save again")
    try:
        policy = Policy.from_dict(manifest.policy)
    except (TypeError, CvfailError) as error:
        raise FormatError(f"{folder / MANIFEST}: {error}. Hint: evaluate and save again") from error
    return StoredEvidence(folder, manifest, policy)


def _files(folder: Path, manifest: Manifest) -> Iterator[tuple[Path, StoredFile]]:
    """Every file that the manifest names."""
    for table, stored in manifest.tables.items():
        yield folder / f"{table}.parquet", stored
    for number, block in enumerate(manifest.blocks):
        for table, stored in block.files.items():
            yield part_path(folder, table, number), stored


def _read_whole(folder: Path, table: str) -> pl.DataFrame:
    path = folder / f"{table}.parquet"
    try:
        return pl.read_parquet(path)
    except (PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise FormatError(f"{path} is damaged: {reason}. Hint: evaluate and save again") from error
