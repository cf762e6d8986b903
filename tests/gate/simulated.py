"""Pairs of models whose true rates are known, as the sums of a gate: no boxes, no matching."""

from functools import cache

import numpy as np
import polars as pl

from cvfail.gate.estimates import absolute_estimates, relative_estimates
from cvfail.gate.identity import Identity
from cvfail.gate.judging import judged
from cvfail.gate.measured import Measured
from cvfail.gate.question import Question
from cvfail.gate.rules_file import rules_from


def pair(rng, *, images, per_image, before, after, shared=0.6, spread=0.5):
    """Recall of classes on the same images: rates `before` and `after`, one of each class.

    Each image has an effect of standard deviation `spread` (in units of a normal score) on all its objects, the same
    for both models, and a share `shared` of objects is right or wrong for both alike. The rates are exact.
    """
    sums = []
    effect = rng.normal(0.0, spread, images)
    for number, rates in enumerate(zip(before, after, strict=True)):
        count = rng.poisson(per_image, images)
        image = np.repeat(np.arange(images), count)
        own = np.sqrt(1 + spread**2)
        common, apart = rng.normal(size=image.size), rng.normal(size=(2, image.size))
        scores = [
            (effect[image] + np.sqrt(shared) * common + np.sqrt(1 - shared) * one) / own for one in apart
        ]
        found = [score < quantile(rate) for score, rate in zip(scores, rates, strict=True)]
        sums.append((number, count, [np.bincount(image, hit, images) for hit in found]))
    return [measured([(number, hits[side], count) for number, count, hits in sums], side) for side in (0, 1)]


@cache
def quantile(rate):
    from statistics import NormalDist

    return NormalDist().inv_cdf(rate)


def question(number):
    return Question("recall", None, f"class {number}")


def measured(sums, side):
    frames = [
        pl.DataFrame(
            {
                "question": [question(number).key] * len(y),
                "cluster": np.arange(len(y), dtype=np.int32),
                "numerator": y.astype(float),
                "denominator": n.astype(float),
            }
        ).filter(pl.col("denominator") > 0)
        for number, y, n in sums
    ]
    same = {"images": "", "classes": "", "ground_truth": "", "predictions": str(side)}
    return Measured(
        identity=Identity(task="detection", policy={}, iou=0.5, score=0.25, **same),
        asked=frozenset(question(number).key for number, *_ in sums),
        sums=pl.concat(frames),
        values={},
        seed=0,
        described="",
    )


def verdicts(models, bound, value, *, classes, settings=None):
    """The verdicts on one rule for each class."""
    rules = rules_from(
        {"gate": settings or {}, "rule": [{"metric": "recall", bound: value, "class": "*"}]}, source="rules"
    )
    questions = [question(number) for number in range(classes)]
    known = (
        relative_estimates(questions, *models)
        if rules.is_relative
        else absolute_estimates(questions, models[1])
    )
    rows = pl.DataFrame({"question": [one.key for one in questions]}).join(
        known, on="question", how="left", maintain_order="left"
    )
    return judged(rows, [rules.rules[0]] * classes, rules, same_model=False)


def rates_of_verdicts(runs, *, bound, value, classes, seed=0, settings=None, **options):
    """Shares of gates that fail and that pass, over simulated pairs."""
    rng = np.random.default_rng(seed)
    found = [
        verdicts(pair(rng, **options), bound, value, classes=classes, settings=settings)["verdict"]
        for _ in range(runs)
    ]
    return {
        "fail": float(np.mean([(one == "fail").any() for one in found])),
        "pass": float(np.mean([(one == "pass").all() for one in found])),
    }
