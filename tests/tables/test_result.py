"""Result tables speak Arrow, Polars and pandas."""

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from cvfail.tables.result import ResultTable

TABLE = ResultTable(
    pl.DataFrame({"class": ["cat", None], "recall": [0.25, 1.0]}), caption="IoU >= 0.5 & <score>"
)


def test_arrow_consumers_read_it():
    assert pl.DataFrame(TABLE).equals(TABLE.df)
    assert pa.table(TABLE).to_pydict() == TABLE.df.to_dict(as_series=False)
    with duckdb.connect() as connection:
        connection.register("answer", pa.table(TABLE))
        assert connection.sql("SELECT sum(recall) FROM answer").fetchall() == [(1.25,)]


def test_pandas_needs_its_extra_and_then_works():
    pytest.importorskip("pandas")
    assert TABLE.to_pandas()["recall"].tolist() == [0.25, 1.0]


def test_the_caption_stands_above_the_rows_and_is_escaped_in_html():
    assert repr(TABLE).splitlines()[0] == TABLE.caption
    assert "IoU &gt;= 0.5 &amp; &lt;score&gt;" in TABLE._repr_html_()


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "parquet", "md"])
def test_it_writes_by_suffix(tmp_path, suffix):
    path = TABLE.write(tmp_path / f"answer.{suffix}")
    assert path.stat().st_size > 0
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
