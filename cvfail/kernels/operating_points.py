"""The best score threshold of a ranking, and the counts at a threshold, under many sets of weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

F_SCORE, RECALL, FALSE_POSITIVES, COST = range(4)
"""What is made best: the highest F-β, the highest recall, the fewest wrong predictions, the lowest cost."""

REJECT_ALL, NOWHERE = -1, -2
"""Places of a threshold above all scores, and of none that is allowed."""


@kernel
def best_places(
    scores: NDArray[np.float64],
    right: NDArray[np.bool_],
    clusters: NDArray[np.int32],
    prices: NDArray[np.float64],
    weights: NDArray[np.uint8],
    objects: NDArray[np.int64],
    images: NDArray[np.int64],
    objective: int,
    squared_beta: float,
    wrong_price: float,
    missed_price: float,
    least_precision: float,
    least_recall: float,
    most_wrong: float,
    place: NDArray[np.int64],
) -> None:
    """Find the threshold that is best for each set of weights; of equally good ones the highest.

    A threshold keeps all predictions up to a place at which a run of equal scores ends. Keeping none is a choice
    where cost is what counts, for it has a cost and no other value.

    Args:
        scores: Descending, shape (n,).
        right: Whether each prediction is right, shape (n,).
        clusters: Cluster code of each prediction, shape (n,).
        prices: What keeping each prediction adds to the cost, shape (n,); empty if all wrong ones cost
            `wrong_price` and all objects that are not found `missed_price`.
        weights: How often each cluster counts, shape (B, clusters).
        objects: Weighted objects, shape (B,).
        images: Weighted images, shape (B,).
        objective: One of the codes of this module.
        squared_beta: β² of the F-score.
        wrong_price: Cost of a wrong prediction.
        missed_price: Cost of an object that is not found.
        least_precision: Precision must reach this; 0 for no condition.
        least_recall: Recall must reach this; 0 for no condition.
        most_wrong: Wrong predictions per image must not exceed this; infinite for no condition.
        place: Out, last kept prediction or a code of this module, shape (B,).

    Source: exhaustive search over all thresholds. Cost: one pass over the ranking per set of weights.
    """
    n = scores.size
    for b in range(weights.shape[0]):
        weight = weights[b]
        found, wrong, price = 0, 0, 0.0
        total = objects[b]
        best = -np.inf
        place[b] = NOWHERE
        if objective == COST and least_precision <= 0.0 and least_recall <= 0.0:
            best = 0.0 if prices.size else -missed_price * total
            place[b] = REJECT_ALL
        for i in range(n):
            times = int(weight[clusters[i]])
            if right[i]:
                found += times
            else:
                wrong += times
            if prices.size:
                price += times * prices[i]
            if (i + 1 < n and scores[i + 1] == scores[i]) or found + wrong == 0:
                continue
            if wrong > 0 and wrong / images[b] > most_wrong:
                break
            if found / (found + wrong) < least_precision:
                continue
            if least_recall > 0.0 and (total == 0 or found / total < least_recall):
                continue
            if objective == COST:
                value = -price if prices.size else -(wrong_price * wrong + missed_price * (total - found))
            elif objective == FALSE_POSITIVES:
                value = -float(wrong)
            elif found == 0 or total == 0:
                continue
            elif objective == RECALL:
                value = float(found)
            else:
                value = (1.0 + squared_beta) * found / (found + wrong + squared_beta * total)
            if value > best:
                best = value
                place[b] = i


@kernel
def counts_at(
    right: NDArray[np.bool_],
    clusters: NDArray[np.int32],
    prices: NDArray[np.float64],
    weights: NDArray[np.uint8],
    place: NDArray[np.int64],
    found: NDArray[np.int64],
    wrong: NDArray[np.int64],
    price: NDArray[np.float64],
) -> None:
    """Weighted counts up to a place of a ranking, for each set of weights its own place.

    Args:
        right: Whether each prediction is right, best score first, shape (n,).
        clusters: Cluster code of each prediction, shape (n,).
        prices: What keeping each prediction adds to the cost, shape (n,); may be empty.
        weights: How often each cluster counts, shape (B, clusters).
        place: Last kept prediction, negative for none, shape (B,).
        found: Out, right predictions, shape (B,).
        wrong: Out, wrong predictions, shape (B,).
        price: Out, sum of their prices, shape (B,).

    Cost: one pass over the kept predictions per set of weights.
    """
    for b in range(weights.shape[0]):
        weight = weights[b]
        hits, misses, spent = 0, 0, 0.0
        for i in range(place[b] + 1):
            times = int(weight[clusters[i]])
            if right[i]:
                hits += times
            else:
                misses += times
            if prices.size:
                spent += times * prices[i]
        found[b], wrong[b], price[b] = hits, misses, spent
