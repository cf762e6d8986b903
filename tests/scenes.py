"""Small datasets for tests: from COCO-like records, and random ones that are full of edge cases."""

from __future__ import annotations

import numpy as np
import polars as pl

from cvfail.tables.dataset import Dataset

BOX = ("x", "y", "width", "height")


def detection(images, categories, annotations, detections, **columns) -> Dataset:
    """A dataset from COCO-like dictionaries; `columns` are further image attributes by name."""
    truth = {
        "ground_truth_id": pl.Series(range(len(annotations)), dtype=pl.Int64),
        "image_id": pl.Series([a["image_id"] for a in annotations], dtype=_id_dtype(images)),
        "category_id": pl.Series([a["category_id"] for a in annotations], dtype=_id_dtype(categories)),
        **_boxes(annotations),
        "area": pl.Series(
            [a.get("area", a["bbox"][2] * a["bbox"][3]) for a in annotations], dtype=pl.Float64
        ),
        "is_crowd": pl.Series([bool(a.get("iscrowd", 0)) for a in annotations], dtype=pl.Boolean),
        "is_ignored": pl.Series([bool(a.get("ignored", 0)) for a in annotations], dtype=pl.Boolean),
    }
    found = {
        "prediction_id": pl.Series(range(len(detections)), dtype=pl.Int64),
        "image_id": pl.Series([d["image_id"] for d in detections], dtype=_id_dtype(images)),
        "category_id": pl.Series([d["category_id"] for d in detections], dtype=_id_dtype(categories)),
        "score": pl.Series([d["score"] for d in detections], dtype=pl.Float64),
        **_boxes(detections),
    }
    ids = pl.Series(images, dtype=_id_dtype(images))
    return Dataset(
        task="detection",
        images=pl.DataFrame(
            {
                "image_id": ids,
                "file_name": pl.Series([f"{i}.jpg" for i in images], dtype=pl.String),
                "width": pl.Series([1000] * len(images), dtype=pl.Int64),
                "height": pl.Series([1000] * len(images), dtype=pl.Int64),
                "cluster_id": ids,
                **columns,
            }
        ),
        categories=pl.DataFrame(
            {
                "category_id": pl.Series(categories, dtype=_id_dtype(categories)),
                "name": pl.Series([f"class {c}" for c in categories], dtype=pl.String),
                "supercategory": pl.Series([None] * len(categories), dtype=pl.String),
                "frequency": pl.Series([None] * len(categories), dtype=pl.String),
            }
        ),
        ground_truth=pl.DataFrame(truth),
        predictions=pl.DataFrame(found),
    )


def random_records(seed: int, *, images: int = 6, categories: int = 3):
    """Records with crowds, tied scores, areas on the boundaries and unlike w·h, empty images, shared boxes."""
    rng = np.random.default_rng(seed)
    image_ids = rng.permutation(np.arange(1, 3 * images, 3))[:images].tolist()
    category_ids = rng.permutation([2, 5, 9, 11])[:categories].tolist()
    annotations, detections = [], []
    for image in image_ids:
        if rng.random() < 0.15:
            continue
        for _ in range(rng.integers(0, 7)):
            side = rng.choice([8, 16, 32, 40, 96, 120])
            box = [*rng.integers(0, 60, 2).tolist(), int(side), int(rng.choice([side, side // 2, 32]))]
            area = float(rng.choice([box[2] * box[3], 1024, 9216, 700.5]))
            crowd = int(rng.random() < 0.12)
            category = int(rng.choice(category_ids))
            annotations.append(
                {"image_id": image, "category_id": category, "bbox": box, "area": area, "iscrowd": crowd}
            )
            for _ in range(rng.integers(0, 4)):
                shift = rng.choice([0, 0, 1, 2, 5, 9], 4)
                moved = [int(b + s) for b, s in zip(box, shift, strict=True)]
                wrong = rng.random() < 0.2
                detections.append(
                    {
                        "image_id": image,
                        "category_id": int(rng.choice(category_ids)) if wrong else category,
                        "bbox": moved,
                        "score": float(rng.choice([0.1, 0.25, 0.3, 0.5, 0.5, 0.9, rng.random()])),
                    }
                )
        for _ in range(rng.integers(0, 3)):
            detections.append(
                {
                    "image_id": image,
                    "category_id": int(rng.choice(category_ids)),
                    "bbox": [*rng.integers(0, 200, 2).tolist(), *rng.integers(1, 110, 2).tolist()],
                    "score": float(rng.random()),
                }
            )
    order = rng.permutation(len(detections))
    return image_ids, category_ids, annotations, [detections[i] for i in order]


def _boxes(records):
    return {
        name: pl.Series([float(r["bbox"][i]) for r in records], dtype=pl.Float64)
        for i, name in enumerate(BOX)
    }


def _id_dtype(ids):
    return pl.String if len(ids) and isinstance(ids[0], str) else pl.Int64
