"""Measures of image quality from pixels, for a whole picture and for windows of it.

Luma is kept in thousandths, ``299 R + 587 G + 114 B`` for 8-bit values, which is a whole number: sums over pixels
are exact, and no result depends on the order in which they were added.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

Integer = int | np.int64

MEASURES = (
    "brightness",
    "contrast",
    "contrast_percentile",
    "noise",
    "laplacian_variance",
    "blockiness",
    "colourfulness",
)
"""What a row of `measure_windows` holds, in order."""

THOUSANDTHS = 1000
"""Units of luma in one 8-bit step."""

_LOWEST_SHARE = 0.05
_HIGHEST_SHARE = 0.95
_LEAST_SIDE = 3
_LEAST_BLOCKY_SIDE = 16
_BLOCK = 8


@kernel
def luma_of_colours(pixels: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Luma of ITU-R BT.601 in thousandths of an 8-bit step.

    Args:
        pixels: Red, green and blue, shape (height, width, 3).

    Returns:
        Shape (height, width), values in [0, 255000].
    """
    height, width = pixels.shape[0], pixels.shape[1]
    luma = np.empty((height, width), np.int32)
    for y in range(height):
        row = pixels[y]
        for x in range(width):
            luma[y, x] = 299 * int(row[x, 0]) + 587 * int(row[x, 1]) + 114 * int(row[x, 2])
    return luma


@kernel
def measure_windows(
    luma: NDArray[np.int32],
    pixels: NDArray[np.uint8],
    windows: NDArray[np.int64],
    measures: NDArray[np.float64],
) -> None:
    """Measure windows of a picture; each is looked at as a picture of its own, on the block grid of the whole.

    Args:
        luma: In thousandths, shape (height, width).
        pixels: Red, green and blue, shape (height, width, 3); shape (0, 0, 3) for a grey picture.
        windows: Left, top, right and bottom, the latter two exclusive, inside the picture, shape (n, 4).
        measures: Out, shape (n, 7), in the order of `MEASURES`; NaN where a measure is undefined: all where a side
            is shorter than 3 px, blockiness where one is shorter than 16 px, percentile contrast of black.

    Notes:
        brightness is mean(Y) / 255; contrast is the population standard deviation of Y, over 255;
        contrast_percentile is (P95 − P5) / (P95 + P5) with linear interpolation; noise is σ of Immerkær;
        laplacian_variance is the population variance of Y ∗ [0 1 0; 1 −4 1; 0 1 0] with reflect-101 borders;
        blockiness is B / (A + 1e-8), the mean absolute step across the edges of 8 × 8 blocks over that elsewhere;
        colourfulness is M of Hasler and Süsstrunk, 0 for a grey picture.
        Cost: about six passes over the pixels of a window.

    Source: J. Immerkær, Fast noise variance estimation, CVIU 64 (1996) 300-302; D. Hasler and S. Süsstrunk,
    Measuring colourfulness in natural images, Proc. SPIE 5007 (2003) 87-95, eq. 2-5; J. L. Pech-Pacheco et al.,
    Diatom autofocusing in brightfield microscopy, ICPR 2000 (variance of the Laplacian).
    """
    for i in range(windows.shape[0]):
        left, top, right, bottom = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
        measures[i] = np.nan
        if min(right - left, bottom - top) < _LEAST_SIDE:
            continue
        window = luma[top:bottom, left:right]
        measures[i, 0], measures[i, 1], measures[i, 2] = _tone(window)
        measures[i, 3], measures[i, 4] = _noise_and_sharpness(window)
        if min(right - left, bottom - top) >= _LEAST_BLOCKY_SIDE:
            measures[i, 5] = _blockiness(window, left % _BLOCK, top % _BLOCK)
        if pixels.shape[0] == 0:
            measures[i, 6] = 0.0
        else:
            measures[i, 6] = _colourfulness(pixels[top:bottom, left:right])


@kernel
def _variance(count: int, total: Integer, squares: Integer) -> float:
    """Population variance from exact sums of integers, shifted by the mean so that nothing cancels."""
    mean = total // count
    rest = total - count * mean
    shifted = squares - 2 * mean * total + count * mean * mean
    return (shifted - rest / count * rest) / count


@kernel
def _tone(luma: NDArray[np.int32]) -> tuple[float, float, float]:
    """Brightness, contrast, and contrast of the percentiles 5 and 95."""
    height, width = luma.shape
    count = height * width
    total, squares = np.int64(0), np.int64(0)
    steps = np.zeros(256, np.int64)
    for y in range(height):
        row = luma[y]
        for x in range(width):
            value = np.int64(row[x])
            total += value
            squares += value * value
            steps[row[x] // THOUSANDTHS] += 1
    brightness = total / count / (255.0 * THOUSANDTHS)
    contrast = math.sqrt(_variance(count, total, squares)) / (255.0 * THOUSANDTHS)
    low, high = _percentiles(luma, steps)
    return brightness, contrast, (high - low) / (high + low) if high + low > 0 else np.nan


@kernel
def _percentiles(luma: NDArray[np.int32], steps: NDArray[np.int64]) -> tuple[float, float]:
    """Percentiles 5 and 95 in thousandths, linearly interpolated.

    From the counts of 8-bit steps, and passes that count thousandths inside the steps, mostly two, that hold the
    four values in question.
    """
    last = luma.size - 1
    places = np.array([_LOWEST_SHARE * last, _HIGHEST_SHARE * last])
    ranks = np.empty(4, np.int64)
    for i in range(2):
        ranks[2 * i] = int(places[i])
        ranks[2 * i + 1] = min(ranks[2 * i] + 1, last)
    slots = np.full(256, -1, np.int64)
    counts = np.zeros((4, THOUSANDTHS), np.int64)
    step, before = 0, 0
    step_of, rank_in = np.empty(4, np.int64), np.empty(4, np.int64)
    for i in range(4):
        while ranks[i] >= before + steps[step]:
            before += steps[step]
            step += 1
        step_of[i], rank_in[i] = step, ranks[i] - before
        if slots[step] < 0:
            slots[step] = i
    for step in range(256):
        if slots[step] >= 0:
            _count_step(luma, step * THOUSANDTHS, counts[slots[step]])
    values = np.empty(4)
    for i in range(4):
        inside, rank = 0, rank_in[i]
        while rank >= counts[slots[step_of[i]], inside]:
            rank -= counts[slots[step_of[i]], inside]
            inside += 1
        values[i] = step_of[i] * THOUSANDTHS + inside
    low = values[0] + (values[1] - values[0]) * (places[0] - ranks[0])
    high = values[2] + (values[3] - values[2]) * (places[1] - ranks[2])
    return low, high


@kernel
def _count_step(luma: NDArray[np.int32], first: int, counts: NDArray[np.int64]) -> None:
    """Add up the values from `first` to the next 8-bit step, one by one."""
    for y in range(luma.shape[0]):
        row = luma[y]
        for x in range(luma.shape[1]):
            offset = row[x] - first
            if 0 <= offset < THOUSANDTHS:
                counts[offset] += 1


@kernel
def _noise_and_sharpness(luma: NDArray[np.int32]) -> tuple[float, float]:
    """Immerkær's sigma over the valid region, and the variance of the Laplacian over all pixels."""
    height, width = luma.shape
    rough = np.int64(0)
    laplacian_sum, laplacian_squares = np.int64(0), 0.0
    for y in range(height):
        own = luma[y]
        above = luma[y - 1] if y > 0 else luma[1]
        below = luma[y + 1] if y < height - 1 else luma[height - 2]
        first = above[0] + below[0] + 2 * own[1] - 4 * own[0]
        last = above[width - 1] + below[width - 1] + 2 * own[width - 2] - 4 * own[width - 1]
        row_sum = np.int64(first) + np.int64(last)
        row_squares = np.int64(first) * np.int64(first) + np.int64(last) * np.int64(last)
        row_sum_inside, row_squares_inside, row_rough = _row_responses(above, own, below)
        laplacian_sum += row_sum + row_sum_inside
        laplacian_squares += float(row_squares + row_squares_inside)
        if 0 < y < height - 1:
            rough += row_rough
    count = height * width
    mean = laplacian_sum / count
    variance = (laplacian_squares / count - mean * mean) / THOUSANDTHS**2
    noise = math.sqrt(math.pi / 2.0) * (rough / THOUSANDTHS) / (6.0 * (width - 2) * (height - 2))
    return noise, max(variance, 0.0)


@kernel
def _row_responses(
    above: NDArray[np.int32], own: NDArray[np.int32], below: NDArray[np.int32]
) -> tuple[Integer, Integer, Integer]:
    """Sum and sum of squares of the Laplacian, sum of Immerkær's mask, of a row without its ends."""
    above_1, own_1, below_1 = above[1:], own[1:], below[1:]
    above_2, own_2, below_2 = above[2:], own[2:], below[2:]
    total, squares, rough = np.int64(0), np.int64(0), np.int64(0)
    for x in range(own.size - 2):
        vertical = above_1[x] + below_1[x]
        horizontal = own[x] + own_2[x]
        laplacian = np.int64(vertical + horizontal - 4 * own_1[x])
        corners = above[x] + above_2[x] + below[x] + below_2[x]
        total += laplacian
        squares += laplacian * laplacian
        rough += abs(np.int64(corners - 2 * (vertical + horizontal) + 4 * own_1[x]))
    return total, squares, rough


@kernel
def _blockiness(luma: NDArray[np.int32], column: int, row: int) -> float:
    """Steps across block edges over steps elsewhere; `column` and `row` are the window's place in its block."""
    height, width = luma.shape
    across = np.zeros(width - 1, np.int64)
    edges, others = np.zeros(2, np.int64), np.zeros(2, np.int64)
    edge_count, other_count = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for y in range(height):
        own, shifted = luma[y], luma[y, 1:]
        for x in range(width - 1):
            across[x] += abs(shifted[x] - own[x])
        if y == height - 1:
            break
        below = luma[y + 1]
        down = np.int64(0)
        for x in range(width):
            down += abs(below[x] - own[x])
        if (row + y + 1) % _BLOCK == 0:
            edges[1] += down
            edge_count[1] += width
        else:
            others[1] += down
            other_count[1] += width
    for x in range(width - 1):
        if (column + x + 1) % _BLOCK == 0:
            edges[0] += across[x]
            edge_count[0] += height
        else:
            others[0] += across[x]
            other_count[0] += height
    scale = 2.0 * THOUSANDTHS
    edge = (edges[0] / edge_count[0] + edges[1] / edge_count[1]) / scale
    other = (others[0] / other_count[0] + others[1] / other_count[1]) / scale
    return float(edge / (other + 1e-8))


@kernel
def _colourfulness(pixels: NDArray[np.uint8]) -> float:
    """M of Hasler and Süsstrunk, from red − green and (red + green) / 2 − blue, the latter doubled to stay whole."""
    height, width = pixels.shape[0], pixels.shape[1]
    count = height * width
    red_green, red_green_squares = np.int64(0), np.int64(0)
    yellow_blue, yellow_blue_squares = np.int64(0), np.int64(0)
    for y in range(height):
        row = pixels[y]
        for x in range(width):
            red, green, blue = np.int64(row[x, 0]), np.int64(row[x, 1]), np.int64(row[x, 2])
            one, other = red - green, red + green - 2 * blue
            red_green += one
            red_green_squares += one * one
            yellow_blue += other
            yellow_blue_squares += other * other
    spread = (
        _variance(count, red_green, red_green_squares)
        + _variance(count, yellow_blue, yellow_blue_squares) / 4.0
    )
    mean_one, mean_other = red_green / count, yellow_blue / count / 2.0
    return math.sqrt(spread) + 0.3 * math.sqrt(mean_one * mean_one + mean_other * mean_other)


@kernel
def laplacian_variances(
    luma: NDArray[np.int32], windows: NDArray[np.int64], variances: NDArray[np.float64]
) -> None:
    """Only the variance of the Laplacian of each window; arguments as in `measure_windows`.

    Args:
        luma: In thousandths, shape (height, width).
        windows: Left, top, right and bottom, shape (n, 4).
        variances: Out, shape (n,); NaN where a side is shorter than 3 px.
    """
    for i in range(windows.shape[0]):
        left, top, right, bottom = windows[i, 0], windows[i, 1], windows[i, 2], windows[i, 3]
        variances[i] = np.nan
        if min(right - left, bottom - top) >= _LEAST_SIDE:
            variances[i] = _noise_and_sharpness(luma[top:bottom, left:right])[1]
