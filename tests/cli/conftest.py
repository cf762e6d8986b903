"""A scene as COCO files, the same scene as a saved run, and a way to run commands."""

import json

import pytest

from cvfail.evaluation import evaluate
from cvfail.io.coco import read_coco
from tests.cli.command import runner
from tests.scenes import random_records

IMAGES = 60


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command: its exit code, stdout and stderr; lines have no limit."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return runner(capsys)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """``--gt FILE --pred FILE`` of a random scene; every third image was taken at night."""
    images, categories, annotations, detections = random_records(7, images=IMAGES)
    truth = {
        "images": [
            {
                "id": image,
                "file_name": f"{image}.jpg",
                "width": 200,
                "height": 200,
                "light": "day" if i % 3 else "night",
            }
            for i, image in enumerate(images)
        ],
        "categories": [{"id": category, "name": f"class {category}"} for category in categories],
        "annotations": [{"id": i, **annotation} for i, annotation in enumerate(annotations)],
    }
    folder = tmp_path_factory.mktemp("coco")
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "found.json").write_text(json.dumps(detections))
    return ["--gt", folder / "truth.json", "--pred", folder / "found.json"]


@pytest.fixture(scope="session")
def evaluation(files):
    """The scene, evaluated by the Python interface."""
    return evaluate(read_coco(files[1], files[3]))


@pytest.fixture(scope="session")
def saved(evaluation, tmp_path_factory):
    """The folder of the scene's saved evaluation."""
    return evaluation.save(tmp_path_factory.mktemp("saved") / "run")
