"""COCO-shaped detections from a seeded generator: files that every tool reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CATEGORIES = 80
_SIZES = {"S": 5_000, "M": 50_000}


@dataclass(frozen=True)
class Files:
    """Where a generated dataset lies."""

    ground_truth: Path
    predictions: Path


def write_coco(folder: Path, *, size: str = "S", seed: int = 1) -> Files:
    """Write instances and results JSON: about 7 objects and 72 predictions an image, 80 skewed classes, 1 % crowd."""
    files = Files(folder / "instances.json", folder / "results.json")
    if files.predictions.is_file():
        return files
    rng = np.random.default_rng(seed)
    images = _SIZES[size]
    popularity = 1 / np.arange(1, CATEGORIES + 1)
    popularity /= popularity.sum()
    objects = np.minimum(rng.negative_binomial(1.15, 0.136, images), 93)
    image = np.repeat(np.arange(images), objects)
    category = rng.choice(CATEGORIES, image.size, p=popularity)
    box = _boxes(rng, image.size)
    crowd = rng.random(image.size) < 0.01
    _write_ground_truth(files.ground_truth, images, image, category, box, crowd)
    _write_results(files.predictions, rng, images, image, category, box, popularity)
    return files


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    area = np.exp(rng.normal(7.5, 2.0, count))
    ratio = np.exp(rng.normal(0, 0.5, count))
    width, height = np.clip(np.sqrt(area * ratio), 2.5, 600), np.clip(np.sqrt(area / ratio), 2.5, 440)
    x, y = rng.random(count) * (640 - width), rng.random(count) * (480 - height)
    return np.round(np.stack([x, y, width, height], axis=1), 2)


def _write_ground_truth(path, images, image, category, box, crowd) -> None:
    annotations = [
        {
            "id": row + 1,
            "image_id": int(image[row]) + 1,
            "category_id": int(category[row]) + 1,
            "bbox": box[row].tolist(),
            "area": round(float(box[row, 2] * box[row, 3]) * 0.7, 2),
            "iscrowd": int(crowd[row]),
        }
        for row in range(image.size)
    ]
    document = {
        "images": [
            {"id": i + 1, "width": 640, "height": 480, "file_name": f"{i + 1}.jpg"} for i in range(images)
        ],
        "categories": [{"id": c + 1, "name": f"class {c + 1}"} for c in range(CATEGORIES)],
        "annotations": annotations,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def _write_results(path, rng, images, image, category, box, popularity) -> None:
    """Jittered copies of objects, some of a wrong class, and background boxes; at most 100 an image."""
    copies = rng.poisson(2.5, image.size)
    row = np.repeat(np.arange(image.size), copies)
    jitter = rng.normal(0, 0.12, (row.size, 4)) * np.tile(box[row, 2:], 2)
    near = np.maximum(box[row] + jitter, [0, 0, 1, 1])
    label = np.where(
        rng.random(row.size) < 0.15, rng.choice(CATEGORIES, row.size, p=popularity), category[row]
    )
    background = rng.poisson(54, images)
    found_image = np.concatenate([image[row], np.repeat(np.arange(images), background)])
    found_box = np.round(np.concatenate([near, _boxes(rng, int(background.sum()))]), 2)
    found_label = np.concatenate([label, rng.choice(CATEGORIES, int(background.sum()), p=popularity)])
    score = np.round(np.concatenate([rng.beta(2, 2, row.size), rng.beta(0.7, 14, int(background.sum()))]), 5)
    order = np.lexsort((-score, found_image))
    place = np.arange(order.size) - np.searchsorted(found_image[order], found_image[order])
    results = [
        {
            "image_id": int(found_image[i]) + 1,
            "category_id": int(found_label[i]) + 1,
            "bbox": found_box[i].tolist(),
            "score": float(score[i]),
        }
        for i in order[place < 100]
    ]
    path.write_text(json.dumps(results))
