"""Where the time goes: every part of an evaluation by itself, per detection and beside the machine's copying.

    python -m benchmarks.parts FOLDER --size S

`parts` is also what `test_parts.py` times with pytest-benchmark.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import cvfail as cf
from benchmarks.datasets import RECIPES, write_dataset
from cvfail.evidence.scored_outcomes import ScoredOutcomes
from cvfail.matching.coco import match
from cvfail.matching.coding import Coding
from cvfail.tables.dataset import Dataset

Part = Callable[[], object]
_COPIED_BYTES = 1 << 28


def parts(folder: Path, scratch: Path) -> dict[str, Part]:
    """The parts in the order of an evaluation; each can be called again and does the whole work again.

    Args:
        folder: A dataset; JSON is read where there is such.
        scratch: Where evaluations are saved.
    """
    data = cf.read_parquet(folder)
    coding = Coding.of(data)
    evaluation = cf.evaluate(data)
    saved = evaluation.save(scratch / "saved")
    scores = itertools.count(1)  # an answer at the same score would be remembered
    found: dict[str, Part] = {
        "read JSON": lambda: cf.read_coco(folder / "ground_truth.json", folder / "predictions.json"),
        "read Parquet": lambda: cf.read_parquet(folder),
        "encode": lambda: _encoded(data),
        "match": lambda: match(data, coding, cf.Policy()),
        "evaluate: encode and match": lambda: cf.evaluate(data),
        "outcomes by class and score": lambda: ScoredOutcomes.of(
            [evaluation.evidence.prediction_outcomes],
            categories=len(data.categories),
            limit=evaluation.policy.limit,
        ),
        "accumulate: the twelve numbers from these": lambda: evaluation.coco_summary(replicates=0),
        "confusion matrix at a new score": lambda: evaluation.confusion_matrix(
            score=0.3 + 1e-6 * next(scores)
        ),
        "save": lambda: evaluation.save(scratch / "again"),
        "open": lambda: cf.open(saved),
    }
    if not (folder / "predictions.json").is_file():
        del found["read JSON"]
    return found


def _encoded(data: Dataset) -> list[np.ndarray]:
    coding = Coding.of(data)
    return [coding.truth_image, coding.truth_category, coding.image, coding.category]


def seconds(part: Part, runs: int) -> float:
    """Median of `runs` calls, after one that is not counted."""
    part()
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        part()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def copy_bandwidth(runs: int = 5) -> float:
    """Bytes per second that one thread copies: what no part can beat that touches all columns once."""
    source = np.ones(_COPIED_BYTES // 8)
    target = np.empty_like(source)
    return source.nbytes / seconds(lambda: np.copyto(target, source), runs)


def table(folder: Path, *, runs: int) -> str:
    """One row is a part: its time, per detection, and as a multiple of copying the predictions once."""
    predictions = cf.read_parquet(folder).predictions
    bandwidth = copy_bandwidth()
    once = 8 * 7 * len(predictions) / bandwidth
    lines = [
        f"{len(predictions):,} detections; one thread copies {bandwidth / 1e9:.1f} GB/s, "
        f"so that copying their seven columns once takes {once * 1e3:.1f} ms.",
        "",
        "| part | s | ns per detection | × copying once |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for name, part in parts(folder, Path(scratch)).items():
            spent = seconds(part, runs)
            lines.append(
                f"| {name} | {spent:.3f} | {spent / len(predictions) * 1e9:.0f} | {spent / once:.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure the parts and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parts", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="S", choices=["S", "M", "L"])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    folder = write_dataset(options.folder / options.size, RECIPES[options.size])
    print(table(folder, runs=options.runs))


if __name__ == "__main__":
    main()
