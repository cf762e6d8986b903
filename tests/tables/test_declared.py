import polars as pl
import pytest

from cvfail.tables import declared
from cvfail.tables.declared import INPUT_TABLES, RESERVED_NAMES
from cvfail.tables.schema import Column, Table

TABLES = [*INPUT_TABLES["detection"], *INPUT_TABLES["classification"], declared.PAIRS]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_names_each_column_once_and_says_what_it_means(table):
    assert len(set(table.names)) == len(table.names)
    assert all(column.meaning for column in table)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_column_that_null_fills_says_what_null_means(table):
    for column in table:
        if column.default is not None and column.default.meaning == "null":
            assert column.null


def test_no_input_column_has_a_reserved_name():
    for tables in INPUT_TABLES.values():
        for table in tables:
            assert not RESERVED_NAMES & set(table.names)


def test_an_empty_table_has_the_declared_columns_and_id_type():
    empty = declared.IMAGES.empty(id_dtype=pl.String)
    assert empty.columns == ["image_id", "file_name", "width", "height", "cluster_id"]
    assert empty.schema["image_id"] == pl.String
    assert empty.height == 0


def test_a_column_knows_which_finished_dtypes_it_may_have():
    table = Table("t", "a row", (Column(name="i", dtype="id", meaning="id"),))
    assert table["i"].accepts(pl.Int64())
    assert table["i"].accepts(pl.String())
    assert not table["i"].accepts(pl.Float64())
    assert declared.DETECTION_PREDICTIONS["score"].accepts(pl.Float64())
