"""How often nominal 95 % intervals and bands hold what they should, on scores of known calibration.

``python -m tests.calibration.coverage`` prints the table for many data sets; the suite runs a few (test_coverage.py).
"""

from __future__ import annotations

import sys

import cvfail as cf
from tests.calibration.forecasts_made_up import classified, true_error

BINS = 15
SCENES = {
    "right": {"slope": 1.0, "shift": 0.0},
    "a little off": {"slope": 0.9, "shift": -0.1},
    "overconfident": {"slope": 0.7, "shift": -0.3},
    "shifted": {"slope": 1.0, "shift": -0.7},
}
SIZES = {
    "100": {"clusters": 100},
    "1000": {"clusters": 1000},
    "100 x 10": {"clusters": 100, "per_cluster": 10, "alike": 0.2},
    "500 x 10": {"clusters": 500, "per_cluster": 10, "alike": 0.2},
    "60 x 30": {"clusters": 60, "per_cluster": 30, "alike": 0.5},
}


def covered(scene, size, *, sets, replicates, centre=1.0):
    """Shares of data sets: the interval holds the truth, ece is inside its band, ece is beyond chance."""
    options = {**SCENES[scene], "centre": centre}
    truth = true_error(bins=BINS, **options) if scene != "right" else 0.0
    held = inside = beyond = 0
    for seed in range(sets):
        evaluation = cf.evaluate(classified(seed, **options, **SIZES[size]))
        table = evaluation.calibration(measures=["ece"], replicates=replicates, worlds=replicates, seed=seed)
        row = table.df.row(0, named=True)
        held += row["lower"] <= truth <= row["upper"]
        inside += row["chance_lower"] <= row["estimate"] <= row["chance_upper"]
        beyond += row["beyond_chance"]
    return truth, held / sets, inside / sets, beyond / sets


def main(sets: int) -> None:
    """Print the table."""
    for centre in (1.0, 3.0):
        for scene in SCENES:
            for size in SIZES:
                shares = covered(scene, size, sets=sets, replicates=400, centre=centre)
                print(centre, scene, size, *(f"{share:.3f}" for share in shares), sep="\t", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
