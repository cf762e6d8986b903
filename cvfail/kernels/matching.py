"""COCO's greedy assignment in one pass over images: all overlap thresholds and all area ranges at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes
from cvfail.kernels.jit import kernel

_INSERTION = 24
"""Runs of this many rows are sorted by insertion before they are merged."""


@kernel
def sort_by_score(rows: NDArray[np.int64], spare: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
    """Sort rows in place by descending score; equal scores keep their order.

    Args:
        rows: Row numbers, shape (n,); sorted in place.
        spare: Room for as many, shape at least (n,).
        scores: Score of every row of the table.

    Cost: n for rows that are sorted already, else n log n: insertion in short runs, then merges.
    """
    count = rows.size
    for start in range(0, count, _INSERTION):
        for i in range(start + 1, min(start + _INSERTION, count)):
            row = rows[i]
            j = i - 1
            while j >= start and scores[rows[j]] < scores[row]:
                rows[j + 1] = rows[j]
                j -= 1
            rows[j + 1] = row
    run = _INSERTION
    while run < count:
        for start in range(0, count, 2 * run):
            middle = min(start + run, count)
            stop = min(start + 2 * run, count)
            if middle == stop or scores[rows[middle - 1]] >= scores[rows[middle]]:
                continue
            left, right = start, middle
            for place in range(start, stop):
                if left < middle and (right >= stop or scores[rows[left]] >= scores[rows[right]]):
                    spare[place] = rows[left]
                    left += 1
                else:
                    spare[place] = rows[right]
                    right += 1
            for place in range(start, stop):
                rows[place] = spare[place]
        run *= 2


@kernel
def match_images(
    first: int,
    last: int,
    truth_offsets: NDArray[np.int64],
    truth_boxes: Boxes,
    truth_classes: NDArray[np.int32],
    crowd: NDArray[np.bool_],
    out: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    boxes: Boxes,
    classes: NDArray[np.int32],
    scores: NDArray[np.float64],
    bounds: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    limit: int,
    floor: float,
    taken: NDArray[np.uint16],
    rank: NDArray[np.int32],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    pair_prediction: NDArray[np.int64],
    pair_truth: NDArray[np.int64],
    pair_overlap: NDArray[np.float64],
    pair_same: NDArray[np.bool_],
    pair_matched: NDArray[np.uint16],
) -> tuple[int, int]:
    """Rank, list and assign the predictions of a run of images.

    In each image and class, predictions in descending score (ties: input order) take the free ground truth of
    largest overlap that reaches the threshold (ties: the later one): one that counts if there is one, else one
    that does not count (`out`); a crowd may be taken again. Outcomes at all thresholds are the bits of one
    number: candidates are walked from the largest overlap down, and each is given, in one step, all thresholds
    that its overlap reaches, at which it is free and the prediction is still without a match.

    Args:
        first: First image code of the run.
        last: One past the last image code.
        truth_offsets: Where the ground truth of each image starts, shape (images + 1,); rows are grouped by image.
        truth_boxes: Boxes of the ground truth, shape (G,) each.
        truth_classes: Class code of each ground truth, shape (G,).
        crowd: Crowd regions, shape (G,): overlap is intersection over the prediction's own area.
        out: Ground truth that does not count in each area range, shape (A, G).
        offsets: Where the predictions of each image start, shape (images + 1,).
        boxes: Boxes of the predictions, shape (D,) each.
        classes: Class code of each prediction, shape (D,).
        scores: Score of each prediction, shape (D,).
        bounds: Area ranges in square pixels, both ends inclusive, shape (A, 2).
        thresholds: Ascending overlap thresholds, each at most 1 - 1e-10, shape (T,), T at most 16.
        limit: Predictions of rank `limit` and above take no part.
        floor: Smallest overlap that is listed as a pair, above 0, at most the first threshold.
        taken: In zeros, out bits of the thresholds at which each ground truth is taken, shape (A, G).
        rank: Out, shape (D,): position by score in image and class.
        matched: Out, shape (A, D): bit t is set where the prediction is matched at threshold t.
        ignored: Out, shape (A, D): bit t is set where it is neither right nor wrong.
        pair_prediction: Out, shape (P,): prediction row; pairs stand by image, then descending score.
        pair_truth: Out, shape (P,): ground-truth row, ascending for one prediction.
        pair_overlap: Out, shape (P,): overlap.
        pair_same: Out, shape (P,): whether the classes agree.
        pair_matched: Out, shape (P,): bit t is set where the pair is the match at threshold t in range 0.

    Returns:
        The image to go on with, and the number of pairs written. The image is `last`, or the first one whose
        pairs might not have had room.

    Source: pycocotools 2.0.11 ``COCOeval.evaluateImg`` and maskApi.c ``bbIou``. Cost: predictions times ground
    truths of each image.
    """
    areas = out.shape[0]
    every_bit = np.uint16((1 << thresholds.size) - 1)
    most = 0
    most_truths = 0
    for image in range(first, last):
        most = max(most, offsets[image + 1] - offsets[image])
        most_truths = max(most_truths, truth_offsets[image + 1] - truth_offsets[image])
    order = np.empty(most, np.int64)
    spare = np.empty(most, np.int64)
    shared = np.empty(most_truths, np.float64)
    product = np.empty(most_truths, np.float64)
    left = np.empty(most_truths, np.float64)
    top = np.empty(most_truths, np.float64)
    right = np.empty(most_truths, np.float64)
    bottom = np.empty(most_truths, np.float64)
    size = np.empty(most_truths, np.float64)
    candidates = np.empty(most_truths, np.int64)
    counted = np.zeros(0, np.int32)
    for image in range(first, last):
        for row in range(offsets[image], offsets[image + 1]):
            if classes[row] >= counted.size:
                counted = np.zeros(2 * (classes[row] + 1), np.int32)
    pairs = 0
    for image in range(first, last):
        start, stop = offsets[image], offsets[image + 1]
        truth_start, truth_stop = truth_offsets[image], truth_offsets[image + 1]
        if pairs + (stop - start) * (truth_stop - truth_start) > pair_prediction.size:
            return image, pairs
        count = stop - start
        for i in range(count):
            order[i] = start + i
            counted[classes[start + i]] = 0
        sort_by_score(order[:count], spare, scores)
        truths = truth_stop - truth_start
        for k in range(truths):
            g = truth_start + k
            left[k], top[k] = truth_boxes.x[g], truth_boxes.y[g]
            right[k] = truth_boxes.x[g] + truth_boxes.width[g]
            bottom[k] = truth_boxes.y[g] + truth_boxes.height[g]
            size[k] = truth_boxes.width[g] * truth_boxes.height[g]
        for i in range(count):
            row = order[i]
            place = counted[classes[row]]
            counted[classes[row]] = place + 1
            rank[row] = place
            own = boxes.width[row] * boxes.height[row]
            x, y = boxes.x[row], boxes.y[row]
            own_right, own_bottom = x + boxes.width[row], y + boxes.height[row]
            found = 0
            if place < limit:
                for k in range(truths):
                    shared_width = min(own_right, right[k]) - max(x, left[k])
                    shared_height = min(own_bottom, bottom[k]) - max(y, top[k])
                    shared[k] = min(shared_width, shared_height)
                    product[k] = shared_width * shared_height
                for k in range(truths):
                    if shared[k] <= 0.0:
                        continue
                    g = truth_start + k
                    intersection = product[k]
                    overlap = intersection / (own if crowd[g] else (own + size[k]) - intersection)
                    if not overlap >= floor:
                        continue
                    same = truth_classes[g] == classes[row]
                    pair_prediction[pairs] = row
                    pair_truth[pairs] = g
                    pair_overlap[pairs] = overlap
                    pair_same[pairs] = same
                    pair_matched[pairs] = 0
                    if same and overlap >= thresholds[0]:
                        # From the largest overlap down; of equal ones the later ground truth comes first.
                        slot = found
                        while slot > 0 and pair_overlap[candidates[slot - 1]] <= overlap:
                            candidates[slot] = candidates[slot - 1]
                            slot -= 1
                        candidates[slot] = pairs
                        found += 1
                    pairs += 1
            for area in range(areas):
                neutral = every_bit if own < bounds[area, 0] or own > bounds[area, 1] else np.uint16(0)
                hits = np.uint16(0)
                if found == 0:
                    matched[area, row] = hits
                    ignored[area, row] = neutral
                    continue
                for want_out in range(2):
                    for c in range(found):
                        pair = candidates[c]
                        truth = pair_truth[pair]
                        if out[area, truth] != (want_out == 1):
                            continue
                        reached = np.uint16(0)
                        for t in range(thresholds.size):
                            if pair_overlap[pair] < thresholds[t]:
                                break
                            reached |= np.uint16(1 << t)
                        given = reached & ~hits
                        if not crowd[truth]:
                            given &= ~taken[area, truth]
                        taken[area, truth] |= given
                        hits |= given
                        neutral = neutral | given if want_out == 1 else neutral & ~given
                        if area == 0:
                            pair_matched[pair] |= given
                matched[area, row] = hits
                ignored[area, row] = neutral
    return last, pairs
