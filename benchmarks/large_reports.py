"""Reports of many classes, images and detections: seconds to make, size, and how soon they are on the screen.

    python -m benchmarks.large_reports FOLDER

A process each makes a report, without pictures, from a generated dataset that is in memory and matched; kernels are
loaded before. Then Chromium opens each from disk, taking turns. "Interactive" is when the first screen stands and
answers, "all drawn" when the last table further down does, both in milliseconds from the navigation.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import cvfail as cf
from benchmarks.datasets import Recipe, write_dataset

CASES = {
    "300 classes": Recipe(13_500, categories=300),
    "1,203 classes": Recipe(13_500, categories=1_203),
    "100,000 images": Recipe(100_000),
    "10M detections": Recipe(135_000),
}

TIMES = """
const [visit] = performance.getEntriesByType("navigation");
const [[first], [drawn]] = ["first screen", "drawn"].map((name) => performance.getEntriesByName(name));
return { interactive: first.startTime, loaded: visit.loadEventEnd, drawn: drawn.startTime };
"""


def make(folder: Path, name: str) -> dict[str, float | str]:
    """Write the report of a case into `folder`: its counts, seconds, size in MB and the peak of the process in MB."""
    load_kernels(folder)
    data = cf.read_parquet(write_dataset(folder / slug(name), CASES[name]))
    start = time.perf_counter()
    evaluation = cf.evaluate(data)
    matched, worked = time.perf_counter(), time.process_time()
    path = evaluation.report(page(folder, name), progress=False)
    made, working = time.perf_counter(), time.process_time()
    return {
        "case": name,
        "classes": len(data.categories),
        "images": len(data.images),
        "detections": len(data.predictions),
        "match": matched - start,
        "report": made - matched,
        "processors": working - worked,
        "size": path.stat().st_size / 1e6,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def load_kernels(folder: Path) -> None:
    """Make a small report."""
    small = cf.read_parquet(write_dataset(folder / "small", Recipe(30)))
    cf.evaluate(small).report(folder / "small.html", progress=False)


def opened(pages: list[Path], *, runs: int) -> list[dict[str, float]]:
    """Median milliseconds until each page is interactive, loaded and all drawn; a first run each is not counted."""
    from tests.report import chromium

    found: list[list[dict[str, float]]] = [[] for _ in pages]
    with chromium.running() as browser:
        browser.look()
        for _ in range(runs + 1):
            for path, times in zip(pages, found, strict=True):
                browser.blank()
                browser.open(path)
                times.append(browser.run(TIMES))
    return [
        {key: statistics.median(run[key] for run in times[1:]) for key in ("interactive", "loaded", "drawn")}
        for times in found
    ]


def page(folder: Path, name: str) -> Path:
    return folder / f"{slug(name)}.html"


def slug(name: str) -> str:
    return name.replace(" ", "-").replace(",", "")


def table(rows: list[dict[str, float | str]]) -> str:
    """One row is a report."""
    lines = [
        "| report of | classes | images | detections | match, s | report, s | of processors, s | peak GB "
        "| MB | interactive, ms | loaded, ms | all drawn, ms |",
        "|---" * 12 + "|",
    ]
    for row in rows:
        lines.append(
            "| {case} | {classes:,} | {images:,} | {detections:,} | {match:.1f} | {report:.0f} | {processors:.0f} "
            "| {gigabytes:.1f} | {size:.1f} | {interactive:.0f} | {loaded:.0f} | {drawn:.0f} |".format(
                **row, gigabytes=float(row["peak"]) / 1000
            )
        )
    return "\n".join(lines)


def main() -> None:
    """Make each report in a process of its own, open all of them and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_reports", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--runs", type=int, default=7, help="times that each page is opened")
    parser.add_argument("--make", choices=list(CASES), help="make this one, in this process, as JSON")
    options = parser.parse_args()
    if options.make is not None:
        print(json.dumps(make(options.folder, options.make)))
        return
    rows = []
    for name in options.cases:
        command = [sys.executable, "-m", "benchmarks.large_reports", str(options.folder), "--make", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
        print(done.stdout, end="", file=sys.stderr, flush=True)
    times = opened([page(options.folder, name) for name in options.cases], runs=options.runs)
    print(table([row | own for row, own in zip(rows, times, strict=True)]))


if __name__ == "__main__":
    main()
