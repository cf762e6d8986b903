"""Hoiem's analysis written down plainly: boxes, loops and a match of its own."""

import math

import numpy as np

from tests.decomposition.plain_replay import plain_precision
from tests.decomposition.plain_tidecv import overlap

TYPES = ("localisation", "similar", "other", "background")


def boxes_of(frame):
    return [tuple(row[name] for name in ("x", "y", "width", "height")) for row in frame.to_dicts()]


def plain_types(point, alike, *, background=0.1):
    """The category of each false positive by row, from boxes."""
    evidence = point.evidence
    coding, regular = evidence.coding, evidence.regular()
    own, truths = boxes_of(evidence.predictions), boxes_of(evidence.ground_truth)
    types = {}
    for row in np.flatnonzero(point.wrong).tolist():
        code = int(coding.category[row])
        best = {"same": 0.0, "alike": 0.0, "other": 0.0}
        for truth in np.flatnonzero(regular & (coding.truth_image == coding.image[row])).tolist():
            of = int(coding.truth_category[truth])
            relation = "same" if of == code else "alike" if frozenset((of, code)) in alike else "other"
            best[relation] = max(best[relation], overlap(own[row], truths[truth]))
        reached = [name for name, value in best.items() if value >= background]
        types[row] = TYPES[["same", "alike", "other"].index(reached[0])] if reached else "background"
    return types


def plain_gains(point, types, code, *, background=0.1):
    """AP of one class as it is, without each category, and with localisation corrected; None without objects."""
    evidence = point.evidence
    coding, regular = evidence.coding, evidence.regular()
    positives = int((regular & (coding.truth_category == code)).sum())
    if not positives:
        return None
    order = [row for row in evidence.score_order.tolist() if coding.category[row] == code]
    order = [row for row in order if point.correct[row] or point.wrong[row]]

    def precision(outcomes):
        return plain_precision(outcomes, positives)

    scores = point.scores
    base = [(scores[row], bool(point.correct[row]), types.get(row)) for row in order]
    answer = {"ap": precision([(s, right) for s, right, _ in base])}
    for kind in TYPES:
        answer[kind] = precision([(s, right) for s, right, own in base if own != kind])
    own, truths = boxes_of(evidence.predictions), boxes_of(evidence.ground_truth)
    taken, outcomes = set(), []
    for row in order:
        near = [
            (overlap(own[row], truths[truth]), truth)
            for truth in np.flatnonzero(regular & (coding.truth_category == code)).tolist()
            if coding.truth_image[truth] == coding.image[row] and truth not in taken
        ]
        best = max(near, default=(0.0, -1))
        if best[0] >= background:
            taken.add(best[1])
            outcomes.append((scores[row], True))
        elif point.wrong[row] and types[row] != "localisation":
            outcomes.append((scores[row], False))
    answer["corrected"] = precision(outcomes)
    return answer


def plain_normalised_precision(outcomes, positives, constant):
    """The normalised precision that each right prediction stands at; outcomes are (score, right) in order."""
    found, wrong, values = 0, 0, []
    for _, right in outcomes:
        found, wrong = found + right, wrong + (not right)
        scaled = found * constant / positives
        values.append((right, scaled / (scaled + wrong) if scaled + wrong else 0.0))
    best = [max(value for _, value in values[place:]) for place in range(len(values))]
    return [value for (right, _), value in zip(values, best, strict=True) if right]


def plain_bin(value, values):
    """The paper's bins of one value among those of its class: 0 to 4."""
    ordered = sorted(values)
    bin_ = 0
    for share in (0.1, 0.3, 0.7, 0.9):
        place = math.floor(share * len(ordered) + 0.5)
        bin_ += place == 0 or value > ordered[place - 1]
    return bin_
