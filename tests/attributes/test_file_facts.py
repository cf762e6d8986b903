"""What files say about themselves, and files that say nonsense."""

from datetime import datetime

import pytest

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cvfail.attributes.file_facts import FACTS, file_facts
from tests.attributes.pictures import CAMERA_TAGS, TAGS, random_picture, save


def facts(path):
    with Image.open(path) as file:
        return file_facts(file)


def test_a_photograph_says_when_and_with_what_it_was_taken(tmp_path):
    found = facts(save(tmp_path, "a.jpg", tags={**TAGS, 0x0112: 6}, camera=CAMERA_TAGS))
    assert found == {
        "file_format": "JPEG",
        "file_width": 40,
        "file_height": 30,
        "megapixels": 0.0012,
        "colour_mode": "RGB",
        "captured_at": datetime(2024, 5, 1, 21, 30, 15),
        "camera_make": "Leica",
        "camera_model": "M 11",
        "focal_length": 35.0,
        "focal_length_35mm": 52.0,
        "f_number": 2.8,
        "exposure_time": 1 / 250,
        "iso": 400,
        "orientation": 6,
    }
    assert {*found, "file_bytes"} == set(FACTS)


def test_without_a_time_of_capture_it_is_that_of_the_last_change(tmp_path):
    assert facts(save(tmp_path, "a.jpg", tags=TAGS))["captured_at"] == datetime(2020, 1, 1)


@pytest.mark.parametrize(
    ("name", "mode", "form"),
    [("a.png", "P", "PNG"), ("a.bmp", "L", "BMP"), ("a.gif", "L", "GIF"), ("a.webp", "RGB", "WEBP")],
)
def test_files_without_tags_have_their_format_and_size(name, mode, form, tmp_path):
    found = facts(save(tmp_path, name, random_picture(mode=mode)))
    assert (found["file_format"], found["file_width"], found["file_height"]) == (form, 40, 30)
    assert found["captured_at"] is found["camera_make"] is found["iso"] is found["orientation"] is None


@pytest.mark.parametrize("moment", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", "2024-05-01"])
def test_times_that_are_none_are_null(moment, tmp_path):
    path = save(tmp_path, "a.jpg", camera={0x9003: moment})
    assert facts(path)["captured_at"] is None


def test_numbers_that_are_none_are_null(tmp_path):
    path = save(
        tmp_path, "a.jpg", tags={0x0112: 9}, camera={0x920A: 0.0, 0x829D: IFDRational(1, 0), 0x8827: 0}
    )
    found = facts(path)
    assert [found[name] for name in ("focal_length", "f_number", "iso", "orientation")] == [None] * 4


def test_damaged_tags_do_not_lose_the_rest(tmp_path):
    path = save(tmp_path, "a.jpg", tags=TAGS)
    content = path.read_bytes()
    start = content.index(b"Exif\0\0") + 6
    path.write_bytes(content[:start] + b"\xff" * 8 + content[start + 8 :])
    found = facts(path)
    assert (found["file_width"], found["camera_make"]) == (40, None)
