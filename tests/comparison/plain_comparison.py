"""What a comparison says, in plain Python: counts from tables of outcomes, lists that repeat what is drawn."""

from collections import defaultdict

import numpy as np
from scipy import stats

from cvfail.evidence.operating_point import OperatingPoint

RECALLS = np.linspace(0, 1, 101)


def counts(evidence, *, score=None, category=None, in_truth=None, in_wrong=None, iou=None):
    """[objects, found, wrong] of every cluster, and the images of every cluster."""
    point = OperatingPoint.of(evidence, iou=iou, score=score)
    cluster = dict(evidence.images.select("image_id", "cluster_id").iter_rows())
    sums = {one: [0, 0, 0] for one in cluster.values()}
    for row in point.ground_truth.iter_rows(named=True):
        if row["outcome"] == "ignored" or (category is not None and row["category_id"] != category):
            continue
        if in_truth is None or in_truth(row):
            sums[cluster[row["image_id"]]][0] += 1
            sums[cluster[row["image_id"]]][1] += row["outcome"] == "found"
    for row in point.predictions.iter_rows(named=True):
        if row["outcome"] != "false_positive" or (category is not None and row["category_id"] != category):
            continue
        if in_wrong is None or in_wrong(row):
            sums[cluster[row["image_id"]]][2] += 1
    return sums


def images_of_clusters(evidence, holds=None):
    totals = defaultdict(int)
    for row in evidence.images.iter_rows(named=True):
        totals[row["cluster_id"]] += holds is None or bool(holds(row))
    return totals


def parts(sums, images):
    """Numerator and denominator of each rate in each cluster."""
    made = {}
    for cluster, (objects, found, wrong) in sums.items():
        made[cluster] = {
            "precision": (found, found + wrong),
            "recall": (found, objects),
            "f1": (2 * found, found + wrong + objects),
            "false_positives_per_image": (wrong, images[cluster]),
        }
    return made


def ratio(own, name, weights=None):
    """Σ numerators / Σ denominators, clusters repeated by their weights."""
    top = sum(part[name][0] * (1 if weights is None else int(weights[c])) for c, part in own.items())
    bottom = sum(part[name][1] * (1 if weights is None else int(weights[c])) for c, part in own.items())
    return top / bottom if bottom else np.nan


def drawn_difference(first, second, name, weights):
    """Replicates of second - first; `weights` by cluster, shape (B,)."""
    count = len(next(iter(weights.values())))
    by_replicate = [{c: own[b] for c, own in weights.items()} for b in range(count)]
    return np.array([ratio(second, name, one) - ratio(first, name, one) for one in by_replicate])


def bounds(drawn):
    known = drawn[~np.isnan(drawn)]
    return np.quantile(known, [0.025, 0.975]) if known.size else (np.nan, np.nan)


def p_value(difference, error, clusters, unlike):
    """Student's, but not below what the number of clusters that differ allows."""
    if np.isnan(difference) or clusters < 2:
        return np.nan
    if error == 0:
        tested = 1.0 if difference == 0 else 0.0
    else:
        tested = 2 * stats.t.sf(abs(difference) / error, clusters - 1)
    return min(1.0, max(tested, 2.0 ** (1 - unlike)))


def average_precision(evidence, category, weights=None):
    """COCO's AP of a class at every threshold of the ladder when each image stands as often as its weight says."""
    cluster = dict(evidence.images.select("image_id", "cluster_id").iter_rows())
    often = lambda image: 1 if weights is None else int(weights[cluster[image]])  # noqa: E731
    truths = evidence.ground_truth.filter(category_id=category, is_regular=True)
    total = sum(often(image) for image in truths["image_id"])
    ladder = len(evidence.policy.iou_thresholds)
    if total == 0:
        return np.full(ladder, np.nan)
    rows = evidence.predictions.filter(category_id=category).to_dicts()
    rows = [row for row in rows if row["rank"] < evidence.policy.limit]
    rows.sort(key=lambda row: (-row["score"], row["prediction_index"]))
    return np.array([_at(rows, t, total, often) for t in range(ladder)])


def _at(rows, t, total, often):
    right = []
    for row in rows:
        if not row["ignored"] >> t & 1:
            right += [bool(row["matched"] >> t & 1)] * often(row["image_id"])
    if not right:
        return 0.0
    found = np.cumsum(right)
    precision = np.maximum.accumulate((found / np.arange(1, len(right) + 1))[::-1])[::-1]
    places = np.searchsorted(found / total, RECALLS, side="left")
    return np.append(precision, 0.0)[np.minimum(places, len(right))].sum() / 101
