"""Geometry of boxes, row by row against the definitions."""

import math
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.attributes.geometry import GEOMETRY_COLUMNS, POSITIONS, SIDES, border, relative_size_class
from cvfail.errors import PolicyError, SchemaError
from tests.scenes import detection

number = st.integers(-4, 60) | st.floats(-4, 60)
extent = st.integers(0, 60) | st.floats(0, 60)
box = st.tuples(number, number, extent, extent)


def scene(boxes, width=48, height=36):
    """Objects and equal predictions in one image."""
    records = [{"image_id": 1, "category_id": 1, "bbox": list(some), "score": 0.5} for some in boxes]
    data = detection([1], [1], records, records)
    size = [pl.lit(width, pl.Int64).alias("width"), pl.lit(height, pl.Int64).alias("height")]
    return replace(data, images=data.images.with_columns(size))


def plainly(x, y, w, h, across, down):
    """The attributes of one box."""
    ratio = w / h if h > 0 else None
    aspect = None if ratio is None else "tall" if ratio < 3 / 4 else "square" if ratio < 4 / 3 else "wide"
    if not (across and down):
        return w * h, None, ratio, aspect, None, None, None
    touched = [x <= 1, y <= 1, x + w >= across - 1, y + h >= down - 1]
    column, row = (x + w / 2) / across, (y + h / 2) / down
    cell = 3 * min(max(math.floor(3 * row), 0), 2) + min(max(math.floor(3 * column), 0), 2)
    sides = " ".join(side for side, is_touched in zip(SIDES, touched, strict=True) if is_touched)
    size = math.sqrt(w * h / (across * down))
    return w * h, size, ratio, aspect, sides or "none", sum(touched), POSITIONS[cell]


@given(st.lists(box, max_size=8), st.sampled_from([None, 0, 1, 48]), st.sampled_from([None, 0, 36]))
def test_every_box_has_what_the_definitions_say(boxes, width, height):
    data = cf.with_geometry(scene(boxes, width, height))
    for table in ("ground_truth", "predictions"):
        found = data.frame(table).select(GEOMETRY_COLUMNS).rows()
        assert len(found) == len(boxes)
        for some, row in zip(boxes, found, strict=True):
            area, size, *others = plainly(*map(float, some), width, height)
            assert row == (area, row[1], *others)
            assert row[1] == size or row[1] == pytest.approx(size, rel=1e-14)


@pytest.mark.parametrize(
    ("size", "aspect"),
    [((74.9, 100), "tall"), ((75, 100), "square"), ((4, 3), "wide"), ((1.33, 1), "square"), ((5, 0), None)],
)
def test_classes_of_the_aspect_are_half_open(size, aspect):
    assert cf.with_geometry(scene([(0, 0, *size)])).ground_truth["aspect"].to_list() == [aspect]


def test_contact_is_within_a_pixel_and_the_tolerance_can_be_another():
    frame = pl.DataFrame({"x": [1.0, 1.1], "y": 5.0, "width": 2.0, "height": 2.0}).with_columns(
        image_width=40, image_height=40
    )
    assert frame.select(border()).to_series().to_list() == ["left", "none"]
    assert frame.select(border(tolerance=2)).to_series().to_list() == ["left", "left"]


def test_relative_sizes_have_classes_with_half_open_edges():
    sizes = pl.DataFrame({"a": [0.0, 0.05, 0.4, None]})
    labels = sizes.select(relative_size_class(pl.col("a")))["a"].to_list()
    assert labels == ["< 5 %", "5 – 10 %", "≥ 40 %", None]


def test_the_dataset_given_stays_as_it_was_and_cannot_gain_the_columns_twice():
    data = scene([(0, 0, 5, 5)])
    once = cf.with_geometry(data)
    assert "aspect" not in data.ground_truth.columns
    with pytest.raises(SchemaError, match="are they there already"):
        cf.with_geometry(once)


def test_without_boxes_there_is_no_geometry():
    with pytest.raises(PolicyError, match="only boxes have a geometry"):
        cf.with_geometry(cf.from_labels(["a"], ["a"]))


def test_objects_and_predictions_are_sliced_by_their_own_box():
    data = cf.with_geometry(scene([(0, 0, 10, 20), (20, 5, 20, 10)]))
    rows = cf.evaluate(data).metrics(by="aspect").df
    assert set(rows["fp_rule"].drop_nulls()) == {"own_geometry"}
