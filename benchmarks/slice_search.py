"""``python -m benchmarks.slice_search``: seconds and peak memory of the slice search, beside other tools.

Every run is a process of its own, so that the peak is its own; times are without imports and compiling.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

_DATA = """
import json, resource, sys, time
import numpy as np
rows, count, order = {rows}, {attributes}, {order}
random = np.random.default_rng(7)
X = random.integers(0, 8, (count, rows), dtype=np.uint8)
hard = (X[0] == 1) & (X[1] == 2)
errors = random.random(rows) < 0.1 + 0.4 * hard + 0.1 * (X[2] == 3)
least = max(32, rows // 100)
def report(seconds, best):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, peak, best]))
"""

_CVFAIL = """
import polars as pl
from cvfail.slices.search import search_slices
names = ["v%d" % k for k in range(8)]
def frame(first):
    columns = {{"a%02d" % k: pl.Series(X[k, :first]).replace_strict(dict(enumerate(names)),
        return_dtype=pl.Enum(names)) for k in range(count)}}
    return pl.DataFrame(columns).with_columns(error=pl.Series(errors[:first]),
        image_id=np.arange(min(first, rows), dtype=np.int64) // 10)
options = dict(cluster="image_id", max_order=order, top=10, statistics={statistics})
search_slices(frame(3000), **options)
units = frame(rows)
del X
start = time.perf_counter()
found = search_slices(units, **options)
report(time.perf_counter() - start, found.df["slice"].to_list())
"""

_SLICELINE = """
from sliceline.slicefinder import Slicefinder
finder = Slicefinder(alpha=0.95, k=10, max_l=order, min_sup=least, verbose=False)
table = X.T.astype(int)
start = time.perf_counter()
finder.fit(table, errors.astype(float))
seconds = time.perf_counter() - start
best = [" & ".join("a%02d=v%d" % (k, v) for k, v in enumerate(row) if v is not None) for row in finder.top_slices_]
report(seconds, best)
"""

_DIVEXPLORER = """
import pandas as pd
from divexplorer import DivergenceExplorer
table = pd.DataFrame({{"a%02d" % k: X[k] for k in range(count)}})
table["error"] = errors.astype(int)
start = time.perf_counter()
DivergenceExplorer(table).get_pattern_divergence(min_support=least / rows, boolean_outcomes=["error"])
report(time.perf_counter() - start, [])
"""


def measure(
    program: str,
    *,
    rows: int,
    attributes: int,
    order: int,
    statistics: bool = False,
    python: str = sys.executable,
) -> tuple[float, float, list[str]] | str:
    """Seconds, peak MB and slices of one run, or why there are none."""
    sizes = {"rows": rows, "attributes": attributes, "order": order, "statistics": statistics}
    try:
        done = subprocess.run(
            [python, "-c", (_DATA + program).format(**sizes)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "over 120 s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["out of memory"])[-1]
    seconds, peak, best = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak, best


def show(name: str, answer: tuple[float, float, list[str]] | str) -> None:
    """One line of the report."""
    said = answer if isinstance(answer, str) else f"{answer[0]:7.2f} s {answer[1]:7.0f} MB  {answer[2][:2]}"
    print(f"{name:55} {said}", flush=True)


def main() -> None:
    """Measure the goal, its growth, and the peers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--peers", help="a Python with sliceline and divexplorer")
    parser.add_argument("--peer-rows", type=int, default=20_000)
    parser.add_argument("--no-growth", action="store_true")
    given = parser.parse_args()
    for statistics in (False, True):
        name = f"{given.rows} x 20, order 3{', statistics' if statistics else ''}"
        show(name, measure(_CVFAIL, rows=given.rows, attributes=20, order=3, statistics=statistics))
    growth = [(given.rows // 10, 20, 3), (given.rows // 3, 20, 3), (given.rows, 10, 3), (given.rows, 20, 2)]
    for rows, attributes, order in [] if given.no_growth else growth:
        answer = measure(_CVFAIL, rows=rows, attributes=attributes, order=order)
        show(f"{rows} x {attributes}, order {order}", answer)
    if given.peers:
        sizes = {"rows": given.peer_rows, "attributes": 10, "order": 3}
        programs = {"cvfail": _CVFAIL, "sliceline": _SLICELINE, "divexplorer, any order": _DIVEXPLORER}
        for name, program in programs.items():
            python = sys.executable if name == "cvfail" else given.peers
            show(f"{name}: {given.peer_rows} x 10, order 3", measure(program, python=python, **sizes))


if __name__ == "__main__":
    main()
