"""How the time grows: matching and accumulation against detections, classes, images, thresholds and threads.

    python -m benchmarks.growth FOLDER --size S

Each curve changes one thing and leaves the rest as it is in the dataset of the given size.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

import cvfail as cf
from benchmarks.datasets import RECIPES, write_dataset
from benchmarks.parts import seconds
from cvfail.tables.dataset import Dataset


class Point(NamedTuple):
    """One measurement to be made."""

    curve: str
    value: int
    data: Dataset
    policy: cf.Policy
    threads: int


def points(folder: Path, size: str) -> Iterator[Point]:
    """All measurements, curve by curve."""
    recipe, policy, threads = RECIPES[size], cf.Policy(), os.cpu_count() or 1
    data = cf.read_parquet(write_dataset(folder / size, recipe))
    for share in (8, 4, 2, 1):
        kept = replace(data, predictions=data.predictions.gather_every(share))
        yield Point("detections", len(kept.predictions), kept, policy, threads)
    for classes in (1, 5, 20, 80):
        folded = pl.col("category_id") % classes + 1
        categories = data.categories.filter(pl.col("category_id") <= classes)
        tables = {name: getattr(data, name).with_columns(folded) for name in ("ground_truth", "predictions")}
        yield Point("classes", classes, replace(data, categories=categories, **tables), policy, threads)
    for share in (8, 4, 2, 1):
        images = recipe.images // share
        first = pl.col("image_id") <= images
        names = ("images", "ground_truth", "predictions")
        fewer = replace(data, **{name: getattr(data, name).filter(first) for name in names})
        yield Point("images", images, fewer, policy, threads)
    for thresholds in (1, 2, 5, 10, 16):
        ladder = tuple(np.linspace(0.5, 0.95, thresholds))
        yield Point("thresholds", thresholds, data, cf.Policy(iou_thresholds=ladder), threads)
    for count in sorted({1, 2, 4, threads}):
        yield Point("threads", count, data, policy, count)


def table(folder: Path, *, size: str, runs: int) -> str:
    """One row is a point: its time, and that of a detection."""
    lines = ["| against | value | s | ns per detection |", "|---|---|---|---|"]
    for curve, value, data, policy, threads in points(folder, size):

        def work(data=data, policy=policy, threads=threads) -> object:
            return cf.evaluate(data, policy, threads=threads).coco_summary(replicates=0)

        spent = seconds(work, runs)
        each = spent / max(1, len(data.predictions)) * 1e9
        lines.append(f"| {curve} | {value:,} | {spent:.3f} | {each:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure the curves and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="S", choices=["S", "M", "L"])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(table(options.folder, size=options.size, runs=options.runs))


if __name__ == "__main__":
    main()
