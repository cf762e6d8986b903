"""The score from which a class is so often right that a contradiction speaks against the label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint

TRUSTED_PRECISION = 0.9
"""A class is trusted from the lowest score at which its precision is still this."""

TRUSTED_SCORE = 0.8
"""A class is trusted from this score if it never reaches that precision."""

_FEWEST = 10
"""Fewer predictions reach a precision of .9 only without an error, and so would have no suspect among them."""


def trusted_scores(point: OperatingPoint) -> NDArray[np.float64]:
    """The score of each class from which its predictions are trusted against the label.

    Args:
        point: The evaluation at an overlap and a score threshold; predictions below the score take no part.

    Returns:
        Per category code the lowest score such that the predictions of the class with at least this score, ten
        or more, are right in `TRUSTED_PRECISION` of the cases; `TRUSTED_SCORE` where there is none. Shape (K,).

    Notes:
        Predictions on ignored ground truth do not count. A score that several predictions share is taken whole.
        Cost: one sort of the predictions.
    """
    categories = len(point.evidence.coding.category_keys)
    rows = np.flatnonzero(point.correct | point.wrong)
    category, scores = point.evidence.coding.category[rows], point.scores[rows]
    order = np.lexsort((-scores, category))
    category, scores, right = category[order], scores[order], point.correct[rows][order]
    first = np.searchsorted(category, category)
    total = np.concatenate([[0], np.cumsum(right)])
    place = np.arange(rows.size)
    number = place - first + 1
    precise = (total[1:] - total[first]) >= TRUSTED_PRECISION * number
    next_differs = (np.diff(category, append=-1) != 0) | (np.diff(scores, append=-np.inf) != 0)
    good = np.flatnonzero(precise & next_differs & (number >= _FEWEST))
    trusted = np.full(categories, TRUSTED_SCORE)
    trusted[category[good]] = scores[good]
    return trusted
