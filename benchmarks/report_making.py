"""The report: seconds of making it beyond the evaluation, section by section, and peak memory.

    python -m benchmarks.report_making FOLDER

The images of the generated dataset that together have the wanted number of detections. A process for the sections one
after the other, and one for two at a time, as a report is made. Kernels are loaded before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cvfail as cf
from benchmarks.failure_modes import dataset
from cvfail.evaluation import Evaluation
from cvfail.report.html import render
from cvfail.report.summary import summarise

SECTIONS = (
    *("failure modes", "curves and thresholds", "slices", "error types", "label suspects", "classes"),
    *("examples", "page"),
)
"""The steps of `summarise` without pictures, then rendering and writing the page."""

THREADS = {"one by one": 1, "two at a time": 2}
_WARM_UP = 2_000

Seconds = dict[str, float]


def measure(folder: Path, *, detections: int, threads: int) -> dict[str, float | Seconds]:
    """Seconds and processor seconds of the report, seconds of each section, and the peak of the process in MB.

    Args:
        folder: Holds the generated dataset, or will.
        detections: How many, about.
        threads: Over sections; with more than 1 they overlap, and their seconds are not told.
    """
    _report(cf.evaluate(dataset(folder, min(detections, _WARM_UP))), threads)
    evaluation = cf.evaluate(dataset(folder, detections))
    wall, processor = time.perf_counter(), time.process_time()
    sections = _report(evaluation, threads)
    return {
        "detections": len(evaluation.evidence.predictions),
        "threads": threads,
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "sections": sections if threads == 1 else {},
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _report(evaluation: Evaluation, threads: int) -> Seconds:
    """Make a report; the seconds from the beginning of each section to that of the next one."""
    begun: list[tuple[str, float]] = []

    def begin(name: str) -> None:
        begun.append((name, time.perf_counter()))

    summary = summarise(evaluation, on_step=begin, threads=threads)
    begin("page")
    with TemporaryDirectory() as folder:
        (Path(folder) / "report.html").write_text(render(summary), encoding="utf-8")
    begin("end")
    return {name: after - start for (name, start), (_, after) in itertools.pairwise(begun)}


def table(rows: list[dict[str, float | Seconds]]) -> str:
    """One row is a way of making it."""
    names = [name for name, threads in THREADS.items() for row in rows if row["threads"] == threads]
    lines = [
        "| sections | report, s | processor, s | " + ", s | ".join(SECTIONS) + ", s | peak MB |",
        "|---|---|---|" + "---|" * len(SECTIONS) + "---|",
    ]
    for name, row in zip(names, rows, strict=True):
        known = row["sections"]
        assert isinstance(known, dict)
        cells = [f"{known[section]:.1f}" if section in known else "" for section in SECTIONS]
        lines.append(
            f"| {name} | {row['wall']:.1f} | {row['processor']:.1f} | {' | '.join(cells)} | {row['peak']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure both ways and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_making", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detections", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, help="measure with so many, in this process, as JSON")
    options = parser.parse_args()
    if options.threads is not None:
        answer = measure(options.folder, detections=options.detections, threads=options.threads)
        print(json.dumps(answer))
        return
    rows = []
    for threads in THREADS.values():
        command = [sys.executable, "-m", "benchmarks.report_making", str(options.folder)]
        command += ["--detections", str(options.detections), "--threads", str(threads)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
    print(table(rows))


if __name__ == "__main__":
    main()
