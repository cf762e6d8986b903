"""Two detectors on the same random scene, and the same as evaluations."""

from dataclasses import replace

import numpy as np
import polars as pl

from cvfail.evaluation import evaluate
from tests.scenes import detection, random_records

LIGHTS = ("day", "night", None)


def two_datasets(seed, *, images=8, categories=3, ties=True):
    """Datasets of two detectors: the second finds other objects, and adds and loses false positives."""
    rng = np.random.default_rng(1000 + seed)
    ids, kinds, truths, found = random_records(seed, images=images, categories=categories)
    others = [one | {"category_id": int(rng.choice(kinds))} if rng.random() < 0.1 else one for one in found]
    others = [one | {"score": float(rng.random())} for one in others if rng.random() < 0.8]
    others += [
        {
            "image_id": int(rng.choice(ids)),
            "category_id": int(rng.choice(kinds)),
            "bbox": truth["bbox"],
            "score": float(rng.random()),
        }
        for truth in truths
        if rng.random() < 0.3
    ]
    if not ties:
        found, others = ([one | {"score": float(rng.random())} for one in rows] for rows in (found, others))
    columns = {
        "light": pl.Series([LIGHTS[i % 3] for i in range(len(ids))], dtype=pl.String),
        "cluster_id": [i // 2 for i in range(len(ids))] if seed % 2 else ids,
    }
    return tuple(detection(ids, kinds, truths, rows, **columns) for rows in (found, others))


def two_models(seed, **options):
    """Their evidence."""
    return tuple(evaluate(one).evidence for one in two_datasets(seed, **options))


def shuffled(data, seed=0):
    """The same dataset with all rows in another order; predictions of one score keep theirs."""
    rng = np.random.default_rng(seed)
    mixed = {
        name: (frame := getattr(data, name))[rng.permutation(len(frame))]
        for name in ("images", "ground_truth", "categories")
    }
    order = rng.permutation(len(data.predictions))
    return replace(data, **mixed, predictions=data.predictions[order])


def classifiers(seed, *, images=60):
    """Two classifiers of the same images."""
    import cvfail as cf

    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, images)
    said = [np.where(rng.random(images) < 0.7, labels, rng.integers(0, 3, images)) for _ in range(2)]
    chances = [np.eye(3)[one] * 0.8 + 0.2 / 3 for one in said]
    return tuple(evaluate(cf.from_labels(labels, probabilities=one)).evidence for one in chances)
