"""COCO's greedy assignment for all IoU thresholds and area ranges, from the listed pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def _best_free(
    first: int,
    last: int,
    threshold: float,
    bit: int,
    want_out: bool,
    truths: NDArray[np.int64],
    overlaps: NDArray[np.float64],
    same_class: NDArray[np.bool_],
    out: NDArray[np.bool_],
    crowd: NDArray[np.bool_],
    taken: NDArray[np.uint16],
) -> int:
    """The pair of largest overlap whose ground truth is free; the later one on ties; -1 if there is none."""
    best = threshold
    choice = -1
    for pair in range(first, last):
        truth = truths[pair]
        if not same_class[pair] or out[truth] != want_out:
            continue
        if (taken[truth] >> bit) & 1 and not crowd[truth]:
            continue
        if overlaps[pair] >= best:
            best = overlaps[pair]
            choice = pair
    return choice


@kernel
def assign(
    place_start: int,
    place_stop: int,
    order: NDArray[np.int64],
    outside: NDArray[np.bool_],
    thresholds: NDArray[np.float64],
    predictions: NDArray[np.int64],
    truths: NDArray[np.int64],
    overlaps: NDArray[np.float64],
    same_class: NDArray[np.bool_],
    out: NDArray[np.bool_],
    crowd: NDArray[np.bool_],
    taken: NDArray[np.uint16],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    pair_matched: NDArray[np.uint16],
) -> None:
    """Assign the predictions of a block of images to ground truth, greedily by score.

    In each class, predictions in descending score take the free ground truth of largest overlap that reaches
    the threshold: regular ones first, else those that do not count in this range (`out`); a crowd may be taken
    again. Thresholds and ranges are independent runs over the same pairs; a prediction stops at the first
    threshold above its largest overlap.

    Args:
        place_start: First position of the block in `order`.
        place_stop: One past its last position.
        order: Prediction rows by image, then class, then descending score, shape (D,).
        outside: Whether a prediction's own area is outside each range, shape (A, D).
        thresholds: Ascending overlap thresholds, each at most 1 - 1e-10, shape (T,), T at most 16.
        predictions: Prediction row of each pair of the block, in the order of `order`, shape (P,).
        truths: Ground-truth row of each pair, shape (P,).
        overlaps: Overlap of each pair, shape (P,).
        same_class: Whether the pair's classes agree, shape (P,).
        out: Ground truth that does not count in each range: ignored, or its area outside, shape (A, G).
        crowd: Crowd regions, shape (G,).
        taken: In zeros, out bits of the thresholds at which each ground truth is taken, shape (A, G).
        matched: Out, shape (A, D): bit t is set where the prediction is matched at threshold t.
        ignored: Out, shape (A, D): bit t is set where it is neither right nor wrong.
        pair_matched: In zeros, out, shape (P,): bit t is set where the pair is the match in range 0.

    Source: pycocotools 2.0.11 ``COCOeval.evaluateImg``. Cost: pairs times thresholds times ranges.
    """
    every_bit = np.uint16((1 << thresholds.size) - 1)
    last = 0
    for place in range(place_start, place_stop):
        row = order[place]
        first = last
        largest = 0.0
        while last < predictions.size and predictions[last] == row:
            if same_class[last]:
                largest = max(largest, overlaps[last])
            last += 1
        for area in range(outside.shape[0]):
            hits = np.uint16(0)
            neutral = every_bit if outside[area, row] else np.uint16(0)
            for t in range(thresholds.size):
                if thresholds[t] > largest:
                    break
                bit = np.uint16(1 << t)
                choice = _best_free(
                    first,
                    last,
                    thresholds[t],
                    t,
                    False,
                    truths,
                    overlaps,
                    same_class,
                    out[area],
                    crowd,
                    taken[area],
                )
                if choice >= 0:
                    neutral &= ~bit
                else:
                    choice = _best_free(
                        first,
                        last,
                        thresholds[t],
                        t,
                        True,
                        truths,
                        overlaps,
                        same_class,
                        out[area],
                        crowd,
                        taken[area],
                    )
                    if choice < 0:
                        continue
                    neutral |= bit
                hits |= bit
                taken[area, truths[choice]] |= bit
                if area == 0:
                    pair_matched[choice] |= bit
            matched[area, row] = hits
            ignored[area, row] = neutral
