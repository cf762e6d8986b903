"""``python -m benchmarks.thresholds_speed``: seconds of curves and operating points of a million detections.

80 classes, 100 detections an image (`benchmarks.synthetic`). Kernels are compiled and the evaluation is made
beforehand; peak memory is that of the process, in MB above what the evaluation takes.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from time import perf_counter, process_time

import polars as pl

import cvfail as cf
from benchmarks.synthetic import IMAGES_PER_BLOCK, block


def evaluation_of(images: int) -> cf.Evaluation:
    blocks = [block(number, seed=0) for number in range(-(-images // IMAGES_PER_BLOCK))]
    tables = {
        name: pl.concat([pl.from_arrow(getattr(one, name)) for one in blocks])
        for name in ("images", "ground_truth", "predictions")
    }
    data = cf.from_frames(**tables, box_format="xywh", on_invalid="drop")
    return cf.evaluate(data)


def questions(evaluation: cf.Evaluation) -> dict[str, Callable[[], object]]:
    none = {"replicates": 0, "splits": 0}
    return {
        "operating points by class": lambda: evaluation.operating_points(by="category", **none),
        "… with 200 replicates and 20 parts": lambda: evaluation.operating_points(by="category"),
        "… by class and time of day": lambda: evaluation.operating_points(
            by=["category", "time_of_day"], **none
        ),
        "one budget of all classes": lambda: evaluation.shared_budget(1.0),
        "AP by class, 1,000 replicates": lambda: evaluation.average_precision(replicates=1000),
        "AP50 by class, 1,000 replicates": lambda: evaluation.curve_area(by="category", replicates=1000),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=13_500)
    asked = parser.parse_args()
    small, large = evaluation_of(100), evaluation_of(asked.images)
    print(f"{len(large.predictions):,} detections, {len(large.categories)} classes")
    for ask in questions(small).values():
        ask()
    for name, ask in questions(large).items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, worked = perf_counter(), process_time()
        ask()
        seconds, worked = perf_counter() - start, process_time() - worked
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{name}: {seconds:.2f} s, {worked:.2f} s of processors, {more:+.0f} MB", flush=True)


if __name__ == "__main__":
    main()
