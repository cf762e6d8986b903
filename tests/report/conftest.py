"""A small evaluation with images on disk, and the browser that looks at its report."""

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.tables.dataset import Dataset
from tests.report import chromium
from tests.scenes import detection, random_records

NIGHT = ["day", "night", None]


def small_detection():
    """60 images of three classes, with crowds, ties, empty images, and the time of day as attribute."""
    images, categories, annotations, detections = random_records(3, images=60)
    times = [NIGHT[number % 3] for number in range(len(images))]
    return detection(
        images, categories, annotations, detections, time_of_day=pl.Series(times, dtype=pl.String)
    )


def planted():
    """40 images of six objects: at night the scores of cats are too low, and image 0 has labels to look at again."""
    annotations, detections = [], []
    for image in range(40):
        for place in range(6):
            box = [100 * place, 100, 60, 60]
            label = 1 + place % 2
            low = image % 2 == 1 and label == 1 and image % 10 != 9
            annotations.append({"image_id": image, "category_id": label, "bbox": box})
            detections.append(
                {"image_id": image, "category_id": label, "bbox": box, "score": 0.1 if low else 0.9}
            )
    annotations[0]["category_id"] = 2
    annotations.append({"image_id": 0, "category_id": 2, "bbox": [102, 100, 60, 60]})
    detections.append({"image_id": 0, "category_id": 1, "bbox": [300, 300, 50, 50], "score": 0.95})
    times = ["day", "night"] * 20
    return detection(list(range(40)), [1, 2], annotations, detections, time_of_day=times)


def small_classification(images=30):
    labels = ["cat", "dog", "fish"]
    ids = pl.Series(range(images), dtype=pl.Int64)
    true = pl.Series([labels[i % 3] for i in range(images)], dtype=pl.String)
    predicted = pl.Series([labels[(i + (i % 5 == 0)) % 3] for i in range(images)], dtype=pl.String)
    nothing = pl.lit(None, pl.String)
    return Dataset(
        task="classification",
        images=pl.DataFrame({"image_id": ids, "cluster_id": ids}).with_columns(
            file_name=pl.format("{}.jpg", "image_id"),
            width=pl.lit(None, pl.Int64),
            height=pl.lit(None, pl.Int64),
            camera=pl.when(pl.col("image_id") % 2 == 0).then(pl.lit("front")).otherwise(pl.lit("rear")),
        ),
        categories=pl.DataFrame({"category_id": labels, "name": labels}).with_columns(
            supercategory=nothing, frequency=nothing
        ),
        ground_truth=pl.DataFrame(
            {"ground_truth_id": ids, "image_id": ids, "category_id": true}
        ).with_columns(is_ignored=pl.lit(value=False)),
        predictions=pl.DataFrame(
            {"prediction_id": ids, "image_id": ids, "category_id": predicted}
        ).with_columns(score=pl.col("image_id") / images),
    )


@pytest.fixture(scope="session")
def evaluation():
    return evaluate(small_detection())


@pytest.fixture(scope="session")
def planted_evaluation():
    return evaluate(planted())


@pytest.fixture(scope="session")
def classification():
    return evaluate(small_classification())


@pytest.fixture(scope="session")
def image_folder(evaluation, tmp_path_factory):
    """A picture for every image but the first three: those are missing, empty, and not an image."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    folder = tmp_path_factory.mktemp("images")
    names = evaluation.images["file_name"].to_list()
    (folder / names[1]).write_bytes(b"")
    (folder / names[2]).write_text("not an image")
    for number, name in enumerate(names[3:]):
        image.new("RGB", (1000, 1000), (20 + number, 90, 120)).save(folder / name, quality=40)
    return folder


@pytest.fixture(scope="session")
def running_browser():
    if chromium.BROWSER is None or chromium.DRIVER is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium, chromium-driver)")
    with chromium.running() as browser:
        yield browser


@pytest.fixture
def browser(running_browser):
    """The browser at its usual size, with nothing in its logs."""
    running_browser.blank()
    running_browser.look()
    return running_browser
