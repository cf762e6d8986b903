import warnings

import numpy as np
import polars as pl
import pytest

from cvfail.tables.raw import RawTable
from cvfail.tables.suspicions import InputWarning
from cvfail.tables.validation import validated

N = 40


def tables(scale=1.0, *, corners=False, size=(640, 480), first_class=1):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 500, N), rng.uniform(0, 350, N)
    width, height = rng.uniform(20, 140, N), rng.uniform(20, 130, N)
    third, fourth = (x + width, y + height) if corners else (width, height)
    box = {"x": x, "y": y, "width": third, "height": fourth}
    truth = {"x": x, "y": y, "width": width, "height": height}
    ids = {"image_id": np.arange(N)}
    images = pl.DataFrame(ids)
    if size:
        images = images.with_columns(width=pl.lit(size[0]), height=pl.lit(size[1]))
    raw = {
        "images": images,
        "categories": pl.DataFrame({"category_id": [1, 2, 3]}),
        "ground_truth": pl.DataFrame(ids | {"category_id": np.arange(N) % 3 + 1} | truth),
        "predictions": pl.DataFrame(
            ids
            | {"category_id": np.arange(N) % 3 + first_class, "score": np.full(N, 0.5)}
            | {name: values * scale for name, values in box.items()}
        ),
    }
    return {name: RawTable(frame, section=name) for name, frame in raw.items()}


@pytest.mark.parametrize("size", [(640, 480), None])
def test_ordinary_boxes_raise_no_suspicion(size):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        validated(tables(size=size), task="detection")
    assert told == []


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 1, 1), (0.5, 0.5, 0.25, 0.25), (3, 3, 9, 9)])
def test_few_small_boxes_raise_no_suspicion(box):
    names = ("x", "y", "width", "height")
    row = {"image_id": [1], "category_id": [1]} | {n: [float(v)] for n, v in zip(names, box, strict=True)}
    truth, found = pl.DataFrame(row), pl.DataFrame(row | {"score": [0.5]})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        validated({"ground_truth": RawTable(truth), "predictions": RawTable(found)}, task="detection")
    assert told == []


@pytest.mark.parametrize("size", [(640, 480), None])
def test_corners_read_as_sizes_are_recognised(size):
    with pytest.warns(InputWarning, match="box_format='xyxy'"):
        validated(tables(corners=True, size=size), task="detection")


def test_boxes_as_shares_of_the_image_are_recognised():
    with pytest.warns(InputWarning, match="normalised=True"):
        validated(tables(scale=1 / 640), task="detection")


def test_predicted_classes_counted_from_0_are_recognised():
    with pytest.warns(InputWarning, match="add 1"):
        data = validated(tables(first_class=0), task="detection")
    assert data.categories["category_id"].to_list() == [1, 2, 3, 0]


def test_classes_counted_from_0_where_ids_have_gaps_ask_for_a_map():
    raw = tables(first_class=0)
    raw["categories"] = RawTable(pl.DataFrame({"category_id": [1, 2, 3, 7]}))
    with pytest.warns(InputWarning, match="k-th"):
        validated(raw, task="detection")
