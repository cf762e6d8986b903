"""The demo as files."""

import hashlib
import json
import sys

import polars as pl
import pytest

import cvfail as cf
from cvfail.demo import write_demo
from cvfail.demo.detector.planted import PLANTED_MODES
from cvfail.demo.simulation import simulate
from cvfail.errors import MissingDependencyError

IMAGES = 6


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    pytest.importorskip("PIL")
    return write_demo(tmp_path_factory.mktemp("demo"), images=IMAGES, seed=11)


def content(files):
    paths = [
        files.ground_truth,
        files.predictions,
        files.retrained,
        files.training,
        *sorted(files.images.iterdir()),
    ]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def test_every_image_of_the_ground_truth_is_a_picture_of_its_size(files):
    from PIL import Image

    for record in json.loads(files.ground_truth.read_text())["images"]:
        with Image.open(files.images / record["file_name"]) as picture:
            picture.load()
            assert picture.size == (record["width"], record["height"])
    assert len(list(files.images.iterdir())) == IMAGES


def test_cvfail_reads_it_without_complaint_and_with_every_attribute(files):
    data = cf.read_coco(files.ground_truth, files.predictions)
    wanted = {"time_of_day", "weather", "camera", "blur", "density", "annotator", "captured"}
    assert set(data.attributes("images")) == wanted
    assert data.attributes("ground_truth") == ["occlusion", "truncation"]
    assert data.rejected.is_empty()


def test_records_are_those_of_the_simulation(files):
    simulation = simulate(images=IMAGES, seed=11)
    data = cf.read_coco(files.ground_truth, files.predictions)
    names = dict(data.categories.select("category_id", "name").iter_rows())
    assert (
        data.ground_truth["category_id"].replace_strict(names).to_list()
        == simulation.objects["label"].to_list()
    )
    assert data.ground_truth["x"].to_list() == simulation.objects["left"].to_list()
    assert data.predictions["score"].to_list() == simulation.predictions["score"].to_list()
    area = data.ground_truth.select(pl.col("width") * pl.col("height")).to_series()
    assert data.ground_truth["area"].to_list() == pytest.approx(area.to_list(), abs=0.02)


def test_the_retrained_detector_and_the_training_images_stand_beside(files):
    simulation = simulate(images=IMAGES, seed=11)
    data = cf.read_coco(files.ground_truth, files.retrained)
    assert data.predictions["score"].to_list() == simulation.retrained["score"].to_list()
    assert pl.read_csv(files.training).equals(simulation.training)


def test_the_same_seed_gives_the_same_bytes_and_replaces_what_was_there(files, tmp_path):
    write_demo(tmp_path, images=IMAGES, seed=12)
    again = write_demo(tmp_path, images=IMAGES, seed=11)
    assert content(again) == content(files)


def test_what_is_planted_is_said(files, tmp_path):
    assert len(files.planted) == len(PLANTED_MODES) == 6
    assert write_demo(tmp_path, images=1, planted=False).planted == ()


def test_no_images_give_files_without_rows(tmp_path):
    files = write_demo(tmp_path, images=0)
    data = cf.read_coco(files.ground_truth, files.predictions)
    assert (len(data.images), len(data.ground_truth), len(data.predictions)) == (0, 0, 0)
    assert len(data.categories) == 6


def test_without_pillow_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingDependencyError, match=r"cvfail\[report\]"):
        write_demo(tmp_path / "demo", images=1)
    assert not (tmp_path / "demo").exists()


def test_progress_is_not_written_where_nobody_watches(tmp_path, capsys):
    write_demo(tmp_path, images=1)
    assert capsys.readouterr() == ("", "")
