import polars as pl
import pytest

from cvfail.io.attribute_columns import attribute_columns, attribute_series


@pytest.mark.parametrize(
    ("values", "expected", "dtype"),
    [
        ([1, None, 3], [1, None, 3], pl.Int64),
        ([1, 2.5], [1.0, 2.5], pl.Float64),
        ([True, False], [True, False], pl.Boolean),
        ([True, 0, 1], [1, 0, 1], pl.Int64),
        (["a", None], ["a", None], pl.String),
        ([1, "a", True], ["1", "a", "True"], pl.String),
        ([2**70, 1], [str(2**70), "1"], pl.String),
    ],
)
def test_scalars_keep_their_kind_and_mixed_kinds_become_text(values, expected, dtype):
    series = attribute_series("a", values)
    assert series.to_list() == expected
    assert series.dtype == dtype


@pytest.mark.parametrize("values", [[None, None], [], [[1], None], [{"a": 1}]])
def test_lists_objects_and_nothing_are_no_attributes(values):
    assert attribute_series("a", values) is None


def test_entries_of_attributes_become_columns_of_their_own():
    columns, clashes = attribute_columns(
        {"attributes": [{"blur": 1}, None, {"pose": "left"}], "pose": [None, "up", None], "n": [1, 2, 3]}
    )
    assert columns["blur"].to_list() == [1, None, None]
    assert columns["n"].to_list() == [1, 2, 3]
    assert clashes == ["pose"]
