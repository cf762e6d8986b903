"""``make bench``: what starting and evaluating cost, beside other tools, as medians of paired runs.

Every run is a process of its own that prints the seconds it spent after its imports and the metric it found,
so that a difference in the answer is seen as well.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.synthetic import Files, write_coco

RUNS = 5

_REPORT = "; import json; print(json.dumps([time.perf_counter() - start, float(ap)]))"

PROGRAMS = {
    "cvfail": (
        "import time, cvfail as cf; from cvfail.evidence import making; import cvfail.matching.coco\n"
        "cf.read_coco, cf.evaluate\n"
        "start = time.perf_counter(); data = cf.read_coco({gt!r}, {pred!r})\n"
        "ap = cf.evaluate(data).coco_summary(replicates=0).df['estimate'][0]"
    ),
    "faster-coco-eval": (
        "import time; from faster_coco_eval import COCO, COCOeval_faster\n"
        "start = time.perf_counter(); gt = COCO({gt!r}); dt = gt.loadRes({pred!r})\n"
        "e = COCOeval_faster(gt, dt, 'bbox', print_function=lambda *a: None)\n"
        "e.evaluate(); e.accumulate(); e.summarize(); ap = e.stats[0]"
    ),
    "pycocotools": (
        "import time, io, contextlib; from pycocotools.coco import COCO; from pycocotools.cocoeval import COCOeval\n"
        "start = time.perf_counter()\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    gt = COCO({gt!r}); dt = gt.loadRes({pred!r}); e = COCOeval(gt, dt, 'bbox')\n"
        "    e.evaluate(); e.accumulate(); e.summarize(); ap = e.stats[0]"
    ),
}


def run(program: str) -> tuple[float, float]:
    """Seconds and metric of one process."""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, metric = json.loads(answer.stdout.splitlines()[-1])
    return seconds, metric


def evaluation_times(files: Files, tools: list[str], runs: int) -> dict[str, tuple[list[float], float]]:
    """The tools in turn, A B A B …, after one run of each that is not counted."""
    programs = {
        tool: PROGRAMS[tool].format(gt=str(files.ground_truth), pred=str(files.predictions))
        + "\n"
        + _REPORT[2:]
        for tool in tools
    }
    times: dict[str, tuple[list[float], float]] = {
        tool: ([], run(program)[1]) for tool, program in programs.items()
    }
    for _ in range(runs):
        for tool, program in programs.items():
            times[tool][0].append(run(program)[0])
    return times


def start_times(runs: int) -> dict[str, float]:
    """Median wall seconds of whole processes that only start."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import cvfail": [sys.executable, "-c", "import cvfail"],
        "cvfail --help": [sys.executable, "-m", "cvfail", "--help"],
    }
    medians = {}
    for name, command in commands.items():
        seconds = []
        for _ in range(runs + 1):
            start = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            seconds.append(time.perf_counter() - start)
        medians[name] = statistics.median(seconds[1:])
    return medians


def table(files: Files, tools: list[str], runs: int) -> str:
    """Both measurements as Markdown."""
    lines = ["| start | median s |", "|---|---|"]
    lines += [f"| `{name}` | {seconds:.2f} |" for name, seconds in start_times(runs).items()]
    lines += ["", "| JSON to 12 numbers, after imports | median s | × cvfail | AP |", "|---|---|---|---|"]
    times = evaluation_times(files, tools, runs)
    own = times["cvfail"][0]
    for tool, (seconds, metric) in times.items():
        ratio = statistics.median(s / o for s, o in zip(seconds, own, strict=True))
        lines.append(f"| {tool} | {statistics.median(seconds):.2f} | {ratio:.1f} | {metric:.12f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", default="S", choices=["S", "M"], help="5,000 or 50,000 images")
    parser.add_argument("--runs", type=int, default=RUNS, help="counted runs of each tool")
    parser.add_argument("--folder", type=Path, help="where generated files stay; temporary if not given")
    parser.add_argument("--pycocotools", action="store_true", help="time pycocotools as well; slow")
    options = parser.parse_args()
    tools = [tool for tool in PROGRAMS if tool != "pycocotools" or options.pycocotools]
    with tempfile.TemporaryDirectory() as temporary:
        files = write_coco(options.folder or Path(temporary), size=options.size)
        print(table(files, tools, options.runs))


if __name__ == "__main__":
    main()
