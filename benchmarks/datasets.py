"""Datasets on disk: S, M and L as one Parquet file a table, S and M as COCO JSON too, 100M as many files.

    python -m benchmarks.datasets FOLDER S M

A dataset is written beside its place and moved there when it is whole; one that is there is left as it is.
Memory stays at one batch of blocks, whatever the size.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.synthetic import CATEGORIES, IMAGES_PER_BLOCK, Block, block

BLOCKS_PER_BATCH = 14
"""About a million predictions: a row group."""

BATCHES_PER_PART = 3
ROWS_PER_ROW_GROUP = 1 << 20
_SLICE = 500_000


@dataclass(frozen=True)
class Recipe:
    """All that decides a dataset's bytes."""

    images: int
    json: bool = False
    """Whether COCO JSON is written as well."""
    parts: bool = False
    """Whether predictions and ground truth are folders of files instead of one file each."""
    shuffled: bool = False
    """Whether the rows of predictions and ground truth are in random order instead of by image."""
    categories: int = CATEGORIES
    seed: int = 1


RECIPES = {
    "S": Recipe(5_000, json=True),
    "M": Recipe(50_000, json=True),
    "L": Recipe(200_000),
    "100M": Recipe(1_345_000, parts=True),
    "100M-random": Recipe(1_345_000, parts=True, shuffled=True),
}


def write_dataset(folder: Path, recipe: Recipe) -> Path:
    """Write the tables of `recipe` into `folder`, unless they are there.

    Returns:
        The folder, with `images.parquet`, `categories.parquet`, `ground_truth.parquet`, `predictions.parquet` (the
        last two without the ending and holding `part-00000.parquet` … where there are parts) and, if asked for,
        `ground_truth.json` and `predictions.json`.
    """
    about = folder / "recipe.json"
    if about.is_file() and json.loads(about.read_text()) == asdict(recipe):
        return folder
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    for old in (unfinished, folder):
        shutil.rmtree(old, ignore_errors=True)
    unfinished.mkdir(parents=True)
    categories = [{"category_id": c + 1, "name": f"class {c + 1:02d}"} for c in range(recipe.categories)]
    pl.DataFrame(categories).write_parquet(unfinished / "categories.parquet")
    if recipe.shuffled:
        _write_shuffled(unfinished, recipe)
    elif recipe.parts:
        _write_parts(unfinished, recipe)
    else:
        _write_files(unfinished, recipe)
    if recipe.json:
        write_json(unfinished)
    (unfinished / about.name).write_text(json.dumps(asdict(recipe)))
    return unfinished.rename(folder)


def batches(recipe: Recipe, *, blocks: int) -> Iterator[Block]:
    """The rows of a dataset, `blocks` blocks of images at a time."""
    rest = recipe.images
    waiting: list[Block] = []
    for number in range(-(-recipe.images // IMAGES_PER_BLOCK)):
        images = min(rest, IMAGES_PER_BLOCK)
        waiting.append(block(number, seed=recipe.seed, images=images, categories=recipe.categories))
        rest -= images
        if len(waiting) == blocks or not rest:
            yield Block(*(pa.concat_tables(getattr(b, name) for b in waiting) for name in TABLES))
            waiting = []


TABLES = ("images", "ground_truth", "predictions")


def _write_files(folder: Path, recipe: Recipe) -> None:
    with contextlib.ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}
        for batch in batches(recipe, blocks=BLOCKS_PER_BATCH):
            for name in TABLES:
                table = getattr(batch, name)
                if name not in writers:
                    path = folder / f"{name}.parquet"
                    writers[name] = stack.enter_context(pq.ParquetWriter(path, table.schema))
                writers[name].write_table(table, row_group_size=ROWS_PER_ROW_GROUP)


def _write_parts(folder: Path, recipe: Recipe) -> None:
    """Predictions and ground truth in files of a few row groups, rows by image."""
    images = []
    for part, batch in enumerate(batches(recipe, blocks=BLOCKS_PER_BATCH * BATCHES_PER_PART)):
        images.append(batch.images)
        for name in TABLES[1:]:
            _write_part(folder, name, part, getattr(batch, name))
    pq.write_table(pa.concat_tables(images), folder / "images.parquet")


def _write_part(folder: Path, name: str, part: int, table: pa.Table) -> None:
    path = folder / name / f"part-{part:05d}.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path, row_group_size=ROWS_PER_ROW_GROUP)


def _write_shuffled(folder: Path, recipe: Recipe) -> None:
    """Every row to a part drawn at random, then every part in a random order: any order is equally likely."""
    rng = np.random.default_rng([recipe.seed, recipe.images])
    parts = max(1, recipe.images // (IMAGES_PER_BLOCK * BLOCKS_PER_BATCH * BATCHES_PER_PART))
    images = []
    with contextlib.ExitStack() as stack:
        scattered: dict[tuple[str, int], pa.ipc.RecordBatchStreamWriter] = {}
        for batch in batches(recipe, blocks=BLOCKS_PER_BATCH):
            images.append(batch.images)
            for name in TABLES[1:]:
                for part, rows in enumerate(_dealt(rng, getattr(batch, name), parts)):
                    if (name, part) not in scattered:
                        stream = pa.ipc.new_stream(folder / f"{name}-{part}.arrows", rows.schema)
                        scattered[name, part] = stack.enter_context(stream)
                    scattered[name, part].write_table(rows)
    for name, part in scattered:
        path = folder / f"{name}-{part}.arrows"
        with pa.ipc.open_stream(path) as stream:
            table = stream.read_all()
        _write_part(folder, name, part, table.take(rng.permutation(table.num_rows)))
        path.unlink()
    pq.write_table(pa.concat_tables(images), folder / "images.parquet")


def _dealt(rng: np.random.Generator, table: pa.Table, parts: int) -> Iterator[pa.Table]:
    part = rng.integers(0, parts, table.num_rows)
    bounds = np.cumsum(np.bincount(part, minlength=parts))[:-1]
    for rows in np.split(np.argsort(part, kind="stable"), bounds):
        yield table.take(rows)


def write_json(folder: Path) -> None:
    """The tables of `folder` as COCO writes them: an instances file and a results file."""
    box = pl.concat_list("x", "y", "width", "height").alias("bbox")
    images = pl.read_parquet(folder / "images.parquet").rename({"image_id": "id"})
    categories = pl.read_parquet(folder / "categories.parquet").rename({"category_id": "id"})
    objects = pl.read_parquet(folder / "ground_truth.parquet").select(
        pl.col("ground_truth_id").alias("id"),
        "image_id",
        "category_id",
        box,
        "area",
        pl.col("is_crowd").cast(pl.Int64).alias("iscrowd"),
        pl.struct("occlusion").alias("attributes"),
    )
    with (folder / "ground_truth.json").open("wb") as file:
        for key, frame in (("images", images), ("annotations", objects), ("categories", categories)):
            file.write(f'{"{" if key == "images" else ", "}"{key}": '.encode())
            _write_records(file, frame)
        file.write(b"}")
    results = pl.read_parquet(folder / "predictions.parquet").select("image_id", "category_id", box, "score")
    with (folder / "predictions.json").open("wb") as file:
        _write_records(file, results)


def _write_records(file, frame: pl.DataFrame) -> None:
    """An array in the layout of `json.dump`; no text of ours has a comma or a colon."""
    file.write(b"[")
    for start in range(0, len(frame), _SLICE):
        lines = frame[start : start + _SLICE].write_ndjson().rstrip("\n").replace("\n", ",")
        file.write((", " if start else "").encode())
        file.write(lines.replace(",", ", ").replace(":", ": ").encode())
    file.write(b"]")


def main() -> None:
    """Write the datasets that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.datasets")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+", choices=list(RECIPES))
    options = parser.parse_args()
    for name in options.names:
        print(write_dataset(options.folder / name, RECIPES[name]))


if __name__ == "__main__":
    main()
