import polars as pl
import pytest

from cvfail.errors import SchemaError
from cvfail.tables.dataset import Dataset
from cvfail.tables.declared import INPUT_TABLES


def empty(task="detection", **changes):
    frames = {table.name: table.empty() for table in INPUT_TABLES[task]}
    return Dataset(task, **(frames | changes))


@pytest.mark.parametrize("task", ["detection", "classification"])
def test_a_dataset_without_rows_is_ordinary(task):
    assert "images: 0 rows" in repr(empty(task))


def test_attributes_are_the_columns_that_the_declaration_does_not_name():
    images = INPUT_TABLES["detection"][0].empty().with_columns(weather=pl.lit("rain"), camera=pl.lit(1))
    assert empty(images=images).attributes("images") == ["weather", "camera"]


@pytest.mark.parametrize(
    "name", ["outcome", "matched", "Rank", "size", "matched_small", "ignored_large", "X"]
)
def test_an_attribute_with_a_name_that_cvfail_needs_is_refused_with_a_remedy(name):
    truth = INPUT_TABLES["detection"][2].empty().with_columns(pl.lit(1).alias(name))
    with pytest.raises(SchemaError, match="Hint: rename the attribute") as caught:
        empty(ground_truth=truth)
    assert caught.value.problems[0].field == name


def test_attributes_that_differ_only_in_case_are_refused_because_sql_knows_no_case():
    images = INPUT_TABLES["detection"][0].empty().with_columns(Weather=pl.lit(1), weather=pl.lit(2))
    with pytest.raises(SchemaError, match="may not be called 'weather'"):
        empty(images=images)


def test_a_dataset_cannot_be_changed():
    with pytest.raises(AttributeError):
        empty().images = None  # type: ignore[misc]
