"""TIDE's error types of unmatched predictions, and what they aim at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

CLASSIFICATION = 1
LOCALISATION = 2
BOTH = 3
DUPLICATE = 4
BACKGROUND = 5


@kernel
def type_errors(
    predictions: NDArray[np.int64],
    truths: NDArray[np.int64],
    overlaps: NDArray[np.float64],
    same_class: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    regular: NDArray[np.bool_],
    used: NDArray[np.bool_],
    foreground: float,
    background: float,
    kind: NDArray[np.int8],
    target: NDArray[np.int64],
) -> None:
    """Give every false positive its type, by TIDE's ordered tests on the pairs of the COCO match.

    With s, o and u the largest overlap with a regular ground truth of the same class, of another class, and of
    the same class and used: ``background <= s <= foreground`` is localisation, else ``o >= foreground``
    classification, else ``u >= foreground`` duplicate, else no overlap above ``background`` background, else
    both. The target is the ground truth that gave s, o, u or, for both, the largest overlap; the first row on
    ties.

    Args:
        predictions: Prediction row of each pair, pairs of one prediction adjacent, shape (P,).
        truths: Ground-truth row of each pair, shape (P,).
        overlaps: Overlap of each pair, at least `background`, shape (P,).
        same_class: Whether the classes of the pair agree, shape (P,).
        wrong: False positives, shape (D,).
        regular: Ground truth that counts, shape (G,).
        used: Ground truth that is matched at the operating point, shape (G,).
        foreground: The overlap threshold of the match (t_f).
        background: The overlap below which nothing was aimed at (t_b).
        kind: In BACKGROUND where `wrong`, out the type, shape (D,).
        target: In -1, out the ground-truth row aimed at, -1 for background, shape (D,).

    Source: tidecv 1.0.1 quantify.py; arXiv 2008.08115 section 2. Cost: one pass over the pairs.
    """
    start = 0
    while start < predictions.size:
        row = predictions[start]
        stop = start
        best = np.zeros(4)  # same class, other class, same class and used, any
        aim = np.full(4, -1, np.int64)
        while stop < predictions.size and predictions[stop] == row:
            truth = truths[stop]
            overlap = overlaps[stop]
            if wrong[row] and regular[truth]:
                for group in range(4):
                    belongs = group == 3 or same_class[stop] == (group != 1)
                    if group == 2:
                        belongs = belongs and used[truth]
                    if belongs and (overlap > best[group] or (overlap == best[group] and truth < aim[group])):
                        best[group] = overlap
                        aim[group] = truth
            stop += 1
        start = stop
        if not wrong[row] or aim[3] < 0:
            continue
        if background <= best[0] <= foreground:
            kind[row] = LOCALISATION
            target[row] = aim[0]
        elif best[1] >= foreground:
            kind[row] = CLASSIFICATION
            target[row] = aim[1]
        elif best[2] >= foreground:
            kind[row] = DUPLICATE
            target[row] = aim[2]
        elif best[3] > background:
            kind[row] = BOTH
            target[row] = aim[3]


@kernel
def take_greedily(
    predictions: NDArray[np.int64],
    truths: NDArray[np.int64],
    prediction_taken: NDArray[np.bool_],
    truth_taken: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Walk ordered pairs and keep each whose two ends are still free.

    Args:
        predictions: Prediction row of each pair, best pair first, shape (P,).
        truths: Ground-truth row of each pair, shape (P,).
        prediction_taken: In and out, shape (D,).
        truth_taken: In and out, shape (G,).

    Returns:
        Which pairs were kept, shape (P,).
    """
    kept = np.zeros(predictions.size, np.bool_)
    for pair in range(predictions.size):
        if prediction_taken[predictions[pair]] or truth_taken[truths[pair]]:
            continue
        prediction_taken[predictions[pair]] = True
        truth_taken[truths[pair]] = True
        kept[pair] = True
    return kept
