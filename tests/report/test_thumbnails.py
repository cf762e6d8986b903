import base64
import io

import pytest

from cvfail.report.thumbnails import (
    DETAIL_WIDTH,
    LONG_SIDE,
    MadePictures,
    WantedPictures,
    find_image,
    make_pictures,
)

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


def save(folder, name, size, *, orientation=None, mode="RGB"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new(mode, size, 200 if mode in {"L", "P"} else None)
    exif = image.getexif()
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(path, exif=exif) if path.suffix == ".jpg" else image.save(path)
    return path


def opened(uri):
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


def one(folder, *arguments) -> MadePictures | None:
    return make_pictures(folder, [WantedPictures(*arguments)])[0]


def test_a_whole_picture_keeps_its_shape_and_is_not_enlarged(tmp_path):
    save(tmp_path, "large.jpg", (1600, 800))
    save(tmp_path, "tiny.png", (8, 6))
    assert opened(one(tmp_path, "large.jpg", None).whole).size == (LONG_SIDE, LONG_SIDE // 2)
    assert opened(one(tmp_path, "tiny.png", None).whole).size == (8, 6)


def test_a_crop_is_cut_in_the_coordinates_of_the_annotations(tmp_path):
    path = save(tmp_path, "half_red.png", (400, 200))
    image = Image.open(path).convert("RGB")
    image.paste((255, 0, 0), (200, 0, 400, 200))
    image.save(path)
    made = one(tmp_path, "half_red.png", (800.0, 400.0), ((400.0, 0.0, 400.0, 300.0),))
    red, green, blue = opened(made.details[0]).getpixel((10, 10))
    assert (red > 240, green < 20, blue < 20) == (True, True, True)
    assert made.size == (800.0, 400.0)


def test_a_crop_beyond_the_image_has_the_size_of_its_window(tmp_path):
    save(tmp_path, "a.jpg", (100, 100))
    crop = opened(one(tmp_path, "a.jpg", None, ((-50.0, -50.0, 400.0, 300.0),)).details[0])
    assert crop.size == (DETAIL_WIDTH, DETAIL_WIDTH * 3 // 4)


@pytest.mark.parametrize(
    ("declared", "shown"),
    [(None, (200, 100)), ((200.0, 100.0), (200, 100)), ((100.0, 200.0), (100, 200))],
)
def test_a_rotated_photograph_is_turned_as_its_annotations_see_it(tmp_path, declared, shown):
    save(tmp_path, "phone.jpg", (100, 200), orientation=6)
    assert opened(one(tmp_path, "phone.jpg", declared).whole).size == shown


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_every_colour_mode_becomes_a_jpeg(tmp_path, mode):
    suffix = "tiff" if mode == "CMYK" else "png"
    save(tmp_path, f"a.{suffix}", (30, 20), mode=mode)
    assert opened(one(tmp_path, f"a.{suffix}", None).whole).size == (30, 20)


def test_missing_and_broken_files_are_none_and_the_others_are_made(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(save(tmp_path, "good.jpg", (300, 300)).read_bytes()[:400])
    (tmp_path / "text.jpg").write_text("not an image")
    names = ["absent.jpg", "broken.jpg", "text.jpg", "good.jpg", "", "a\0b.jpg", "x" * 5000]
    made = make_pictures(tmp_path, [WantedPictures(name, None) for name in names])
    assert [picture is not None for picture in made] == [False, False, False, True, False, False, False]


def test_every_image_is_counted_when_it_is_done(tmp_path):
    done = []
    make_pictures(tmp_path, [WantedPictures("absent.jpg", None)] * 3, on_done=lambda: done.append(1))
    assert len(done) == 3


def test_names_never_lead_out_of_the_folder(tmp_path):
    secret = save(tmp_path, "secret.jpg", (10, 10))
    folder = tmp_path / "images"
    folder.mkdir()
    for name in (
        "../secret.jpg",
        str(secret),
        "x/../../secret.jpg",
        "..\\secret.jpg",
        "..",
        "/",
        "C:\\secret.jpg",
    ):
        assert find_image(folder, name) is None


@pytest.mark.parametrize("name", ["a b%20#1?.jpg", "ünïcode/ß.jpg", '"><img src=x>.jpg', "a&amp;b.jpg"])
def test_odd_names_are_taken_as_they_are(tmp_path, name):
    assert find_image(tmp_path, name) is None
    path = save(tmp_path, name, (10, 10))
    assert find_image(tmp_path, name) == path


def test_a_folder_in_front_of_the_name_may_be_the_folder_given(tmp_path):
    path = save(tmp_path, "1.jpg", (10, 10))
    assert find_image(tmp_path, "val2017/1.jpg") == path
    assert find_image(tmp_path, "val2017\\1.jpg") == path
