"""Measures of image quality: against the golden case, and windows against plain NumPy over the same pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cvfail.kernels.image_quality import MEASURES, laplacian_variances, luma_of_colours, measure_windows
from cvfail.tables.arrays import read_only

GREY = np.zeros((0, 0, 3), np.uint8)


def measure(luma, windows, pixels=GREY):
    """Measures of windows by name, shape (n,) each."""
    out = np.empty((len(windows), len(MEASURES)))
    measure_windows(read_only(luma.astype(np.int32)), read_only(pixels), read_only(np.array(windows)), out)
    return dict(zip(MEASURES, out.T, strict=True))


def plainly(luma, colours, left, top):
    """The definitions, one by one, over a whole array of luma in 8-bit steps."""
    height, width = luma.shape
    low, high = np.percentile(luma, [5, 95])
    padded = np.pad(luma, 1, mode="reflect")
    cross = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    rough = sum(mask[i, j] * luma[i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3))
    red, green, blue = np.moveaxis(colours.astype(float), 2, 0)
    one, other = red - green, (red + green) / 2 - blue
    return {
        "brightness": luma.mean() / 255,
        "contrast": luma.std() / 255,
        "contrast_percentile": (high - low) / (high + low) if high + low > 0 else np.nan,
        "noise": np.sqrt(np.pi / 2) * np.abs(rough).sum() / (6 * (width - 2) * (height - 2)),
        "laplacian_variance": (cross - 4 * luma).var(),
        "blockiness": blockiness(luma, left, top),
        "colourfulness": np.hypot(one.std(), other.std()) + 0.3 * np.hypot(one.mean(), other.mean()),
    }


def blockiness(luma, left, top):
    if min(luma.shape) < 16:
        return np.nan
    edges, others = [], []
    for start, axis in ((left, 1), (top, 0)):
        steps = np.abs(np.diff(luma, axis=axis))
        is_edge = (start + 1 + np.arange(steps.shape[axis])) % 8 == 0
        edges.append(np.compress(is_edge, steps, axis=axis).mean())
        others.append(np.compress(~is_edge, steps, axis=axis).mean())
    return np.mean(edges) / (np.mean(others) + 1e-8)


def test_the_golden_picture_has_the_golden_measures(golden):
    case = golden["image_stats"]
    image, expected = np.array(case["input"]["image"]), case["expected"]
    found = measure(image * 1000, [[0, 0, image.shape[1], image.shape[0]]])
    assert found["brightness"][0] * 255 == pytest.approx(expected["mean"], rel=1e-12)
    assert found["contrast"][0] * 255 == pytest.approx(expected["std_pop"], rel=1e-12)
    assert found["contrast"][0] == pytest.approx(expected["rms_contrast"], rel=1e-12)
    assert found["laplacian_variance"][0] == pytest.approx(expected["laplacian_var_cv2"], rel=1e-12)
    assert found["noise"][0] == pytest.approx(expected["immerkaer_sigma"], rel=1e-12)
    assert found["blockiness"][0] == pytest.approx(expected["blockiness"][2], rel=1e-12)


def test_golden_colours_have_the_golden_luma(golden):
    expected = np.array(golden["image_stats"]["expected"]["luma_bt601"])
    colours = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]]], np.uint8)
    assert luma_of_colours(read_only(colours)).tolist() == np.rint(expected * 1000).astype(int).tolist()


@st.composite
def pictures(draw):
    """A picture of any values and a window in it."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    values = st.integers(0, 255) if draw(st.booleans()) else st.sampled_from([0, 7, 255])
    colours = draw(arrays(np.uint8, (height, width, 3), elements=values))
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return colours, (left, top, draw(st.integers(left, width)), draw(st.integers(top, height)))


@given(pictures())
def test_a_window_has_what_its_pixels_have_by_definition(picture):
    colours, window = picture
    left, top, right, bottom = window
    luma = luma_of_colours(read_only(colours))
    found = measure(luma, [window], colours)
    cut = luma[top:bottom, left:right] / 1000
    if min(cut.shape) < 3:
        assert all(np.isnan(value[0]) for value in found.values())
        return
    for name, value in plainly(cut, colours[top:bottom, left:right], left, top).items():
        assert found[name][0] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


@given(pictures())
def test_sharpness_alone_is_the_sharpness_among_all_measures(picture):
    colours, window = picture
    luma = luma_of_colours(read_only(colours))
    alone = np.empty(1)
    laplacian_variances(luma, read_only(np.array([window])), alone)
    assert np.array_equal(alone, measure(luma, [window])["laplacian_variance"], equal_nan=True)


def test_a_grey_picture_has_no_colour_and_black_no_percentile_contrast():
    found = measure(np.zeros((20, 20)), [[0, 0, 20, 20]])
    assert found["colourfulness"][0] == found["blockiness"][0] == found["noise"][0] == 0
    assert np.isnan(found["contrast_percentile"][0])


def test_no_windows_are_measured_as_none():
    assert measure(np.zeros((4, 4)), np.empty((0, 4), np.int64))["noise"].size == 0
