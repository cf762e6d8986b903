"""Suspected label errors of detections by loops over everything, straight from the rules."""

from __future__ import annotations

import itertools


def overlap(a, b):
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / ((a[2] * a[3] + b[2] * b[3]) - across * down)


def box(row):
    return [row[name] for name in ("x", "y", "width", "height")]


def trusted_score(predictions, category):
    """The lowest score at which ten or more predictions of a class are right in nine of ten cases."""
    own = [p for p in predictions if p["category_id"] == category]
    best = 0.8
    for score in sorted({p["score"] for p in own}, reverse=True):
        above = [p["outcome"] == "true_positive" for p in own if p["score"] >= score]
        if len(above) >= 10 and sum(above) >= 0.9 * len(above):
            best = score
    return best


def missing_labels(convincing, touched, reach):
    """Predictions that touch no label, the best of each place."""
    missing = []
    for p in sorted(convincing, key=lambda p: (-p["score"], p["prediction_index"])):
        alone = p["prediction_index"] not in touched
        if alone and not any(
            q["image_id"] == p["image_id"] and overlap(box(p), box(q)) >= reach for q in missing
        ):
            missing.append(p)
    return missing


def labels_in_one_place(truths, same, reach):
    """The largest overlap of each label at fault with the one that it repeats or contradicts."""
    best = {}
    for a, b in itertools.combinations([t for t in truths if t["is_regular"]], 2):
        shared = overlap(box(a), box(b))
        agrees = (a["category_id"] == b["category_id"]) == same
        if a["image_id"] == b["image_id"] and agrees and shared >= reach:
            fault = a if b["outcome"] == "found" and a["outcome"] != "found" else b
            row = fault["ground_truth_index"]
            best[row] = max(best.get(row, 0.0), shared)
    return best


def suspects(evaluation, *, min_score=None):
    """(kind, ground_truth_index, prediction_index, suspicion) of every suspect, as a set."""
    point = evaluation._point(None, None)
    policy = evaluation.policy
    predictions = [p for p in point.predictions.to_dicts() if p["outcome"] != "ignored"]
    everything = {p["prediction_index"]: p for p in evaluation.predictions.to_dicts()}
    truths = {t["ground_truth_index"]: t for t in point.ground_truth.to_dicts()}
    pairs = evaluation.pairs.to_dicts()
    trusted = {
        c: trusted_score(predictions, c) if min_score is None else min_score
        for c in evaluation.categories["category_id"]
    }
    convincing = [
        p for p in predictions if p["outcome"] == "false_positive" and p["score"] >= trusted[p["category_id"]]
    ]
    touched = {p["prediction_index"] for p in pairs if p["overlap"] >= policy.background_iou}
    found = {}

    def take(kind, truth, prediction, suspicion):
        found.setdefault(truth, (kind, truth, prediction, suspicion))

    missing = missing_labels(convincing, touched, policy.iou)
    for kind, same, reach in (("duplicate", True, 0.9), ("conflict", False, 0.95)):
        for row, shared in labels_in_one_place(truths.values(), same, reach).items():
            take(kind, row, None, shared)
    convinced = {p["prediction_index"]: p for p in convincing}
    for row in point.leftovers.to_dicts():
        p = convinced.get(row["prediction_index"])
        if p is not None:
            take("wrong_class", row["ground_truth_index"], p["prediction_index"], p["score"] * row["overlap"])
    near = [
        p
        for p in convincing
        if p["error_type"] == "localisation"
        and 0.3 <= p["overlap"] < policy.iou
        and truths[p["target_index"]]["outcome"] != "found"
    ]
    for p in sorted(near, key=lambda p: (-p["score"], -p["overlap"], p["prediction_index"])):
        take("bad_box", p["target_index"], p["prediction_index"], p["score"] * (1 - p["overlap"]))
    seen = {
        p["ground_truth_index"]
        for p in pairs
        if p["overlap"] >= policy.background_iou and everything[p["prediction_index"]]["score"] >= 0.01
    }
    for row, t in truths.items():
        if t["is_regular"] and row not in seen:
            others = [
                u["ground_truth_index"] in seen
                for u in truths.values()
                if u["image_id"] == t["image_id"]
                and u is not t
                and u["is_regular"]
                and u["width"] * u["height"] <= t["width"] * t["height"]
            ]
            suspicion = (sum(others) + 1) / (len(others) + 2)
            if suspicion >= 0.5:
                take("spurious", row, None, suspicion)
    named = {("missing", None, p["prediction_index"], p["score"]) for p in missing}
    return named | set(found.values())
