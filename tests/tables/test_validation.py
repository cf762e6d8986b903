import math

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cvfail.errors import SchemaError
from cvfail.tables.raw import RawTable
from cvfail.tables.validation import validated

IMAGES = pl.DataFrame({"image_id": [1, 2, 3], "file_name": ["a.jpg", "b.jpg", "c.jpg"]})
CATEGORIES = pl.DataFrame({"category_id": [1, 2], "name": ["cat", "dog"]})
BOXES = {
    "image_id": [1, 2, 2],
    "category_id": [1, 1, 2],
    "x": [0.0, 1.0, 2.0],
    "y": [0.0, 1.0, 2.0],
    "width": [10.0, 5.0, 0.0],
    "height": [10.0, 5.0, 4.0],
}
TRUTH = pl.DataFrame(BOXES | {"ground_truth_id": [7, 8, 9]})
FOUND = pl.DataFrame(BOXES | {"score": [0.9, 0.0, 1.0]})


def check(truth=TRUTH, found=FOUND, images=IMAGES, categories=CATEGORIES, **options):
    tables = {"images": images, "categories": categories, "ground_truth": truth, "predictions": found}
    raw = {name: RawTable(table, section=name) for name, table in tables.items() if table is not None}
    return validated(raw, task="detection", **options)


def problems(**changes):
    with pytest.raises(SchemaError) as caught:
        check(**changes)
    return caught.value


def with_value(frame, column, row, value):
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=frame.schema[column]))


def test_good_tables_pass_with_defaults_filled_in():
    data = check()
    assert data.ground_truth["area"].to_list() == [100.0, 25.0, 0.0]
    assert data.ground_truth["is_crowd"].to_list() == [False] * 3
    assert data.predictions["prediction_id"].to_list() == [0, 1, 2]
    assert data.images["cluster_id"].to_list() == [1, 2, 3]
    assert data.rejected.is_empty()


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("found", "score", None, "score must not be null"),
        ("found", "score", math.nan, "score must be a finite number"),
        ("found", "score", math.inf, "score must be a finite number"),
        ("found", "score", 1.5, "score must be in [0, 1]"),
        ("found", "score", -0.1, "score must be in [0, 1]"),
        ("found", "width", -1.0, "width must not be negative"),
        ("found", "x", math.nan, "x must be a finite number"),
        ("found", "image_id", 99, "image_id must be the id of one of the images"),
        ("found", "image_id", None, "image_id must not be null"),
        ("truth", "height", -2.0, "height must not be negative"),
        ("truth", "y", -math.inf, "y must be a finite number"),
        ("truth", "image_id", 99, "image_id must be the id of one of the images"),
        ("truth", "category_id", 99, "category_id must be the id of one of the categories"),
        ("truth", "ground_truth_id", 8, "ground_truth_id must be unique"),
        ("images", "image_id", 2, "image_id must be unique"),
        ("categories", "category_id", 2, "category_id must be unique"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_with_record_and_value(table, column, value, rule):
    frames = {"truth": TRUTH, "found": FOUND, "images": IMAGES, "categories": CATEGORIES}
    error = problems(**{table: with_value(frames[table], column, 0, value)})
    (problem,) = [p for p in error.problems if p.rule == rule]
    assert problem.count == 1
    assert problem.total == frames[table].height
    assert problem.record == (1 if rule.endswith("unique") else 0)
    assert problem.hint
    assert error.rows.filter(rule=rule).height == 1


def test_all_problems_of_all_tables_are_told_at_once_in_the_order_of_the_tables():
    error = problems(
        images=pl.concat([IMAGES, IMAGES.head(1)]),
        truth=with_value(with_value(TRUTH, "width", 1, -1.0), "category_id", 2, 77),
        found=with_value(with_value(FOUND, "score", 0, 73.0), "x", 2, math.nan),
    )
    assert [(p.source, p.field) for p in error.problems] == [
        ("images", "image_id"),
        ("ground_truth", "width"),
        ("ground_truth", "category_id"),
        ("predictions", "score"),
        ("predictions", "x"),
    ]
    assert str(error).startswith("5 problems in the input:\n")
    assert error.rows.select("table", "record").rows() == [
        ("images", 3),
        ("ground_truth", 1),
        ("ground_truth", 2),
        ("predictions", 0),
        ("predictions", 2),
    ]


def test_dropping_keeps_the_good_rows_in_order_and_the_reasons_for_the_others():
    data = check(
        truth=with_value(TRUTH, "width", 1, -1.0),
        found=with_value(FOUND, "score", 0, 73.0),
        on_invalid="drop",
    )
    assert data.ground_truth["ground_truth_id"].to_list() == [7, 9]
    assert data.predictions["score"].to_list() == [0.0, 1.0]
    assert data.predictions["prediction_id"].to_list() == [1, 2]
    assert data.rejected.rows() == [
        ("ground_truth", 1, "width", "width must not be negative", "-1.0"),
        ("predictions", 0, "score", "score must be in [0, 1]", "73.0"),
    ]


def test_a_row_that_breaks_two_rules_is_dropped_once_and_both_are_kept():
    found = with_value(with_value(FOUND, "score", 0, 73.0), "width", 0, -1.0)
    data = check(found=found, on_invalid="drop")
    assert data.predictions.height == 2
    assert data.rejected["field"].to_list() == ["score", "width"]


def test_rows_of_a_dropped_image_are_dropped_with_it():
    images = IMAGES.with_columns(width=pl.Series([5, -1, 5]))
    data = check(images=images, on_invalid="drop")
    assert data.images["image_id"].to_list() == [1, 3]
    assert data.ground_truth["image_id"].to_list() == [1]
    assert data.predictions["image_id"].to_list() == [1]


def test_a_missing_column_is_an_error_even_when_rows_are_dropped():
    with pytest.raises(SchemaError, match=r"column 'score' .* is missing"):
        check(found=FOUND.drop("score"), on_invalid="drop")


def test_a_missing_column_is_looked_for_under_other_names():
    assert "columns={'score': 'conf'}" in str(problems(found=FOUND.rename({"score": "conf"})))


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("score", ["0.9", "0.5", "0.1"], "score must hold numbers"),
        ("image_id", [1.0, 2.0, 2.0], "image_id must hold integers or text"),
        ("x", [True, False, True], "x must hold numbers"),
        ("image_id", [2**63, 1, 2], "image_id must hold integers or text"),
    ],
)
def test_a_column_of_the_wrong_kind_is_named_with_what_it_holds(column, values, expected):
    error = problems(found=FOUND.with_columns(pl.Series(column, values)))
    (problem,) = error.problems
    assert problem.rule == expected
    assert "for example" in problem.found


@pytest.mark.parametrize("flags", [[0, 1, 0], [False, True, None], [0, 1, None]])
def test_flags_may_be_numbers_and_null_is_false(flags):
    truth = TRUTH.with_columns(pl.Series("is_crowd", flags))
    assert check(truth=truth).ground_truth["is_crowd"].to_list() == [False, True, False]


def test_a_flag_other_than_0_and_1_is_refused():
    truth = TRUTH.with_columns(is_crowd=pl.Series([0, 1, 2]))
    assert problems(truth=truth).problems[0].rule == "is_crowd must hold true and false, or 1 and 0"


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int32, pl.UInt64])
def test_integer_ids_of_any_width_become_int64(dtype):
    data = check(
        truth=TRUTH.cast({"image_id": dtype}), found=FOUND.cast({"image_id": dtype, "category_id": dtype})
    )
    assert data.ground_truth.schema["image_id"] == pl.Int64
    assert data.predictions.schema["category_id"] == pl.Int64


def test_text_ids_stay_text_and_categoricals_become_text():
    to_text = {"image_id": pl.String, "category_id": pl.String}
    data = check(
        truth=TRUTH.cast(to_text),
        found=FOUND.cast(to_text).cast({"image_id": pl.Categorical}),
        images=IMAGES.cast({"image_id": pl.String}),
        categories=CATEGORIES.cast({"category_id": pl.String}),
    )
    assert data.predictions["image_id"].to_list() == ["1", "2", "2"]


def test_ids_of_different_types_are_told_once_per_table_with_both_types():
    error = problems(found=FOUND.cast({"image_id": pl.String}))
    (problem,) = error.problems
    assert problem.rule == "image_id must have the same type as image_id in images"
    assert problem.found == "text here, integers there"


def test_float32_is_widened_and_not_rounded():
    found = FOUND.with_columns(score=pl.Series([0.7, 0.3, 0.1], dtype=pl.Float32))
    scores = check(found=found).predictions["score"]
    assert scores[0] < 0.7
    assert scores[1] > 0.3
    assert scores.cast(pl.Float32).to_list() == found["score"].to_list()


def test_a_predicted_category_that_nothing_knows_becomes_one_of_its_own():
    data = check(found=with_value(FOUND, "category_id", 0, 99))
    assert data.categories.select("category_id", "name").rows() == [(1, "cat"), (2, "dog"), (99, "99")]


def test_images_and_categories_are_derived_where_they_are_not_given():
    found = with_value(FOUND, "image_id", 0, 5)
    data = check(found=found, images=None, categories=None)
    assert data.images["image_id"].to_list() == [1, 2, 5]
    assert data.categories.select("category_id", "name").rows() == [(1, "1"), (2, "2")]


@pytest.mark.parametrize("nothing", [FOUND.clear(), pl.DataFrame(), pl.DataFrame({"image_id": []})])
def test_no_predictions_are_ordinary_whatever_their_columns_hold(nothing):
    if nothing.width == 1:
        nothing = nothing.with_columns(pl.lit(None).alias(c) for c in FOUND.columns if c != "image_id")
    data = check(
        found=nothing,
        truth=TRUTH.cast({"image_id": pl.String}),
        images=IMAGES.cast({"image_id": pl.String}),
    )
    assert data.predictions.height == 0
    assert data.predictions.schema["image_id"] == pl.String
    assert data.predictions.schema["score"] == pl.Float64


def test_no_ground_truth_and_no_images_are_ordinary():
    data = check(
        truth=TRUTH.clear(), found=FOUND.clear(), images=IMAGES.clear(), categories=CATEGORIES.clear()
    )
    assert data.ground_truth.columns[:3] == ["ground_truth_id", "image_id", "category_id"]


def test_text_ids_of_predictions_do_not_need_ground_truth_or_images():
    found = FOUND.cast({"image_id": pl.String, "category_id": pl.String})
    for truth in (TRUTH.clear(), pl.DataFrame()):
        data = check(truth=truth, found=found, images=None, categories=None)
        assert data.images["image_id"].to_list() == ["1", "2"]
        assert data.categories["name"].to_list() == ["1", "2"]
        assert data.ground_truth.schema["category_id"] == pl.String


def test_percentages_and_logits_are_recognised():
    assert "divide by 100" in str(problems(found=with_value(FOUND, "score", 0, 73.0)))
    assert "logits" in str(problems(found=with_value(FOUND, "score", 0, -4.0)))


def test_file_names_and_class_names_in_the_place_of_ids_are_recognised():
    by_text = {"images": IMAGES.cast({"image_id": pl.String}), "truth": TRUTH.cast({"image_id": pl.String})}
    found = FOUND.with_columns(image_id=pl.lit("a.jpg"))
    assert "these are file names" in str(problems(found=found, **by_text))
    text_ids = {"categories": CATEGORIES.cast({"category_id": pl.String})}
    truth = TRUTH.with_columns(category_id=pl.lit("dog"))
    assert "these are names" in str(
        problems(truth=truth, found=FOUND.cast({"category_id": pl.String}), **text_ids)
    )


def test_ground_truth_counted_from_0_is_recognised():
    truth = TRUTH.with_columns(pl.col("category_id") - 1)
    assert "count from 0" in str(problems(truth=truth))


def test_a_reserved_attribute_name_is_told_with_the_other_problems():
    error = problems(truth=TRUTH.with_columns(outcome=pl.lit(1)), found=with_value(FOUND, "score", 0, 73.0))
    assert [p.field for p in error.problems] == ["outcome", "score"]


def test_the_input_is_not_modified():
    truth, found = TRUTH.clone(), FOUND.clone()
    check(truth=truth, found=found)
    assert_frame_equal(truth, TRUTH)
    assert_frame_equal(found, FOUND)
