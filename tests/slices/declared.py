"""Scenes for declared slices: one worked by hand, random ones with attributes of every kind, and parts of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from cvfail.evaluation import Evaluation, evaluate
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset
from tests.scenes import detection, random_records


def with_columns(data: Dataset, *, truth=(), found=()) -> Dataset:
    """A dataset with further columns of the ground truth and of the predictions."""
    return replace(
        data,
        ground_truth=data.ground_truth.with_columns(**dict(truth)),
        predictions=data.predictions.with_columns(**dict(found)),
    )


def worked() -> Evaluation:
    """Two found objects, two that are not, and a false positive of four types.

    Day: A (clear) is found and found again; B (hidden) has a box that is too low; one box is on nothing.
    Night: C (clear, class 2) is taken for class 1; D (hidden) is found.
    """
    truths = [
        (1, 1, [0, 0, 10, 10]),
        (1, 1, [100, 0, 50, 50]),
        (2, 2, [0, 0, 20, 20]),
        (2, 1, [200, 200, 40, 40]),
    ]
    found = [
        (1, 1, [0, 0, 10, 10], 0.9),
        (1, 1, [100, 0, 50, 20], 0.8),
        (1, 1, [0, 0, 10, 10], 0.7),
        (1, 1, [500, 500, 20, 20], 0.6),
        (2, 1, [0, 0, 20, 20], 0.9),
        (2, 1, [200, 200, 40, 40], 0.5),
    ]
    data = detection(
        [1, 2],
        [1, 2],
        [{"image_id": i, "category_id": c, "bbox": b} for i, c, b in truths],
        [{"image_id": i, "category_id": c, "bbox": b, "score": s} for i, c, b, s in found],
        light=["day", "night"],
    )
    return evaluate(
        with_columns(
            data,
            truth={
                "cover": pl.Series(["clear", "hidden", "clear", "hidden"]),
                "angle": pl.Series([1.0, 7.0, 2.0, 8.0]),
            },
            found={
                "angle": pl.Series([9.0, 3.0, 1.0, 6.0, 7.0, 2.0]),
                "head": pl.Series(["a", "a", "b", "b", "a", "b"]),
            },
        )
    )


def random_data(seed: int, *, images: int = 12) -> Dataset:
    """A random scene whose images, objects and predictions have attributes, some of them null."""
    ids, categories, annotations, detections = random_records(seed, images=images)
    rng = np.random.default_rng(seed + 1000)

    def text(values, rows):
        return pl.Series(rng.choice(values, rows).tolist(), dtype=pl.String).replace("", None)

    data = detection(
        ids,
        categories,
        annotations,
        detections,
        light=text(["day", "night", ""], images),
        brightness=pl.Series(rng.integers(0, 100, images), dtype=pl.Int64),
    )
    truths, found = len(annotations), len(detections)
    return with_columns(
        data,
        truth={
            "cover": text(["clear", "hidden", ""], truths),
            "angle": pl.Series(rng.integers(0, 30, truths), dtype=pl.Float64),
        },
        found={
            "angle": pl.Series(rng.integers(0, 30, found), dtype=pl.Float64),
            "head": text(["a", "b"], found),
        },
    )


def random_evaluation(seed: int, *, images: int = 12) -> Evaluation:
    """`random_data` at a score threshold below most scores."""
    return evaluate(random_data(seed, images=images), Policy(score=0.2))


def part(data: Dataset, images: pl.Series) -> Dataset:
    """The dataset of some images alone."""
    kept = pl.col("image_id").is_in(images.implode())
    return replace(
        data,
        images=data.images.filter(kept),
        ground_truth=data.ground_truth.filter(kept),
        predictions=data.predictions.filter(kept),
    )


def in_blocks(evaluation: Evaluation, folder, rows: int) -> Evaluation:
    """The same evaluation opened from a folder of blocks."""
    return Evaluation(open_evidence(save_evidence(evaluation.evidence, folder, block_rows=rows)))
