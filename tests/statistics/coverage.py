"""How often nominal 95 % intervals hold the true value, on simulated images that are easy or hard as a whole.

``python -m tests.statistics.coverage`` prints the table for many data sets; the suite runs a few (test_coverage.py).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import polars as pl

from cvfail.kernels.resampling import weighted_average_precision
from cvfail.kernels.scored_outcomes import DETAILED
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.replicates import percentile_bounds, wilson_of_replicates
from cvfail.statistics.resampling import bootstrap_ratio
from cvfail.tables.arrays import read_only

RECALLS = read_only(np.linspace(0.0, 1.0, 101))

DETECTORS = {"weak": (-1.0, 4.0), "middling": (0.8, 2.0), "strong": (2.5, 0.5)}
"""Log-odds that an object of an average image is found, and false positives per image.

The recall of ``middling`` is .6604, just above a recall at which COCO reads precision: its true average precision is
.6266, but that of a population of 300 000 images may be .6200.
"""


@dataclass(frozen=True)
class Scenes:
    """Objects and predictions of images; an image's difficulty moves everything in it.

    Attributes:
        truth_image: Image of each object.
        image: Image of each prediction.
        correct: Whether each prediction is right; every right one found an object of its own.
        score: Confidence of each prediction.
    """

    images: int
    truth_image: np.ndarray
    image: np.ndarray
    correct: np.ndarray
    score: np.ndarray

    @classmethod
    def draw(cls, random, images, detector):
        ease, clutter = DETECTORS[detector]
        kindness = random.normal(size=images)
        truth_image = np.repeat(np.arange(images), 1 + random.poisson(4, images))
        found = truth_image[random.random(truth_image.size) < _logistic(ease + kindness[truth_image])]
        wrong = np.repeat(np.arange(images), random.poisson(clutter * np.exp(-0.5 * kindness - 0.125)))
        right_score = _logistic(1.0 + 0.8 * kindness[found] + random.normal(size=found.size))
        wrong_score = _logistic(-0.8 + 0.4 * kindness[wrong] + random.normal(size=wrong.size))
        correct = np.repeat([True, False], [found.size, wrong.size])
        return cls(images, truth_image, np.r_[found, wrong], correct, np.r_[right_score, wrong_score])

    def part(self, start, stop):
        truths = (self.truth_image >= start) & (self.truth_image < stop)
        rows = (self.image >= start) & (self.image < stop)
        return Scenes(
            stop - start,
            self.truth_image[truths] - start,
            self.image[rows] - start,
            self.correct[rows],
            self.score[rows],
        )

    def counts(self):
        found, listed, objects = (
            np.bincount(own, minlength=self.images)
            for own in (self.image[self.correct], self.image, self.truth_image)
        )
        return pl.DataFrame(
            {"image": np.arange(self.images), "tp": found, "listed": listed, "objects": objects}
        )

    def average_precision(self, weights):
        """One value per row of weights, (B, images)."""
        best_first = np.argsort(-self.score, kind="stable")
        correct, image = self.correct[best_first], self.image[best_first].astype(np.uint64)
        outcome = np.where(correct, DETAILED + np.cumsum(correct) - 1, 1).astype(np.uint64)
        matched = np.tile(np.array([1, 0], np.uint16), (int(correct.sum()), 1))
        positives = np.bincount(self.truth_image, minlength=self.images) @ weights.T.astype(np.int64)
        average, recall = np.empty((1, 1, len(weights))), np.empty((1, 1, len(weights)))
        weighted_average_precision(
            read_only((image << np.uint64(32)) | outcome),
            read_only(matched),
            read_only(np.zeros(len(matched), np.int32)),
            read_only(np.arange(self.images, dtype=np.int32)),
            read_only(weights.T),
            read_only(positives[np.newaxis]),
            read_only(np.array([100])),
            RECALLS,
            average,
            recall,
            np.zeros((1, 1, len(weights)), np.int64),
        )
        return average[0, 0]


def true_values(detector, *, images):
    """Recall, precision and average precision of so many images that they are nearly those of all."""
    scenes = Scenes.draw(np.random.default_rng(99), images, detector)
    right = scenes.correct.sum()
    whole = scenes.average_precision(np.ones((1, images), np.uint8))[0]
    return {
        "recall": right / scenes.truth_image.size,
        "precision": right / scenes.image.size,
        "average precision": whole,
    }


def intervals(detector, *, images, data_sets, replicates, seed=1):
    """(lower, upper) of each data set by metric and method."""
    scenes = Scenes.draw(np.random.default_rng(seed), images * data_sets, detector)
    counts = scenes.counts().with_columns(data_set=pl.col("image") // images)
    answers = {}
    for metric, denominator in (("recall", "objects"), ("precision", "listed")):
        ratio = {"numerator": "tp", "denominator": denominator, "cluster": "image", "by": ["data_set"]}
        answers[metric, "clustered ratio"] = clustered_ratio(counts, **ratio)
        parts = counts.partition_by("data_set")  # one at a time: image ids must not grow the weights
        for method in ("wilson", "percentile"):
            answers[metric, method] = pl.concat(
                bootstrap_ratio(part, **ratio, interval=method, replicates=replicates) for part in parts
            )
    result = {key: (table["lower"].to_numpy(), table["upper"].to_numpy()) for key, table in answers.items()}
    return result | _of_average_precision(scenes, images, data_sets, replicates)


def coverage(detector, *, images, data_sets, replicates, population, seed=1):
    """Share of intervals that hold the true value, by metric and method."""
    truth = true_values(detector, images=population)
    found = intervals(detector, images=images, data_sets=data_sets, replicates=replicates, seed=seed)
    return {
        (metric, method): float(np.mean((lower <= truth[metric]) & (truth[metric] <= upper)))
        for (metric, method), (lower, upper) in found.items()
    }


def _of_average_precision(scenes, images, data_sets, replicates):
    once = np.ones((1, images), np.uint8)
    estimates, samples, units = [], [], []
    for k in range(data_sets):
        part = scenes.part(k * images, (k + 1) * images)
        weights = poisson_weights(np.arange(k * images, (k + 1) * images), replicates, seed=0)
        values = part.average_precision(np.concatenate([once, weights]))
        estimates.append(values[0])
        samples.append(values[1:])
        units.append(part.truth_image.size)
    wilson = wilson_of_replicates(estimates, samples, clusters=images, units=units)
    return {
        ("average precision", "wilson"): (wilson.lower, wilson.upper),
        ("average precision", "percentile"): percentile_bounds(samples)[:2],
    }


def _logistic(value):
    return 1.0 / (1.0 + np.exp(-value))


if __name__ == "__main__":
    for size in (10, 25, 100, 1000):
        for name in DETECTORS:
            shares = coverage(
                name,
                images=size,
                data_sets=int(sys.argv[1]) if size < 1000 else int(sys.argv[1]) // 2,
                replicates=int(sys.argv[2]),
                population=1_000_000,
            )
            for (metric, method), share in shares.items():
                sys.stdout.write(f"{size:5d} {name:9s} {metric:18s} {method:16s} {share:.4f}\n")
                sys.stdout.flush()
