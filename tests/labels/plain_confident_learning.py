"""Confident learning by loops, straight from the paper and from cleanlab's documentation."""

from __future__ import annotations

from math import log


def thresholds(labels, probabilities):
    means = []
    for k in range(len(probabilities[0])):
        own = [p[k] for label, p in zip(labels, probabilities, strict=True) if label == k]
        means.append(max(sum(own) / len(own), 2e-6) if own else 2.0)
    return means


def confident_class(row, limits, compat):
    reached = [k for k, p in enumerate(row) if p >= limits[k] - 1e-6]
    if not reached:
        return None
    pool = range(len(row)) if compat == "cleanlab" and len(reached) > 1 else reached
    return max(pool, key=lambda k: (row[k], -k))


def confident_joint(labels, probabilities, compat):
    limits = thresholds(labels, probabilities)
    k = len(limits)
    counts = [[0] * k for _ in range(k)]
    off = []
    for place, (label, row) in enumerate(zip(labels, probabilities, strict=True)):
        best = confident_class(row, limits, compat)
        if best is not None:
            counts[label][best] += 1
            if best != label:
                off.append(place)
    for label in range(k):
        if (counts[label][label] if compat == "cleanlab" else sum(counts[label])) == 0:
            counts[label][label] = 1
    return counts, off


def expected(labels, probabilities):
    counts, _ = confident_joint(labels, probabilities, None)
    return [[cell / sum(row) * labels.count(label) for cell in row] for label, row in enumerate(counts)]


def quality(label, row, method):
    others = [p for k, p in enumerate(row) if k != label]
    if method == "self_confidence":
        return row[label]
    if method == "normalised_margin":
        return (row[label] - max(others) + 1) / 2
    entropy = -sum(p * log(p) for p in row if p > 0) / log(len(row))
    if row[label] == 0:
        return 0.0
    x = entropy / row[label]
    return log(x + 1) / x if x > 0 else 1.0
