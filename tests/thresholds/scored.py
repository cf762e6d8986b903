"""Evaluations whose outcomes are given: a right prediction lies on its object, a wrong one beside all."""

import numpy as np

from cvfail.evaluation import evaluate
from tests.scenes import detection

BOX = [0, 0, 10, 10]


def evaluation_of(images, *, categories=(1,), **columns):
    """One image after the other: a list of (category, score or None if not found, right) each.

    Args:
        images: Per image (category, score, right): an object that is found at the score; with a score of None one
            that is not found; with right=False a stray prediction.
    """
    truths, found = [], []
    for image, rows in enumerate(images):
        for place, (category, score, right) in enumerate(rows):
            box = [100 * (place + 1), 0, 10, 10]
            if right:
                truths.append({"image_id": image, "category_id": category, "bbox": box})
            if score is not None:
                found.append({"image_id": image, "category_id": category, "bbox": box, "score": float(score)})
    return evaluate(detection(range(len(images)), list(categories), truths, found, **columns))


def random_images(seed, *, images=8, categories=(1,), scores=5):
    """Few different scores, so that there are ties; some images are empty."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(images):
        own = []
        for _ in range(random.integers(0, 6)):
            right = bool(random.random() < 0.6)
            missed = right and random.random() < 0.3
            score = None if missed else random.integers(1, scores + 1) / (scores + 1)
            own.append((int(random.choice(categories)), score, right))
        rows.append(own)
    return rows


def ranking_of(images, category=None):
    """Scores and outcomes of predictions, and the number of objects."""
    rows = [row for own in images for row in own if category in {None, row[0]}]
    kept = [(score, right) for _, score, right in rows if score is not None]
    return [s for s, _ in kept], [r for _, r in kept], sum(right for _, _, right in rows)
