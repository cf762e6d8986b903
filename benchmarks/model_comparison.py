"""``python -m benchmarks.model_comparison``: seconds and peak memory of comparing two models.

Every run is a process of its own, so that the peak is its own; times are without reading and matching. The
models are a synthetic detector and the same with a tenth of its boxes lost and other scores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path

from benchmarks.processes import ROOT

_SAVE = """
import sys
import numpy as np, polars as pl, pyarrow as pa
import cvfail as cf
from benchmarks.synthetic import IMAGES_PER_BLOCK, block
detections, folder = int(sys.argv[1]), sys.argv[2]
blocks = [block(number, seed=3) for number in range(-(-detections // 75_000))]
tables = [pl.from_arrow(pa.concat_tables([getattr(one, name) for one in blocks]))
    for name in ("images", "ground_truth", "predictions")]
images, truth, found = tables
found = found.head(detections)
rng = np.random.default_rng(5)
other = found.filter(pl.Series(rng.random(len(found)) > 0.1))
moved = other["score"].to_numpy() + rng.normal(0, 0.05, len(other))
other = other.with_columns(score=pl.Series(np.clip(moved, 0, 1)))
categories = pl.DataFrame({"category_id": range(1, 81), "name": [f"class {k}" for k in range(1, 81)]})
for name, rows in (("old", found), ("new", other)):
    tables = dict(images=images, ground_truth=truth, predictions=rows, categories=categories)
    data = cf.from_frames(**tables, box_format="xywh")
    cf.evaluate(data).save(f"{folder}/{name}")
"""

_COMPARE = """
import json, resource, sys, time
import cvfail as cf
folder, slices, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
old, new = cf.open(f"{folder}/old"), cf.open(f"{folder}/new")
start, worked = time.perf_counter(), time.process_time()
table = cf.compare(old, new, slices=slices, **options)
seconds, worked = time.perf_counter() - start, time.process_time() - worked
flips = time.perf_counter()

table.flips()
flips = time.perf_counter() - flips
rows = [one.evidence.outcomes.rows("predictions") for one in (old, new)]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([seconds, worked, peak, len(table), flips, rows]))
"""


def conjunctions(count: int) -> list[str]:
    """Slices of images and of boxes: single conditions, then two at a time."""
    from benchmarks.synthetic import ATTRIBUTES

    levels = {**ATTRIBUTES, "size": ("small", "medium", "large")}
    single = [f"{name}={level}" for name, own in levels.items() for level in own]
    pairs = [f"{a} & {b}" for a, b in combinations(single, 2) if a.partition("=")[0] != b.partition("=")[0]]
    return [*single, *pairs[:: max(len(pairs) // count, 1)]][:count]


def measure(folder: Path, slices: list[str], **options: object) -> str:
    """One run as a line."""
    command = [sys.executable, "-c", _COMPARE, str(folder), json.dumps(slices), json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["out of memory"])[-1]
    seconds, worked, peak, rows, flips, sizes = json.loads(done.stdout.splitlines()[-1])
    took = f"{seconds:7.1f} s ({worked:.1f} s of processors) {peak:5.2f} GB"
    return f"{took} {rows:7,} rows; flips {flips:.1f} s; detections {sizes}"


def main() -> None:
    """Measure the goal, and what its parts take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--detections", type=int, default=1_000_000)
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help="where the runs stay; temporary if not given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cvfail-bench-") as temporary:
        folder = given.folder or Path(temporary)
        if not (folder / "new").exists():
            subprocess.run(
                [sys.executable, "-c", _SAVE, str(given.detections), str(folder)], check=True, cwd=ROOT
            )
        slices = conjunctions(given.slices)
        goal = {"slice_classes": True, "slice_average_precision": False, "replicates": given.replicates}
        works: dict[str, tuple[list[str], dict[str, object]]] = {
            "goal: slices x classes, AP overall and by class": (slices, goal),
            "rates alone": (slices, goal | {"average_precision": False}),
            "no slices": ([], goal),
            "no slices, rates alone": ([], goal | {"average_precision": False}),
        }
        for name, (asked, options) in works.items():
            print(f"{name:50} {measure(folder, asked, **options)}", flush=True)


if __name__ == "__main__":
    main()
