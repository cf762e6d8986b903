"""Calibration in loops over bins: slow and plain."""

from __future__ import annotations

import math


def bins_of(scores, edges, closed="left"):
    """The bin of each score, by looking at every bin."""
    answer = []
    last = len(edges) - 2
    for score in scores:
        for place in range(last + 1):
            low, high = edges[place], edges[place + 1]
            inside = low <= score < high if closed == "left" else low < score <= high
            end = (closed == "left" and place == last and score == high) or (
                closed == "right" and place == 0 and score == low
            )
            if inside or end:
                answer.append(place)
                break
    return answer


def calibration_error(scores, outcomes, edges, *, closed="left", norm="l1", debiased=False):
    groups: dict[int, list[tuple[float, float]]] = {}
    for place, score, outcome in zip(bins_of(scores, edges, closed), scores, outcomes, strict=True):
        groups.setdefault(place, []).append((score, outcome))
    if debiased:
        groups = {place: rows for place, rows in groups.items() if len(rows) > 1}
    total = sum(len(rows) for rows in groups.values())
    if not total:
        return None
    value = 0.0
    for rows in groups.values():
        n = len(rows)
        score, outcome = (math.fsum(row[i] for row in rows) / n for i in (0, 1))
        gap = abs(outcome - score)
        if norm == "l1":
            value += n / total * gap
        elif norm == "max":
            value = max(value, gap)
        else:
            chance = outcome * (1 - outcome) / (n - 1) if debiased else 0.0
            value += n / total * (gap * gap - chance)
    return math.sqrt(max(value, 0.0)) if norm == "l2" else value


def isotonic(scores, outcomes):
    """Pool adjacent violators; the fitted value of each different score, ascending."""
    levels: dict[float, list[float]] = {}
    for score, outcome in zip(scores, outcomes, strict=True):
        levels.setdefault(score, []).append(outcome)
    blocks = [[sum(levels[s]), len(levels[s]), 1] for s in sorted(levels)]
    place = 0
    while place + 1 < len(blocks):
        if blocks[place][0] / blocks[place][1] > blocks[place + 1][0] / blocks[place + 1][1]:
            merged = [a + b for a, b in zip(blocks[place], blocks[place + 1], strict=True)]
            blocks[place : place + 2] = [merged]
            place = max(place - 1, 0)
        else:
            place += 1
    fitted = [total / number for total, number, width in blocks for _ in range(width)]
    return dict(zip(sorted(levels), fitted, strict=True))
