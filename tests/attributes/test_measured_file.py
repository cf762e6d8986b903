"""Boxes of annotations in the pixels of the file as it is stored."""

import numpy as np
import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image, ImageOps

from cvfail.attributes.image_quality import QUALITY_COLUMNS, pixels_of
from cvfail.attributes.measured_file import WantedFile, measure_file
from tests.attributes.pictures import random_picture, save

BOX = np.array([[4.0, 6.0, 20.0, 12.0]])
_GRID = QUALITY_COLUMNS.index("blockiness")


def cut(picture, box):
    """What `measure_file` says of a part that is a file of its own."""
    x, y, width, height = box
    return picture.crop((x, y, x + width, y + height))


def direct(quality):
    """The measures that depend on nothing but the pixels, and not on the way up."""
    return np.delete(quality, [_GRID, len(QUALITY_COLUMNS) - 1])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("is_size_known", [False, True])
def test_boxes_on_the_upright_picture_are_found_in_the_stored_one(orientation, is_size_known, tmp_path):
    if is_size_known and orientation in {2, 3, 4}:
        pytest.skip("a size does not tell whether such a picture was turned; it is taken as it is stored")
    path = save(tmp_path, "a.png", random_picture(1, (48, 40)), tags={0x0112: orientation})
    with Image.open(path) as file:
        upright = ImageOps.exif_transpose(file)
    size = tuple(map(float, upright.size)) if is_size_known else None
    measured = measure_file(WantedFile(path, size, BOX))
    part = measure_file(WantedFile(save(tmp_path, "part.png", cut(upright, BOX[0]))))
    assert measured.problem is part.problem is None
    assert direct(measured.quality[1]) == pytest.approx(direct(part.quality[0]), rel=1e-12)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_on_the_stored_picture_stay_where_they_are(orientation, tmp_path):
    picture = random_picture(2, (48, 30))
    path = save(tmp_path, "a.png", picture, tags={0x0112: orientation})
    measured = measure_file(WantedFile(path, (48.0, 30.0), BOX))
    part = measure_file(WantedFile(save(tmp_path, "part.png", cut(picture, BOX[0]))))
    assert np.array_equal(direct(measured.quality[1]), direct(part.quality[0]))


def test_boxes_of_another_size_are_scaled(tmp_path):
    path = save(tmp_path, "a.png", random_picture(3, (40, 30)))
    as_stored = measure_file(WantedFile(path, (40.0, 30.0), BOX))
    of_double = measure_file(WantedFile(path, (80.0, 60.0), 2 * BOX))
    assert np.array_equal(as_stored.quality, of_double.quality, equal_nan=True)


def test_sharpness_of_a_crop_at_normal_size_is_looked_at_in_the_whole_picture(tmp_path):
    picture = random_picture(4, (64, 64))
    whole = np.array([[0.0, 0.0, 64.0, 64.0], [0.0, 0.0, 32.0, 64.0]])
    quality = measure_file(WantedFile(save(tmp_path, "a.png", picture), None, whole)).quality
    normal = pixels_of(picture).normal[:, :256] / 1000
    padded = np.pad(normal, 1, mode="reflect")
    cross = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    assert np.array_equal(quality[0], quality[1])
    assert quality[2, -1] == pytest.approx((cross - 4 * normal).var(), rel=1e-9)


def test_what_the_result_depends_on_is_in_the_digest(tmp_path):
    path = tmp_path / "a.png"
    files = [
        WantedFile(path),
        WantedFile(path, (40.0, 30.0)),
        WantedFile(path, None, BOX),
        WantedFile(path, (40.0, 30.0), BOX),
        WantedFile(path, None, 2 * BOX),
    ]
    digests = [file.digest for file in files]
    assert digests[:2] == ["", ""]
    assert len(set(digests)) == 4


BROKEN = {
    "empty": b"",
    "text": b"this is no picture",
    "cut": None,
    "head": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    "nulls": bytes(500),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=list(BROKEN))
def test_broken_files_have_a_reason_in_one_line_and_no_quality(content, tmp_path):
    path = save(tmp_path, "a.jpg", random_picture(5, (200, 200)))
    path.write_bytes(path.read_bytes()[:900] if content is None else content)
    measured = measure_file(WantedFile(path, None, BOX))
    assert measured.problem
    assert "\n" not in measured.problem
    assert str(tmp_path) not in measured.problem
    assert measured.quality.shape == (2, len(QUALITY_COLUMNS))
    assert np.isnan(measured.quality).all()


def test_a_broken_file_keeps_the_facts_of_its_head(tmp_path):
    path = save(tmp_path, "a.jpg", random_picture(5, (200, 100)))
    path.write_bytes(path.read_bytes()[:900])
    facts = measure_file(WantedFile(path)).facts
    assert (facts["file_width"], facts["file_bytes"]) == (200, 900)


def test_a_picture_without_a_white_says_so(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(np.full((9, 9), 0.5, np.float32)).save(path)
    assert "not known what is white" in measure_file(WantedFile(path)).problem
