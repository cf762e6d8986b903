import csv
import io
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cvfail.errors import PolicyError
from cvfail.tables.writing import table_text, write_table, write_whole

TABLE = pl.DataFrame(
    {
        "class": ["cat|dog", None],
        "recall": [0.123456789, None],
        "boxes": [[1.0, 2.0], None],
        "at": [{"x": 1}, {"x": 2}],
        "found": [True, False],
    }
)


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "parquet", "md", "txt", "CSV"])
@pytest.mark.parametrize("table", [TABLE, TABLE.clear()], ids=["rows", "no rows"])
def test_every_format_is_written_whole_and_alone(tmp_path, suffix, table):
    path = write_table(table, tmp_path / "deep" / f"out.{suffix}")
    assert path.is_file()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_parquet_comes_back_equal(tmp_path):
    assert_frame_equal(pl.read_parquet(write_table(TABLE, tmp_path / "t.parquet")), TABLE)


def test_json_keeps_nested_values_and_nulls(tmp_path):
    rows = json.loads(write_table(TABLE, tmp_path / "t.json").read_text())
    assert rows == TABLE.to_dicts()
    lines = write_table(TABLE, tmp_path / "t.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == TABLE.to_dicts()


def test_nested_columns_become_json_text_in_csv():
    rows = list(csv.DictReader(io.StringIO(table_text(TABLE, "csv"))))
    assert json.loads(rows[0]["boxes"]) == [1.0, 2.0]
    assert json.loads(rows[1]["at"]) == {"x": 2}
    assert rows[1]["boxes"] == ""


def test_markdown_escapes_bars_and_leaves_null_empty():
    assert table_text(TABLE, "md").splitlines()[2:] == [
        '| cat\\|dog | 0.1235 | [1.0,2.0] | {"x":1} | true |',
        '|  |  |  | {"x":2} | false |',
    ]


def test_the_terminal_shows_every_row():
    assert table_text(pl.DataFrame({"n": range(100)})).count("\n") == 105 - 1


@given(st.lists(st.tuples(st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.text()), max_size=5))
def test_json_lines_round_trip_numbers_and_text_exactly(rows):
    table = pl.DataFrame(rows, schema={"i": pl.Int64, "f": pl.Float64, "s": pl.String}, orient="row")
    finite = table.filter(pl.col("f").is_finite())
    back = [json.loads(line) for line in table_text(finite, "jsonl").split("\n") if line]
    assert back == finite.to_dicts()


def test_a_suffix_that_names_no_format_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="Hint: end the name in"):
        write_table(TABLE, tmp_path / "t.xlsx")
    with pytest.raises(PolicyError, match="no format is called"):
        table_text(TABLE, "xml")  # type: ignore[arg-type]


def test_a_failure_leaves_what_was_there_and_no_part(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("before")

    def fail(target):
        target.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, fail)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
