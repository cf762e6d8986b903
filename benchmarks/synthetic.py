"""COCO-shaped detections from a seed: a block of images at a time, each block from its own random numbers.

As in COCO, an image has about 7 objects of about 3 classes, 80 classes follow Zipf's law, two fifths of the
objects are small, 1 % are crowds, and a detector leaves up to 100 boxes an image, most of them with a low
score. One failure is planted: small objects are missed in rain at night.

A block depends on the seed and its number alone. So a dataset is the same whatever the number of blocks made at
a time, and a small one is the beginning of a large one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

IMAGES_PER_BLOCK = 1_000
CATEGORIES = 80
DETECTIONS_PER_IMAGE = 100

ATTRIBUTES = {
    "time_of_day": {"day": 0.6, "dusk": 0.15, "night": 0.25},
    "weather": {"clear": 0.65, "rain": 0.2, "fog": 0.1, "snow": 0.05},
    "camera": {f"camera {number}": 1 / 6 for number in range(1, 7)},
    "scene": {"urban": 0.35, "highway": 0.2, "residential": 0.25, "rural": 0.1, "indoor": 0.1},
    "lens": {"wide": 0.7, "narrow": 0.3},
}
"""The 20 slices of images that are evaluated one by one."""

_OBJECTS_PER_IMAGE = 93
_SIZES = np.array([[640, 480], [500, 375], [480, 640], [640, 427]])


class Copies(NamedTuple):
    """A kind of box that a detector leaves near an object."""

    per_object: float
    jitter: float
    other_class: float
    score: tuple[float, float]
    """Of a beta distribution."""


NEAR = (
    Copies(per_object=0.7, jitter=0.10, other_class=0.0, score=(1.3, 7)),  # duplicates
    Copies(per_object=0.8, jitter=0.07, other_class=1.0, score=(1.1, 8)),  # right place, another class
    Copies(per_object=1.0, jitter=0.35, other_class=0.0, score=(1.3, 6)),  # badly placed
)


@dataclass(frozen=True)
class Objects:
    """Rows of boxes: on which image of the block, of which class, where (x, y, width, height in pixels)."""

    image: np.ndarray
    category: np.ndarray
    box: np.ndarray

    def take(self, rows: np.ndarray) -> Objects:
        return Objects(self.image[rows], self.category[rows], self.box[rows])


@dataclass(frozen=True)
class Block:
    """Arrow tables in the columns that `cvfail.read_parquet` names."""

    images: pa.Table
    ground_truth: pa.Table
    predictions: pa.Table


def block(number: int, *, seed: int, images: int = IMAGES_PER_BLOCK, categories: int = CATEGORIES) -> Block:
    """The tables of images ``number * IMAGES_PER_BLOCK + 1`` onwards; fewer `images` cut the last block short.

    `categories` below 80 fold the rare classes into the common ones, more follow Zipf's law too: the boxes stay
    the same.
    """
    rng = np.random.default_rng([seed, number])
    shares = _cumulated_shares(max(categories, CATEGORIES))
    size, columns = _images(rng)
    objects, palette, crowd = _objects(rng, size, shares)
    area = np.round(objects.box[:, 2] * objects.box[:, 3] * rng.uniform(0.45, 0.95, len(crowd)), 4)
    hidden = (columns["time_of_day"] == "night") & (columns["weather"] == "rain")
    planted = hidden[objects.image] & (area < 32**2)
    found, score = _detections(rng, objects, palette, size, crowd, planted, shares)
    first = number * IMAGES_PER_BLOCK + 1
    keep = slice(0, np.searchsorted(objects.image, images))
    kept = slice(0, np.searchsorted(found.image, images))
    occlusion = rng.choice(["none", "partial", "heavy"], len(crowd), p=[0.6, 0.25, 0.15])
    position = np.arange(len(crowd)) - np.searchsorted(objects.image, objects.image)
    return Block(
        images=pa.table(_image_columns(first, size, columns)).slice(0, images),
        ground_truth=pa.table(
            {
                "ground_truth_id": ((objects.image + first) * 100 + position)[keep],
                **_columns(objects, first, keep, categories),
                "area": area[keep],
                "is_crowd": crowd[keep],
                "occlusion": occlusion[keep],
            }
        ),
        predictions=pa.table({**_columns(found, first, kept, categories), "score": score[kept]}),
    )


def _columns(boxes: Objects, first: int, rows: slice, categories: int) -> dict[str, np.ndarray]:
    x, y, width, height = np.ascontiguousarray(boxes.box[rows].T)
    return {
        "image_id": boxes.image[rows] + first,
        "category_id": boxes.category[rows] % categories + 1,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
    }


def _images(rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Sizes, and a column for each attribute."""
    size = _SIZES[rng.choice(len(_SIZES), IMAGES_PER_BLOCK, p=[0.45, 0.2, 0.2, 0.15])]
    columns = {
        name: rng.choice(list(levels), IMAGES_PER_BLOCK, p=list(levels.values()))
        for name, levels in ATTRIBUTES.items()
    }
    light = np.select([columns["time_of_day"] == "day", columns["time_of_day"] == "dusk"], [140, 90], 45)
    return size, {**columns, "brightness": np.round(np.clip(rng.normal(light, 25), 0, 255), 1)}


def _image_columns(first: int, size: np.ndarray, columns: dict[str, np.ndarray]) -> dict[str, object]:
    ids = np.arange(first, first + IMAGES_PER_BLOCK)
    return {
        "image_id": ids,
        "file_name": [f"{number:012d}.jpg" for number in ids],
        "width": size[:, 0].copy(),
        "height": size[:, 1].copy(),
        **columns,
    }


@cache
def _cumulated_shares(classes: int) -> np.ndarray:
    """Of objects by class, in a random order of frequency."""
    popularity = np.random.default_rng(classes).permutation(1 / np.arange(1, classes + 1))
    return np.cumsum(popularity) / popularity.sum()


def _classes(rng: np.random.Generator, shape: int | tuple[int, int], shares: np.ndarray) -> np.ndarray:
    return np.searchsorted(shares[:-1], rng.random(shape))


def _boxes(rng: np.random.Generator, size: np.ndarray, log_area: float, spread: float) -> np.ndarray:
    """Boxes of lognormal area anywhere inside images of `size`."""
    area, ratio = np.exp(rng.normal(log_area, spread, len(size))), np.exp(rng.normal(0, 0.5, len(size)))
    sides = np.stack([np.sqrt(area * ratio), np.sqrt(area / ratio)], axis=1)
    sides = np.clip(sides, 2.5, size * 0.98)
    return np.round(np.concatenate([rng.random((len(size), 2)) * (size - sides), sides], axis=1), 2)


def _objects(
    rng: np.random.Generator, size: np.ndarray, shares: np.ndarray
) -> tuple[Objects, np.ndarray, np.ndarray]:
    """Objects by image, the eight classes that an image draws from, and which objects are crowds."""
    count = rng.negative_binomial(1.15, 0.154, IMAGES_PER_BLOCK) + (rng.random(IMAGES_PER_BLOCK) < 0.99)
    image = np.repeat(np.arange(IMAGES_PER_BLOCK), np.minimum(count, _OBJECTS_PER_IMAGE))
    palette = _classes(rng, (IMAGES_PER_BLOCK, 8), shares)
    variety = np.minimum(1 + rng.poisson(2.8, IMAGES_PER_BLOCK), 8)
    category = palette[image, (rng.random(len(image)) * variety[image]).astype(np.int64)]
    box = _boxes(rng, size[image], 7.8, 2.1)
    crowd = rng.random(len(image)) < 0.01
    box[crowd, 2:] = np.minimum(np.round(box[crowd, 2:] * 2.5, 2), size[image[crowd]] - box[crowd, :2])
    return Objects(image, category, box), palette, crowd


def _detections(rng, objects, palette, size, crowd, hidden, shares) -> tuple[Objects, np.ndarray]:
    """What a detector leaves, by image and falling score, at most 100 an image."""
    parts = [_hits(rng, objects, crowd, hidden), _inside_crowds(rng, objects, crowd)]
    parts += [_near(rng, objects, ~crowd, kind, shares) for kind in NEAR]
    near = sum(np.bincount(found.image, minlength=IMAGES_PER_BLOCK) for found, _ in parts)
    parts.append(_background(rng, palette, size, near, shares))
    image, category, box = (
        np.concatenate([getattr(found, name) for found, _ in parts]) for name in ("image", "category", "box")
    )
    score = np.round(np.clip(np.concatenate([score for _, score in parts]), 0.001, 0.9999), 5)
    order = np.lexsort((-score, image))
    rank = np.arange(len(order)) - np.searchsorted(image[order], image[order])
    order = order[rank < DETECTIONS_PER_IMAGE]
    found = Objects(image[order], category[order], _inside(box[order], size[image[order]]))
    return found, score[order]


def _jittered(rng: np.random.Generator, box: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    """Boxes moved and stretched by a share of their sides."""
    noise = rng.normal(0, 1, box.shape) * np.reshape(scale, (-1, 1))
    return np.concatenate([box[:, :2] + noise[:, :2] * box[:, 2:], box[:, 2:] * np.exp(noise[:, 2:])], axis=1)


def _inside(box: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Boxes cut at the border of the image, to hundredths of a pixel."""
    corner = np.clip(box[:, :2], 0, size - 1.0)
    sides = np.maximum(np.minimum(box[:, :2] + box[:, 2:], size) - corner, 0.5)
    return np.round(np.concatenate([corner, sides], axis=1), 2)


def _hits(rng, objects: Objects, crowd: np.ndarray, hidden: np.ndarray) -> tuple[Objects, np.ndarray]:
    large = np.sqrt(objects.box[:, 2] * objects.box[:, 3])
    recall = np.where(hidden, 0.3, np.interp(large, [8, 32, 96], [0.6, 0.85, 0.93]))
    hit = objects.take(np.flatnonzero((rng.random(len(crowd)) < recall) & ~crowd))
    jitter = rng.gamma(2.0, 0.03, len(hit.image))
    score = rng.normal(0.85 - 3 * jitter, 0.2)
    return Objects(hit.image, hit.category, _jittered(rng, hit.box, jitter)), score


def _near(
    rng, objects: Objects, regular: np.ndarray, kind: Copies, shares: np.ndarray
) -> tuple[Objects, np.ndarray]:
    near = objects.take(np.repeat(np.arange(len(regular)), rng.poisson(kind.per_object * regular)))
    other = rng.random(len(near.image)) < kind.other_class
    category = np.where(other, _classes(rng, len(other), shares), near.category)
    return Objects(near.image, category, _jittered(rng, near.box, kind.jitter)), rng.beta(
        *kind.score, len(other)
    )


def _inside_crowds(rng, objects: Objects, crowd: np.ndarray) -> tuple[Objects, np.ndarray]:
    inside = objects.take(np.repeat(np.flatnonzero(crowd), 5))
    corner, sides = inside.box[:, :2], inside.box[:, 2:]
    box = np.concatenate([corner + sides * rng.random(corner.shape) * 0.7, sides * [0.2, 0.3]], axis=1)
    return Objects(inside.image, inside.category, box), rng.beta(2, 3, len(box))


def _background(rng, palette, size, near: np.ndarray, shares: np.ndarray) -> tuple[Objects, np.ndarray]:
    """Boxes on nothing, with low scores, until an image has as many as it gets."""
    wanted = np.clip(np.round(rng.normal(54, 18, IMAGES_PER_BLOCK) + near).astype(np.int64), 5, 100)
    image = np.repeat(np.arange(IMAGES_PER_BLOCK), np.maximum(wanted - near, 0))
    seen = palette[image, rng.integers(0, 4, len(image))]
    category = np.where(rng.random(len(image)) < 0.55, seen, _classes(rng, len(image), shares))
    return Objects(image, category, _boxes(rng, size[image], 7.6, 1.8)), rng.beta(0.7, 14, len(image))
