"""The benchmark of failure modes asks about as many detections as it says, with the attributes that it says."""

import polars as pl
import pytest

from benchmarks.datasets import RECIPES, Recipe
from benchmarks.failure_modes import ATTRIBUTES, dataset, measure, table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "S", Recipe(80))
    return tmp_path


def test_the_first_images_hold_about_the_wanted_detections(folder):
    data = dataset(folder, 2_000)
    counts = data.predictions.group_by("image_id").len()["len"]
    assert 2_000 - counts.max() < len(data.predictions) <= 2_000
    ids = data.images["image_id"]
    assert ids.sort().to_list() == list(range(1, len(ids) + 1))
    for name in ("ground_truth", "predictions"):
        assert getattr(data, name)["image_id"].is_in(ids.implode()).all()


def test_every_step_is_measured_on_ten_attributes(folder):
    assert len(set(ATTRIBUTES)) == 10
    row = measure(folder, detections=1_500, score=0.25)
    assert 1_200 < row["detections"] <= 1_500
    assert all(row[step] > 0 for step in ("match", "failure modes", "causes", "peak"))
    lines = table([row | {"detections": 999_976, "causes": 2.444}]).splitlines()
    assert [line.count("|") for line in lines] == [8, 8, 8]
    assert lines[2].startswith("| 999,976 | 0.25 |")
    assert " 2.44 |" in lines[2]


def test_no_detection_is_asked_for_and_none_is_there(folder):
    data = dataset(folder, 0)
    assert (len(data.images), len(data.predictions)) == (0, 0)
    assert data.predictions.schema["score"] == pl.Float64
