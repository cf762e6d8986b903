"""Scores whose calibration is known, of images that are easy or hard as a whole."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import expit, ndtr, ndtri

import cvfail as cf
from cvfail.tables.dataset import Dataset


def classified(seed, *, clusters=200, per_cluster=1, slope=1.0, shift=0.0, alike=0.0, centre=1.0) -> Dataset:
    """Images that are right with the log odds slope · (log odds of the score) + shift.

    `alike` is the correlation of the luck of the images of a cluster, which leaves each one's probability as it is.
    """
    random = np.random.default_rng(seed)
    n = clusters * per_cluster
    odds = random.normal(size=n) * 1.5 + centre
    shared = np.repeat(random.normal(size=clusters), per_cluster)
    luck = ndtr(np.sqrt(alike) * shared + np.sqrt(1.0 - alike) * random.normal(size=n))
    right = luck < expit(slope * odds + shift)
    names = [f"{seed}-{place}" for place in np.repeat(np.arange(clusters), per_cluster)]
    return cf.from_labels(
        np.ones(n, np.int64),
        np.where(right, 1, 0),
        scores=expit(odds),
        labels=[0, 1],
        attributes=pl.DataFrame({"cluster_id": names, "light": np.where(np.arange(n) % 2, "day", "night")}),
    )


def true_error(*, slope, shift, bins, centre=1.0):
    """The calibration error of a population, over bins of equal width."""
    odds = ndtri((np.arange(100_000) + 0.5) / 100_000) * 1.5 + centre
    scores = expit(odds)
    gaps = expit(slope * odds + shift) - scores
    sums = np.bincount(np.minimum((scores * bins).astype(int), bins - 1), weights=gaps, minlength=bins)
    return float(np.abs(sums).sum() / scores.size)


def detections(seed, *, images=80, known_sizes=True) -> Dataset:
    """Objects of two classes, found with their score as probability, and boxes beside them."""
    random = np.random.default_rng(seed)
    truth, found = [], []
    for image in range(images):
        for place in range(random.integers(1, 6)):
            box = [100.0 * place, float(random.integers(0, 300)), 60.0, 40.0]
            score, category = float(random.random()), int(random.integers(1, 3))
            truth.append({"image_id": image, "category_id": category, "bbox": box})
            moved = [box[0] + float(random.integers(0, 12)), *box[1:]]
            away = [box[0], box[1] + 500.0, 60.0, 40.0]
            hit = random.random() < score
            found.append(
                {"image_id": image, "category_id": category, "bbox": moved if hit else away, "score": score}
            )
    size = {"width": [640] * images, "height": [1000] * images} if known_sizes else {}
    lights = ["day" if image % 3 else "night" for image in range(images)]
    return cf.from_frames(
        ground_truth=pl.DataFrame(truth).with_columns(pose=pl.lit("left")),
        predictions=pl.DataFrame(found),
        images=pl.DataFrame({"image_id": range(images), "light": lights, **size}),
        box_format="xywh",
    )
