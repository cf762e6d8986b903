"""Scores whose calibration is known, of images that are easy or hard as a whole."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import expit, ndtr, softmax

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


def several_classes(seed, *, images=500, classes=5, slope=1.0) -> Dataset:
    """Images whose label is drawn with the probabilities to the power of the slope."""
    random = np.random.default_rng(seed)
    said = softmax(random.normal(size=(images, classes)) * 1.5, axis=1)
    drawn = np.cumsum(softmax(slope * np.log(said), axis=1), axis=1)
    label = np.minimum((random.random((images, 1)) > drawn).sum(axis=1), classes - 1)
    return cf.from_labels(label, said.argmax(axis=1), probabilities=said, labels=list(range(classes)))


def localised(seed, *, images=100, per_image=20, classes=4, slope=1.0, shift=0.0, alike=0.0) -> Dataset:
    """Boxes of scores below .8 whose overlap, 0 or above .6, has the mean slope · score + shift.

    `alike` is the correlation of the luck of the boxes of an image.
    """
    random = np.random.default_rng(seed)
    n = images * per_image
    scores = 0.8 * random.beta(1.2, 2.0, size=n)
    shared = np.repeat(random.normal(size=images), per_image)
    luck = ndtr(np.sqrt(alike) * shared + np.sqrt(1.0 - alike) * random.normal(size=n))
    is_found = luck < np.clip(slope * scores + shift, 0.0, 0.8) / 0.8
    overlaps = random.uniform(0.6, 1.0, size=n)
    boxes = pl.DataFrame(
        {
            "image_id": [f"{seed}-{image}" for image in np.repeat(np.arange(images), per_image)],
            "category_id": random.integers(1, classes + 1, size=n),
            "x": 300.0 * np.tile(np.arange(per_image), images),
            "y": 0.0,
            "width": 100.0,
            "height": 100.0,
        }
    )
    beside = 100.0 * (1.0 - overlaps) / (1.0 + overlaps)
    found = boxes.with_columns(
        x=pl.col("x") + np.where(is_found, beside, 0.0), y=np.where(is_found, 0.0, 1000.0), score=scores
    )
    return cf.from_frames(ground_truth=boxes, predictions=found, box_format="xywh")


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
