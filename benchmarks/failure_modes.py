"""Failure modes and their causes: seconds of the search, of the causes, and peak memory, beyond the match.

    python -m benchmarks.failure_modes FOLDER

The images of the generated dataset that together have the wanted number of detections, ten attributes, at the
policy's score and at a score of 0, at which every detection counts. A process each; kernels are loaded before.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import polars as pl

import cvfail as cf
from benchmarks.datasets import RECIPES, write_dataset
from benchmarks.synthetic import DETECTIONS_PER_IMAGE
from cvfail.tables.dataset import Dataset

ATTRIBUTES = (
    *("category", "size", "aspect", "position", "occlusion"),
    *("time_of_day", "weather", "camera", "scene", "brightness"),
)
"""Of classes, boxes on both sides, ground truth alone and images."""

SCORES = (0.25, 0.0)
_WARM_UP = 2_000


def dataset(folder: Path, detections: int) -> Dataset:
    """The first images that together have about so many detections, with the geometry of their boxes."""
    images = -(-detections // DETECTIONS_PER_IMAGE)
    size = next((name for name in ("S", "M", "L") if RECIPES[name].images >= 2 * images), "L")
    data = cf.read_parquet(write_dataset(folder / size, RECIPES[size]))
    counts = data.predictions.group_by("image_id").len().sort("image_id")
    last = counts.filter(pl.col("len").cum_sum() <= detections)["image_id"].max()
    first = pl.col("image_id") <= (0 if last is None else last)
    tables = {name: getattr(data, name).filter(first) for name in ("images", "ground_truth", "predictions")}
    return cf.with_geometry(
        Dataset(task="detection", categories=data.categories, **tables)  # type: ignore[arg-type]
    )


def measure(folder: Path, *, detections: int, score: float) -> dict[str, float]:
    """Seconds of each step, the modes found, and the peak of the process in MB."""
    warm = cf.evaluate(dataset(folder, min(detections, _WARM_UP)))
    warm.failure_modes(attributes=ATTRIBUTES, score=score).causes()
    data = dataset(folder, detections)
    start = time.perf_counter()
    evaluation = cf.evaluate(data)
    matched = time.perf_counter()
    modes = evaluation.failure_modes(attributes=ATTRIBUTES, score=score)
    searched = time.perf_counter()
    modes.causes()
    explained = time.perf_counter()
    return {
        "detections": len(data.predictions),
        "score": score,
        "modes": len(modes),
        "significant": int(modes.df["significant"].sum()),
        "match": matched - start,
        "failure modes": searched - matched,
        "causes": explained - searched,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def table(rows: list[dict[str, float]]) -> str:
    """One row is a score."""
    lines = [
        "| detections | score from | modes (significant) | match, s | failure modes, s | causes, s | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['detections']:,} | {row['score']:g} | {row['modes']} ({row['significant']}) | "
            f"{row['match']:.2f} | {row['failure modes']:.2f} | {row['causes']:.2f} | {row['peak']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure at each score and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.failure_modes", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detections", type=int, default=1_000_000)
    parser.add_argument("--score", type=float, help="measure at this score, in this process, as JSON")
    options = parser.parse_args()
    if options.score is not None:
        answer = measure(options.folder, detections=options.detections, score=options.score)
        print(json.dumps(answer))
        return
    rows = []
    for score in SCORES:
        command = [sys.executable, "-m", "benchmarks.failure_modes", str(options.folder)]
        command += ["--detections", str(options.detections), "--score", str(score)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
    print(table(rows))


if __name__ == "__main__":
    main()
