"""How often nominal 95 % intervals and bands hold what they should, on scores of known calibration.

``python -m tests.calibration.coverage 400`` prints the tables for 400 data sets; test_coverage.py runs a few.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import expit, ndtri, softmax

import cvfail as cf
from cvfail.calibration.calibration_table import Calibration, draws_of
from cvfail.calibration.judging import judged
from cvfail.calibration.score_maps import Platt
from cvfail.evaluation import Evaluation
from cvfail.tables.arrays import read_only
from tests.calibration.forecasts_made_up import classified, localised, several_classes

BINS = 15
SCENES = {
    "right": {"slope": 1.0, "shift": 0.0},
    "a little off": {"slope": 0.9, "shift": -0.1},
    "overconfident": {"slope": 0.7, "shift": -0.3},
    "shifted": {"slope": 1.0, "shift": -0.7},
    "underconfident": {"slope": 1.5, "shift": 0.2},
}
SIZES = {
    "100": {"clusters": 100},
    "1000": {"clusters": 1000},
    "500 x 10": {"clusters": 500, "per_cluster": 10, "alike": 0.2},
    "60 x 30": {"clusters": 60, "per_cluster": 30, "alike": 0.5},
    "30 x 30": {"clusters": 30, "per_cluster": 30, "alike": 0.3},
}
BOXES = {
    "right": {"slope": 1.0, "shift": 0.0},
    "slope .8": {"slope": 0.8, "shift": 0.0},
    "slope 1.3": {"slope": 1.3, "shift": -0.1},
    "slope .5": {"slope": 0.5, "shift": 0.0},
    "shifted": {"slope": 1.0, "shift": 0.15},
}
"""Of `localised`: 100 images, 20 boxes each, 4 classes, so that there are 100 bins in all."""
MAPS = {"to right": 1.0, "half way": 0.5, "away": -0.5}
"""How far a map of scores goes towards the one that puts them right."""

MEASURES = ("ece", "rmsce", "mce", "ece_equal_mass")

_MANY = 200_000
_LEAST = 10


@dataclass(frozen=True)
class Population:
    """What data sets are drawn from.

    Attributes:
        evaluation: A data set, by seed.
        truth: The true errors of the bins of a table.
    """

    evaluation: Callable[[int], Evaluation]
    truth: Callable[[Calibration], dict[str, float]]


class Shares(NamedTuple):
    """Of data sets: the interval is above the truth, below it; the estimate is inside the band, beyond chance."""

    above: float
    below: float
    inside: float
    beyond: float

    @property
    def held(self) -> float:
        """How often the interval holds the truth."""
        return 1.0 - self.above - self.below


def shares(population, measures, *, sets, replicates) -> dict[str, Shares]:
    """Of many data sets, by measure."""
    found = {name: [] for name in measures}
    for seed in range(sets):
        options = {"replicates": replicates, "worlds": replicates, "seed": seed, "min_count": _LEAST}
        table = population.evaluation(seed).calibration(measures=measures, **options)
        truth = population.truth(table)
        for row in table.df.iter_rows(named=True):
            true = truth[row["measure"]]
            inside = row["chance_lower"] <= row["estimate"] <= row["chance_upper"]
            found[row["measure"]].append(
                (row["lower"] > true, row["upper"] < true, inside, row["beyond_chance"])
            )
    return {name: Shares(*np.mean(rows, axis=0)) for name, rows in found.items()}


def classifier(scene, size) -> Population:
    """Images that are right or wrong."""
    options = {**SCENES[scene], **SIZES[size]}
    scores, apart = _odds_and_gaps(**SCENES[scene])
    gaps, counts = _by_bin(scores, apart)
    means = np.abs(gaps) / np.maximum(counts, 1)

    def truth(table: Calibration) -> dict[str, float]:
        full = _by_bin(table.forecasts.scores, table.forecasts.scores)[1] >= _LEAST
        alike = np.bincount(np.arange(_MANY) * BINS // _MANY, weights=apart)
        return {
            "ece": np.abs(gaps).sum() / _MANY,
            "rmsce": np.sqrt((counts * means**2).sum() / _MANY),
            "mce": means[full].max(),
            "ece_equal_mass": np.abs(alike).sum() / _MANY,
        }

    return Population(lambda seed: cf.evaluate(classified(seed, **options)), truth)


def classes(slope, *, images) -> Population:
    """Images with probabilities of five classes."""
    said = softmax(np.random.default_rng(0).normal(size=(_MANY, 5)) * 1.5, axis=1)
    apart = softmax(slope * np.log(said), axis=1) - said
    errors = [np.abs(_by_bin(said[:, k], apart[:, k])[0]).sum() / _MANY for k in range(5)]
    error = float(np.mean(errors))
    return Population(
        lambda seed: cf.evaluate(several_classes(seed + 1, images=images, slope=slope)),
        lambda _: {"classwise_ece": error},
    )


def boxes(scene, *, alike) -> Population:
    """Boxes and how well they lie."""
    slope, shift = BOXES[scene]["slope"], BOXES[scene]["shift"]
    scores = 0.8 * np.random.default_rng(0).beta(1.2, 2.0, size=10 * _MANY)
    apart = np.clip(slope * scores + shift, 0.0, 0.8) - scores
    error = np.abs(np.bincount(np.ceil(25 * scores).astype(int), weights=apart)).sum() / scores.size
    return Population(
        lambda seed: cf.evaluate(
            localised(seed, slope=slope, shift=shift, alike=alike), cf.Policy(score=0.0)
        ),
        lambda _: {"laece": error},
    )


def bins_inside(size, *, sets, replicates) -> float:
    """How often the share right of a bin of 20 rows or more is inside its band of chance if all scores are right."""
    inside = []
    for seed in range(sets):
        evaluation = cf.evaluate(classified(seed, **SIZES[size]))
        table = evaluation.calibration(measures=["ece"], replicates=2, worlds=replicates, seed=seed)
        bins = table.reliability().df.filter(pl.col("support") >= 20)
        inside.append(bins.select(pl.col("estimate").is_between("chance_lower", "chance_upper"))["estimate"])
    return float(pl.concat(inside).mean())


def change_held(scene, size, part, *, sets, replicates) -> tuple[float, float, float]:
    """Of a map of scores: the interval of the change of ``ece`` holds the truth, is below 0, is above 0."""
    slope, shift = SCENES[scene]["slope"], SCENES[scene]["shift"]
    score_map = Platt(1.0 + part * (slope - 1.0), part * shift)
    scores, apart = _odds_and_gaps(slope=slope, shift=shift)
    mapped = score_map.scores(scores)
    errors = [
        np.abs(_by_bin(*pair)[0]).sum() / _MANY
        for pair in ((scores, apart), (mapped, apart + scores - mapped))
    ]
    truth, found = errors[1] - errors[0], []
    for seed in range(sets):
        evaluation = cf.evaluate(classified(seed, **SCENES[scene], **SIZES[size]))
        table = evaluation.calibration(measures=["ece"], replicates=2, worlds=2)
        after = replace(table.forecasts, scores=read_only(score_map.scores(table.forecasts.scores)))
        draws = draws_of(evaluation.evidence, replicates=replicates, worlds=2, seed=seed)
        options = {"bins": BINS, "with_overlap": False, "confidence": 0.95}
        row = judged(table.forecasts, after, table.groups, draws, **options).row(0, named=True)
        found.append(
            (
                row["change_lower"] <= truth <= row["change_upper"],
                row["change_upper"] < 0,
                row["change_lower"] > 0,
            )
        )
    return tuple(np.mean(found, axis=0))


def _odds_and_gaps(*, slope, shift):
    """Scores of a population of `classified`, and the probability of each less its score."""
    odds = ndtri((np.arange(_MANY) + 0.5) / _MANY) * 1.5 + 1.0
    return expit(odds), expit(slope * odds + shift) - expit(odds)


def _by_bin(scores, values):
    """Sums and numbers of the bins of equal width."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    return np.bincount(bins, weights=values, minlength=BINS), np.bincount(bins, minlength=BINS)


def main(sets: int) -> None:
    """Print the tables."""
    options = {"sets": sets, "replicates": 400}
    for size in SIZES:
        for scene in SCENES:
            _print((size, scene), shares(classifier(scene, size), MEASURES, **options))
        print(size, "bins inside", f"{bins_inside(size, **options):.3f}", sep="\t", flush=True)
    for images in (100, 500, 2000):
        for slope in (1.0, 0.8, 0.6, 1.5):
            _print(
                (images, "slope", slope), shares(classes(slope, images=images), ["classwise_ece"], **options)
            )
    for alike in (0.0, 0.4):
        for scene in BOXES:
            _print((scene, alike), shares(boxes(scene, alike=alike), ["laece"], **options))
    for size in ("1000", "500 x 10", "60 x 30"):
        for scene in ("a little off", "overconfident"):
            for name, part in MAPS.items():
                numbers = change_held(scene, size, part, **options)
                print(size, scene, name, *(f"{number:.3f}" for number in numbers), sep="\t", flush=True)


def _print(names, found: dict[str, Shares]) -> None:
    for measure, one in found.items():
        print(*names, measure, f"{one.held:.3f}", *(f"{share:.3f}" for share in one), sep="\t", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
