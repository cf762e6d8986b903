"""Group-bys over no, one and many columns."""

import polars as pl

from cvfail.statistics.grouping import aggregate, attach

FRAME = pl.DataFrame({"a": [2, 1, None, 1], "b": ["x", "y", "x", None], "n": [1, 2, 3, 4]})


def test_no_group_columns_make_one_group_even_without_rows():
    assert aggregate(FRAME, [], pl.col("n").sum()).rows() == [(10,)]
    assert aggregate(FRAME.clear(), [], pl.col("n").sum()).rows() == [(0,)]


def test_groups_are_sorted_with_nulls_last():
    assert aggregate(FRAME, ["a", "b"], pl.col("n").sum()).rows() == [
        (1, "y", 2),
        (1, None, 4),
        (2, "x", 1),
        (None, "x", 3),
    ]
    assert aggregate(FRAME.clear(), ["a"], pl.col("n").sum()).rows() == []


def test_attaching_keeps_the_rows_in_order_and_leaves_unknown_groups_null():
    groups = pl.DataFrame({"a": [None, 1], "total": [30, 10]}, schema={"a": pl.Int64, "total": pl.Int64})
    assert attach(FRAME, groups, ["a"])["total"].to_list() == [None, 10, 30, 10]
    assert attach(FRAME, pl.DataFrame({"total": [7]}), [])["total"].to_list() == [7] * 4
    assert attach(FRAME.clear(), groups, ["a"]).columns == ["a", "b", "n", "total"]
