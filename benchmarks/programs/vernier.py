"""vernier: an evaluator in Rust with result tables in Arrow."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from vernier.instance import CocoDataset, Evaluator, TablesConfig

from benchmarks.programs.answer import Answer

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_STRICT = Evaluator(parity_mode="strict")
_THREADS = os.cpu_count()


def summary_from_json(folder: Path) -> Answer:
    truth, found = (folder / f"{name}.json" for name in ("ground_truth", "predictions"))
    return Answer.of(_STRICT.evaluate(truth.read_bytes(), found.read_bytes(), num_threads=_THREADS).stats)


def summary_from_parquet(folder: Path) -> Answer:
    return Answer.of(_STRICT.evaluate(*_tables(folder), num_threads=_THREADS).stats)


def summary_of_loaded(folder: Path) -> Answer:
    truth, found = _tables(folder)
    start = perf_counter()
    return Answer.of(_STRICT.evaluate(truth, found, num_threads=_THREADS).stats, start)


def outcomes_saved(folder: Path) -> Answer:
    """Its four tables, with the boxes of detections, as Parquet."""
    result = _STRICT.evaluate(
        *_tables(folder),
        tables="all",
        tables_config=TablesConfig(per_detection_with_geometry=True, per_pair_max_rows=1 << 32),
        num_threads=_THREADS,
    )
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for name in ("per_image", "per_class", "per_detection", "per_pair"):
            getattr(result, name).write_parquet(Path(place) / f"{name}.parquet")
    return Answer.of(result.stats)


def precision_of_slices(folder: Path) -> Answer:
    """One evaluation with the images' attributes as its manifest, matching included."""
    import polars as pl

    from benchmarks.programs.slices import ATTRIBUTES, image_slices

    truth, found = _tables(folder)
    images = pl.read_parquet(folder / "images.parquet", columns=["image_id", *ATTRIBUTES])
    manifest = images.rename({"image_id": "key"})
    start = perf_counter()
    table = _STRICT.evaluate(truth, found, manifest=manifest, num_threads=_THREADS).slices
    seconds = perf_counter() - start
    rows = table.to_series().struct.unnest().rows()
    precision = {f"{axis}={value}": ap for axis, value, _, _, ap, *_ in rows}
    return Answer([precision[name] for name in image_slices(folder)], seconds)


def _tables(folder: Path) -> tuple[CocoDataset, np.ndarray]:
    import polars as pl

    from benchmarks.programs import columns

    frame = columns.ground_truth(folder)
    images = pl.read_parquet(folder / "images.parquet", columns=["image_id", "width", "height"])
    names = {"ground_truth_id": "id", "is_crowd": "iscrowd"}
    truth = CocoDataset.from_arrays(
        _arrays(images.rename({"image_id": "id"})),
        {
            **_arrays(frame.select(*names, "image_id", "category_id", "area").rename(names)),
            "bbox": columns.boxes(frame),
        },
        columns.categories(folder),
    )
    return truth, columns.results(folder)


def _arrays(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Writable copies: it takes no others."""
    return {column.name: column.to_numpy(writable=True) for column in frame}
