import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cvfail.errors import PolicyError, SchemaError
from cvfail.io.frames import from_frames
from cvfail.tables.result import ResultTable

TRUTH = pl.DataFrame(
    {
        "image_id": ["a", "b", "b"],
        "category_id": [1, 1, 2],
        "x": [0.0, 1.5, 2.0],
        "y": [0.0, 1.0, 2.0],
        "width": [10.0, 5.0, 0.0],
        "height": [10.0, 5.0, 4.0],
        "occlusion": ["none", None, "heavy"],
    }
)
FOUND = TRUTH.drop("occlusion").with_columns(score=pl.Series([0.9, 0.0, 1.0]), model=pl.lit("v3"))


def read(truth=TRUTH, found=FOUND, **options):
    return from_frames(ground_truth=truth, predictions=found, **{"box_format": "xywh", **options})


EXPECTED = read()

CONTAINERS = {
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pandas with an index of its own": lambda frame: (
        frame.to_pandas().iloc[::-1].iloc[::-1].set_axis([7, 3, 9])
    ),
    "pyarrow table": lambda frame: frame.to_arrow(),
    "record batches": lambda frame: frame.to_arrow().to_reader(),
    "dictionary of lists": lambda frame: frame.to_dict(as_series=False),
    "dictionary of arrays": lambda frame: {name: frame[name].to_numpy() for name in frame.columns},
    "list of dictionaries": lambda frame: frame.to_dicts(),
    "result table": lambda frame: ResultTable(frame, caption=""),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_tables_of_every_library_read_the_same(container):
    data = read(CONTAINERS[container](TRUTH), CONTAINERS[container](FOUND))
    assert_frame_equal(data.ground_truth, EXPECTED.ground_truth)
    assert_frame_equal(data.predictions, EXPECTED.predictions)


def test_duckdb_relations_are_read():
    with duckdb.connect() as connection:
        connection.register("truth", TRUTH.to_arrow())
        connection.register("found", FOUND.to_arrow())
        data = read(connection.sql("from truth"), connection.sql("from found"))
    assert_frame_equal(data.ground_truth, EXPECTED.ground_truth)


def test_reading_a_duckdb_relation_leaves_no_trace_on_stderr():
    program = (
        "import duckdb, cvfail as cf\n"
        'rows = duckdb.sql("select 1 as image_id, 1 as category_id, .5 as score, [0, 0, 1, 1] as bbox")\n'
        "print(cf.from_frames(ground_truth=rows, predictions=rows, box_format='xywh'))\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "predictions: 1 rows" in done.stdout


def test_other_columns_ride_along_as_attributes():
    assert EXPECTED.attributes("ground_truth") == ["occlusion"]
    assert EXPECTED.attributes("predictions") == ["model"]


def test_column_names_are_mapped_for_all_tables_or_by_table():
    truth = TRUTH.rename({"image_id": "file"})
    found = FOUND.rename({"image_id": "file", "score": "conf"})
    flat = read(truth, found, columns={"image_id": "file", "score": "conf"})
    nested = read(
        truth,
        found,
        columns={"ground_truth": {"image_id": "file"}, "predictions": {"image_id": "file", "score": "conf"}},
    )
    for data in (flat, nested):
        assert_frame_equal(data.predictions, EXPECTED.predictions)


def test_a_mapped_column_displaces_the_one_that_has_the_name():
    found = FOUND.with_columns(calibrated=pl.lit(0.25))
    data = read(found=found, columns={"predictions": {"score": "calibrated"}})
    assert data.predictions["score"].to_list() == [0.25] * 3
    assert "calibrated" not in data.predictions.columns


def test_one_column_may_serve_twice():
    images = pl.DataFrame({"path": ["a", "b"]})
    data = read(images=images, columns={"images": {"image_id": "path", "file_name": "path"}})
    assert data.images.select("image_id", "file_name").rows() == [("a", "a"), ("b", "b")]


def test_a_table_without_any_column_that_is_needed_lacks_all_of_them():
    with pytest.raises(SchemaError) as caught:
        read([1, 2])
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["image_id", "category_id", "x", "y", "width", "height"]


def test_a_table_that_does_not_exist_cannot_be_mapped():
    with pytest.raises(PolicyError, match="the tables are images, categories, ground_truth, predictions"):
        read(columns={"detections": {"score": "conf"}})


def test_a_mapped_column_that_does_not_exist_is_told_by_its_own_name():
    with pytest.raises(SchemaError, match=r"column 'conf' .* is missing"):
        read(columns={"predictions": {"score": "conf"}}, found=FOUND.drop("score"))


def test_coco_names_are_understood():
    images = pl.DataFrame({"id": ["a", "b"], "width": [100, 100], "height": [90, 90]})
    truth = TRUTH.rename({"width": "w", "height": "h"}).with_columns(id=pl.int_range(5, 8), iscrowd=pl.lit(0))
    data = read(truth, images=images, categories={"id": [1, 2], "name": ["cat", "dog"]})
    assert data.ground_truth["ground_truth_id"].to_list() == [5, 6, 7]
    assert data.images["width"].to_list() == [100, 100]
    assert data.categories["name"].to_list() == ["cat", "dog"]


def test_the_ignore_column_is_said_by_name():
    truth = TRUTH.with_columns(difficult=pl.Series([0, 1, None]))
    data = read(truth, ignore="difficult")
    assert data.ground_truth["is_ignored"].to_list() == [False, True, False]
    assert "difficult" in data.attributes("ground_truth")
    with pytest.raises(SchemaError, match="column 'difficult'"):
        read(ignore="difficult")


def test_integer_ids_of_any_width_and_float32_are_widened():
    to_small = {"category_id": pl.UInt8}
    found = FOUND.cast(to_small).with_columns(pl.col("x", "y", "width", "height", "score").cast(pl.Float32))
    data = read(TRUTH.cast(to_small), found)
    assert data.predictions.schema["category_id"] == pl.Int64
    assert data.predictions["score"].to_list() == found["score"].cast(pl.Float64).to_list()


def test_nan_of_pandas_is_told_as_a_missing_value():
    found = FOUND.to_pandas()
    found.loc[1, "score"] = np.nan
    with pytest.raises(SchemaError, match="predictions: score must not be null; 1 of 3 records"):
        read(found=found)


def test_ids_that_pandas_made_floats_are_told_with_the_reason():
    found = pd.DataFrame(FOUND.to_dicts()).astype({"category_id": float})
    with pytest.raises(SchemaError, match="pandas makes floats of integers with gaps"):
        read(found=found)


@pytest.mark.parametrize("wrong", ["truth.csv", 3, None, {"image_id": [1, "a"]}])
def test_what_is_no_table_is_refused(wrong):
    with pytest.raises(SchemaError, match="ground_truth: must be a table"):
        read(wrong if wrong is not None else object())


@pytest.mark.parametrize("empty", [FOUND.clear(), pl.DataFrame(), [], {}, FOUND.clear().to_pandas()])
def test_no_predictions_are_ordinary(empty):
    data = read(found=empty)
    assert data.predictions.height == 0
    assert data.predictions.schema["image_id"] == pl.String


def test_a_frame_is_called_by_its_table_in_messages():
    with pytest.raises(SchemaError, match=r"^predictions: score must be in \[0, 1\]; 1 of 3"):
        read(found=FOUND.with_columns(score=pl.Series([0.9, 73.0, 1.0])))


def test_inputs_are_not_modified():
    truth = TRUTH.to_pandas()
    before = truth.copy()
    read(truth, columns={"x": "x"})
    pd.testing.assert_frame_equal(truth, before)


_sides = st.floats(0, 1e4, allow_nan=False, width=32)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(_sides, _sides, _sides, _sides), max_size=6))
def test_boxes_as_columns_and_as_lists_are_the_same_numbers(boxes):
    ids = {"image_id": list(range(len(boxes))), "category_id": [1] * len(boxes)}
    as_lists = pl.DataFrame(
        ids | {"bbox": [list(box) for box in boxes]}, schema_overrides={"bbox": pl.List(pl.Float64)}
    )
    names = ("x", "y", "width", "height")
    as_columns = pl.DataFrame(ids | {n: [box[i] for box in boxes] for i, n in enumerate(names)})
    tables = [as_lists, as_columns, as_lists.cast({"bbox": pl.Array(pl.Float64, 4)}), as_lists.to_arrow()]
    results = [read(table, pl.DataFrame()).ground_truth for table in tables]
    assert results[0].select(names).rows() == boxes
    for other in results[1:]:
        assert_frame_equal(other, results[0])


def test_pyarrow_tables_without_rows_and_with_chunks_are_read():
    chunked = pa.concat_tables([FOUND.to_arrow(), FOUND.to_arrow()])
    assert read(found=chunked).predictions.height == 6
