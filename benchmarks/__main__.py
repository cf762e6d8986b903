"""Time cvfail and its peers side by side and show medians, ratios and peak memory as Markdown.

Every run is a process of its own. The tools take turns, after one run each that is not counted. Peers are those
that are installed with this interpreter, or with that of --peers-python. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, compare
from benchmarks.markdown import document, replace_measured, tools_table
from benchmarks.processes import ProgramError, Run, installed, run_program
from benchmarks.record import read_record, write_record
from benchmarks.works import NAMES, WORKS, Work

SIZES = ("S", "M", "L", "100M", "100M-random")


def main() -> None:
    """Measure what is asked for and print it."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="cvfail-bench-") as temporary:
        folder = options.folder or Path(temporary)
        for module in ("parts", "growth"):
            if getattr(options, module):
                arguments = [str(folder), "--size", options.size[0], "--runs", str(options.runs)]
                subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], check=True)
        if not (options.parts or options.growth):
            _compare_all(options, folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--size", nargs="+", default=["S", "M", "L"], choices=SIZES, help="datasets")
    names = [work.name for work in WORKS]
    add("--work", nargs="+", choices=names, metavar="WORK", help=f"of {', '.join(names)}; all of the sizes")
    add("--tools", nargs="+", default=list(NAMES), choices=list(NAMES), metavar="TOOL", help=", ".join(NAMES))
    add("--runs", type=int, default=5, help="counted runs of each tool")
    add("--patience", type=float, default=60, help="a tool that takes more seconds is run once only")
    add("--limit", type=float, default=3600, help="seconds after which a program is stopped")
    add("--folder", type=Path, help="where generated data stays; temporary if not given")
    add("--peers-python", help="an interpreter that has the peers which this one lacks")
    add("--record", type=Path, help="JSON file of all runs; what it holds of other works is shown as well")
    add("--document", type=Path, help="page whose measured part is replaced")
    add(
        "--growth",
        action="store_true",
        help="only time against detections, classes, images, thresholds, threads",
    )
    add("--parts", action="store_true", help="only where the time goes, on the first size")
    return parser.parse_args()


def _compare_all(options: argparse.Namespace, folder: Path) -> None:
    pythons, versions = _interpreters(options)
    results = read_record(options.record) if options.record else {}
    for work in WORKS:
        if work.name not in (options.work or [work.name]) or (
            not options.work and work.data not in options.size
        ):
            continue
        print(f"\n### {work.title}\n", flush=True)
        results[work] = _compare(work, options, folder, pythons)
        print("\n".join(tools_table(work, results[work])), flush=True)
        if options.record:
            write_record(options.record, results)
    ordered = {work: results[work] for work in WORKS if work in results}
    text = document(ordered, versions, [machine()])
    print("\n" + text)
    if options.document:
        replace_measured(options.document, text)


def _interpreters(options: argparse.Namespace) -> tuple[dict[str, str], dict[str, str]]:
    """Who runs each tool, and the tools' versions."""
    pythons: dict[str, str] = {}
    versions: dict[str, str] = {}
    for python in filter(None, [sys.executable, options.peers_python]):
        for tool, version in installed(python, options.tools).items():
            pythons.setdefault(tool, python)
            versions.setdefault(tool, version)
    missing = [NAMES[tool] for tool in options.tools if tool not in pythons]
    if missing:
        print(f"not installed, and so left out: {', '.join(missing)}", file=sys.stderr)
    return pythons, versions


def _compare(work: Work, options: argparse.Namespace, folder: Path, pythons: dict[str, str]) -> Comparison:
    make = [sys.executable, "-m", "benchmarks.datasets", str(folder), work.data]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    data = folder / work.data

    def program(tool: str) -> Run:
        return run_program(pythons[tool], tool, work.task, data, limit=options.limit)

    if work.before and "cvfail" in pythons:
        try:
            run_program(pythons["cvfail"], "cvfail", work.before, data)
        except ProgramError as error:
            return Comparison(failures={"cvfail": str(error)})
    tools = [tool for tool in ("cvfail", *work.peers) if tool in pythons]
    return compare(tools, program, runs=options.runs, patience=options.patience)


def machine() -> str:
    """One line on what was measured with."""
    return f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}."


if __name__ == "__main__":
    main()
