"""Quality of pictures of Pillow, in every mode it knows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image, ImageFilter

import cvfail as cf
from cvfail.attributes.image_quality import (
    NORMAL_SIDE,
    QUALITY_COLUMNS,
    UnfitPixelsError,
    measured,
    pixels_of,
    whole,
)
from tests.attributes.pictures import random_picture


def sharpness(grey):
    """Variance of the Laplacian with reflected borders, in plain NumPy."""
    padded = np.pad(np.asarray(grey).astype(float), 1, mode="reflect")
    cross = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return (cross - 4 * padded[1:-1, 1:-1]).var()


@given(st.integers(0, 1000), st.integers(3, 60), st.integers(3, 60))
def test_sharpness_at_normal_size_is_that_of_the_resized_picture(seed, width, height):
    picture = random_picture(seed, (width, height))
    scale = NORMAL_SIDE / min(width, height)
    resized = picture.convert("L").resize(
        (round(width * scale), round(height * scale)), Image.Resampling.BILINEAR
    )
    assert cf.image_quality(picture)["laplacian_variance_512"] == pytest.approx(sharpness(resized), rel=1e-9)


def test_at_normal_size_a_picture_is_about_as_sharp_in_any_resolution():
    values = np.random.default_rng(3).integers(0, 256, (512, 512), np.uint8)
    small = Image.fromarray(values).filter(ImageFilter.GaussianBlur(1.5))
    large = small.resize((1536, 1536), Image.Resampling.BICUBIC)
    here, there = cf.image_quality(small), cf.image_quality(large)
    assert here["laplacian_variance"] > 10 * there["laplacian_variance"]
    assert there["laplacian_variance_512"] == pytest.approx(here["laplacian_variance_512"], rel=0.5)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "RGBX"])
def test_modes_are_measured_as_the_colours_that_pillow_converts_them_to(mode):
    picture = Image.new("LAB", (40, 30), (120, 130, 90)) if mode == "LAB" else random_picture(1, mode=mode)
    assert cf.image_quality(picture) == cf.image_quality(picture.convert("RGB"))


def test_colours_below_transparency_are_measured():
    clear = random_picture(2)
    clear.putalpha(0)
    assert cf.image_quality(clear) == cf.image_quality(random_picture(2))


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_sixteen_bits_are_scaled_to_eight(mode):
    grey = np.asarray(random_picture(4, mode="L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    deep = deep.convert("I") if mode == "I" else deep
    assert deep.mode == mode
    assert cf.image_quality(deep) == pytest.approx(cf.image_quality(Image.fromarray(grey)), rel=1e-9)


@pytest.mark.parametrize("values", [np.full((9, 9), 0.5, np.float32), np.full((9, 9), 70_000, np.int32)])
def test_pixels_without_a_white_are_refused(values):
    with pytest.raises(UnfitPixelsError, match="it is not known what is white"):
        cf.image_quality(Image.fromarray(values))


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (3, 3), (15, 16), (16, 16)])
def test_pictures_too_small_for_a_measure_have_null(size):
    quality = cf.image_quality(Image.new("RGB", size, (9, 80, 200)))
    undefined = {name for name, value in quality.items() if value is None}
    directly = set(QUALITY_COLUMNS[:-1])
    expected = directly if min(size) < 3 else {"blockiness"} if min(size) < 16 else set()
    assert undefined & directly == expected


def test_a_strip_too_long_to_resize_has_no_sharpness_at_normal_size():
    quality = cf.image_quality(Image.new("L", (1000, 3), 9))
    assert quality["laplacian_variance_512"] is None
    assert quality["laplacian_variance"] == 0


@given(
    st.lists(
        st.tuples(
            *[st.integers(-10, 50) | st.floats(-10, 50)] * 2, *[st.integers(0, 40) | st.floats(0, 40)] * 2
        ),
        max_size=5,
    )
)
def test_a_box_is_measured_as_a_picture_of_the_pixels_whose_centres_it_holds(boxes):
    picture = random_picture(5)
    pixels = pixels_of(picture)
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], float).reshape(-1, 4)
    values = measured(pixels, corners)
    for (left, top, right, bottom), row in zip(corners, values, strict=True):
        across = [x for x in range(40) if left <= x + 0.5 < right]
        down = [y for y in range(30) if top <= y + 0.5 < bottom]
        if min(len(across), len(down)) < 3:
            assert np.isnan(row[:7]).all()
            continue
        cut = picture.crop((across[0], down[0], across[-1] + 1, down[-1] + 1))
        alone = measured(pixels_of(cut), whole(pixels_of(cut)))[0]
        names = [i for i, name in enumerate(QUALITY_COLUMNS[:7]) if name != "blockiness"]
        assert np.array_equal(row[names], alone[names], equal_nan=True)


def test_the_whole_picture_as_a_box_is_the_picture():
    picture = random_picture(6, (50, 70))
    pixels = pixels_of(picture)
    alone = list(cf.image_quality(picture).values())
    assert measured(pixels, np.array([[-5.0, -5.0, 99.0, 99.0]]))[0].tolist() == alone
    assert measured(pixels, np.empty((0, 4))).shape == (0, len(QUALITY_COLUMNS))


def test_what_is_done_to_a_picture_moves_its_measure(tmp_path):
    plain = random_picture(7, (128, 96)).filter(ImageFilter.GaussianBlur(1.5))
    noise = np.random.default_rng(0).normal(0, 20, (96, 128, 3))
    noisy = Image.fromarray(np.clip(np.asarray(plain) + noise, 0, 255).astype(np.uint8))
    plain.save(tmp_path / "a.jpg", quality=5)
    blocky = Image.open(tmp_path / "a.jpg")
    was = cf.image_quality(plain)
    assert cf.image_quality(plain.point(lambda value: value // 2))["brightness"] < 0.6 * was["brightness"]
    assert cf.image_quality(noisy)["noise"] > 3 * was["noise"]
    assert cf.image_quality(plain.filter(ImageFilter.GaussianBlur(3)))["laplacian_variance"] < (
        0.5 * was["laplacian_variance"]
    )
    assert cf.image_quality(blocky)["blockiness"] > 2 * was["blockiness"]
    assert cf.image_quality(plain.convert("L"))["colourfulness"] == 0
