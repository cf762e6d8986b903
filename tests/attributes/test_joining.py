"""Joining tables of attributes: any kind of table, any order of rows, and what is refused."""

import warnings

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.attributes.joining import key_of
from cvfail.errors import FormatError, MissingFileError, PolicyError, SchemaError
from cvfail.tables.suspicions import InputWarning
from tests.scenes import detection

BOX = [0, 0, 10, 10]
WEATHER = {"image_id": [3, 1, 2], "weather": ["fog", "sun", None]}


def scene(images=(1, 2, 3)):
    """One object and one prediction in every image."""
    records = [{"image_id": image, "category_id": 1, "bbox": BOX, "score": 0.5} for image in images]
    return detection(list(images), [1], records, records)


def as_file(suffix):
    """A function that writes a frame."""

    def write(frame, folder):
        path = folder / f"wetter – 天気{suffix}"
        {
            ".parquet": frame.write_parquet,
            ".csv": frame.write_csv,
            ".json": frame.write_json,
            ".jsonl": frame.write_ndjson,
        }[suffix](path)
        return path

    return write


TABLES = {
    "dictionary": lambda frame, _: frame.to_dict(as_series=False),
    "Polars": lambda frame, _: frame,
    "pandas": lambda frame, _: frame.to_pandas(),
    "pyarrow": lambda frame, _: frame.to_arrow(),
    "DuckDB": lambda frame, _: duckdb.sql("SELECT * FROM frame"),
    "text path": lambda frame, folder: str(as_file(".csv")(frame, folder)),
    **{suffix: as_file(suffix) for suffix in (".parquet", ".csv", ".json", ".jsonl")},
}


@pytest.mark.parametrize("make", TABLES.values(), ids=list(TABLES))
def test_any_table_joins_in_the_order_of_the_dataset(make, tmp_path):
    if make is TABLES["pandas"]:
        pytest.importorskip("pandas")
    data = cf.with_attributes(scene(), make(pl.DataFrame(WEATHER), tmp_path))
    assert data.images["weather"].to_list() == ["sun", None, "fog"]
    assert data.images.columns[-1] == "weather"


@given(st.permutations(range(12)), st.integers(0, 12))
def test_rows_in_any_order_reach_their_key_and_keys_without_row_get_null(order, count):
    given_rows = {"image_id": order[:count], "a": [f"of {i}" for i in order[:count]]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        joined = cf.with_attributes(
            scene(range(12)), pl.DataFrame(given_rows, schema_overrides={"image_id": int})
        )
    known = set(order[:count])
    assert joined.images["a"].to_list() == [f"of {i}" if i in known else None for i in range(12)]


@pytest.mark.parametrize(
    ("on", "keys", "table"),
    [
        ("file_name", ["2.jpg", "1.jpg", "3.jpg"], "images"),
        ("ground_truth_id", [1, 0, 2], "ground_truth"),
        ("prediction_id", [1, 0, 2], "predictions"),
    ],
)
def test_each_key_joins_to_its_table_and_leaves_out_other_keys(on, keys, table):
    data = cf.with_attributes(scene(), {on: keys, "a": [20, 10, 30], "image_id": [0, 0, 0]}, on=on)
    assert data.frame(table)["a"].to_list() == [10, 20, 30]
    assert data.frame(table)["image_id"].to_list() == [1, 2, 3]


def test_ids_of_text_keep_their_leading_zeros_in_csv(tmp_path):
    (tmp_path / "a.csv").write_text("image_id,a\n007,x\n7,y\n")
    data = cf.with_attributes(scene(["7", "007"]), tmp_path / "a.csv")
    assert data.images["a"].to_list() == ["y", "x"]


def test_dates_in_csv_are_dates(tmp_path):
    (tmp_path / "a.csv").write_text("image_id,at\n1,2024-05-01T21:30:00\n")
    data = cf.with_attributes(scene([1]), tmp_path / "a.csv")
    assert cf.bin_by_time(data.images["at"], "day_night").to_list() == ["night"]


def test_keys_on_one_side_only_are_said_with_their_number():
    with pytest.warns(InputWarning) as caught:
        cf.with_attributes(scene(), {"image_id": [1, 2, 9], "a": [1, 2, 3]})
    said = [str(warning.message) for warning in caught]
    assert said == [
        "attributes: 1 of 3 image_id are not in the dataset, for example 9; they are left out",
        "attributes: 1 of 3 image_id of the dataset have no row, for example 3; their attributes are null",
    ]


@pytest.mark.filterwarnings("ignore::cvfail.tables.suspicions.InputWarning")
@pytest.mark.parametrize("images", [[], [1]])
def test_tables_and_datasets_may_be_empty(images):
    empty = pl.DataFrame(schema={"image_id": pl.Int64, "a": pl.String})
    data = cf.with_attributes(scene(images), empty)
    assert data.images["a"].to_list() == [None] * len(images)
    assert cf.with_attributes(scene([]), WEATHER).images["weather"].to_list() == []


def test_a_joined_attribute_slices_the_metrics_and_null_is_a_slice():
    rows = cf.evaluate(cf.with_attributes(scene(), WEATHER)).metrics(by="weather").df
    assert set(rows["weather"]) == {"sun", "fog", None}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1]}, "the key 'image_id' is missing"),
        ({}, "the key 'image_id' is missing"),
        ({"file_name": ["1.jpg"], "a": [1]}, "on='file_name'"),
        ({"image_id": [1, 1, 2], "a": [1, 2, 3]}, "1 of 3 rows repeat one"),
        ({"image_id": ["x"], "a": [1]}, "image_id must be integers, as in the dataset"),
        ({"image_id": [1], "width": [1]}, "new columns must have names that images does not have"),
        ({"image_id": [1], "Width": [1]}, "new columns must have names that images does not have"),
    ],
)
def test_what_does_not_fit_is_refused(table, message):
    with pytest.raises(SchemaError, match=message):
        cf.with_attributes(scene([1]), table)


def test_a_key_that_is_none_is_refused():
    with pytest.raises(PolicyError, match="no table has the key 'id'"):
        cf.with_attributes(scene(), {"id": [1]}, on="id")


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.parquet", "a.xlsx", "a"])
def test_files_that_hold_nothing_readable_are_refused(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x00\xff{[")
    with pytest.raises((FormatError, SchemaError)):
        cf.with_attributes(scene(), tmp_path / name)
    with pytest.raises(MissingFileError):
        cf.with_attributes(scene(), tmp_path / f"no {name}")


def test_the_key_of_a_file_is_the_most_special_it_has(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"image_id": [1], "prediction_id": [1]}).write_parquet(path)
    assert key_of(path) == "prediction_id"
    pl.DataFrame({"file_name": ["1"], "a": [1]}).write_parquet(path)
    assert key_of(path) == "file_name"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    with pytest.raises(SchemaError, match="attributes need a key"):
        key_of(path)
