"""ObjectLab by loops over one image at a time."""

from __future__ import annotations

from math import exp, hypot, inf, nan, sqrt


def overlap(a, b):
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (a[2] * a[3] + b[2] * b[3] - across * down)


def similarity(label, box, compat):
    far = hypot(*(label[i] + label[i + 2] / 2 - box[i] - box[i + 2] / 2 for i in (0, 1)))
    side = sqrt(label[2] * label[3])
    decay = 0.1 * far if compat else 10 * far / side if side else inf if far else 0
    near = 1 - (1 - exp(-decay)) if compat else exp(-decay)
    value = 0.9 * overlap(label, box) + 0.1 * near
    return value if compat else max(value, 1e-6)


def least_similarity(images):
    values = [
        similarity(label["box"], p["box"], "cleanlab")
        for labels, predictions in images
        for label in labels
        for p in predictions
    ]
    return min([1.0, *(value for value in values if value > 0)])


def scores(images, compat=None, likely=0.5, sure=0.95):
    """Of (labels, predictions) of each image: overlooked of predictions, location and swapped of labels."""
    least = least_similarity(images) if compat else 1e-6
    return [image_scores(labels, found, compat, likely, sure, least) for labels, found in images]


def image_scores(labels, predictions, compat, likely, sure, least):
    judged = [label for label in labels if compat or not label["ignored"]]

    def overlooked(p):
        if p["score"] < sure or any(overlap(p["box"], label["box"]) > 0 for label in labels):
            return nan
        same = [
            similarity(label["box"], p["box"], compat) for label in judged if label["class"] == p["class"]
        ]
        return max(same, default=least * (1 - p["score"]))

    def location(label):
        near = [
            similarity(label["box"], p["box"], compat)
            for p in predictions
            if p["class"] == label["class"] and p["score"] > likely and overlap(label["box"], p["box"]) > 0
        ]
        return max(near, default=1.0)

    def swapped(label):
        if any(
            other["class"] != label["class"] and overlap(label["box"], other["box"]) >= 0.95
            for other in judged
        ):
            return least
        others = [
            similarity(label["box"], p["box"], compat)
            for p in predictions
            if p["class"] != label["class"] and p["score"] > sure
        ]
        return max(least, 1 - max(others)) if others else 1.0

    return (
        [overlooked(p) for p in predictions],
        [location(label) if label in judged else nan for label in labels],
        [swapped(label) if label in judged else nan for label in labels],
    )


def softmin(values):
    known = [value for value in values if value == value]
    weights = [exp(-(value - min(known)) / 0.1) for value in known]
    return sum(w * v for w, v in zip(weights, known, strict=True)) / sum(weights) if known else 1.0
