"""Average precision after repairs, written down prediction by prediction: the slow twin of the replay."""

import numpy as np

RECALLS = np.linspace(0, 1, 101)


def plain_precision(outcomes, positives):
    """Average precision of (score, is right) in their order; the largest precision at a recall or beyond."""
    ordered = sorted(outcomes, key=lambda pair: -pair[0])
    found, curve = 0, []
    for rank, (_, right) in enumerate(ordered, start=1):
        found += right
        curve.append((found / positives, found / (rank + 2.0**-52)))
    best = [max((p for r, p in curve if r >= recall), default=0.0) for recall in RECALLS]
    return float(np.mean(best))


def plain_replay(point, *, repaired, excused, removed, objects=None, errors=None):
    """Mean average precision over the classes with ground truth, in a slice if given; None if there is none."""
    kind, target = point.typed
    classes = point.evidence.coding.truth_category
    own = point.evidence.coding.category
    regular, repairs = point.evidence.regular(), point.repairs
    if objects is not None:
        regular = regular & objects
    found_by = {int(row): g for g, row in enumerate(point.partner) if row >= 0}
    outcomes = {int(code): [] for code in classes[regular]}
    positives = {code: int((classes[regular] == code).sum()) for code in outcomes}
    found_by_repair = set()
    for row in range(kind.size):
        right, code = bool(point.correct[row]), int(own[row])
        if removed[row] or not (right or point.wrong[row]):
            continue
        if right and not regular[found_by[row]]:
            continue
        if not right:
            aim = int(target[row])
            if repaired[row]:
                if kind[row] not in (1, 2) or repairs[aim] != row or not regular[aim]:
                    continue
                right, code = True, int(classes[aim])
                found_by_repair.add(aim)
            elif errors is not None and not errors[row]:
                continue
        outcomes.setdefault(code, []).append((point.scores[row], right))
    for row in np.flatnonzero(regular & ~point.found & excused):
        if row not in found_by_repair:
            positives[int(classes[row])] -= 1
    values = [
        plain_precision(outcomes[code], count) if count else float(not outcomes[code])
        for code, count in positives.items()
    ]
    return float(np.mean(values)) if values else None
