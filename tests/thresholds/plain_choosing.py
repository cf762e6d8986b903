"""The best threshold by trying every one; F-β in exact arithmetic, conditions as floats, so that 2/5 reaches 0.4."""

from fractions import Fraction


def candidates(scores):
    return sorted(set(scores), reverse=True)


def counts(scores, right, threshold):
    kept = [r for s, r in zip(scores, right, strict=True) if s >= threshold]
    return sum(kept), len(kept) - sum(kept)


def best_threshold(
    scores,
    right,
    objects,
    images,
    *,
    best,
    beta=1,
    min_precision=None,
    min_recall=None,
    max_false_positives=None,
    false_positive_cost=1,
    missed_cost=1,
):
    """The highest of the best thresholds; None if none is allowed, inf for rejecting everything."""
    found = []
    if best == "cost" and min_precision is None and min_recall is None:
        found.append((-missed_cost * objects, float("inf")))
    for threshold in candidates(scores):
        tp, fp = counts(scores, right, threshold)
        if min_precision is not None and tp / (tp + fp) < min_precision:
            continue
        if min_recall is not None and (objects == 0 or tp / objects < min_recall):
            continue
        if max_false_positives is not None and fp / images > max_false_positives:
            continue
        if best in {"f_score", "recall"} and (tp == 0 or objects == 0):
            continue
        squared = Fraction(beta) ** 2
        value = {
            "f_score": (1 + squared) * tp / (tp + fp + squared * objects) if tp else 0,
            "recall": tp,
            "false_positives": -fp,
            "cost": -(false_positive_cost * fp + missed_cost * (objects - tp)),
        }[best]
        found.append((value, threshold))
    return max(found)[1] if found else None
