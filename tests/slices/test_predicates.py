"""Slices as users write them: text, SQL, expressions, and their combinations."""

import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.slices.predicates import AttributeValue, Slice, declared_slices
from tests.slices.declared import random_evaluation, worked

METRICS = ("recall", "precision", "f1", "ap50", "calibration_error")


def answers(evaluation, where, **options):
    """Everything that a table says of one slice, whatever it is written like."""
    table = evaluation.slices({"it": where}, metrics=METRICS, **options)
    return table.df, table.counts(), table.confusions(), table.rows("it")


def same(one, other):
    return all(mine.equals(theirs) for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("light=night", [("light", "night")]),
        ("light = night", [("light", "night")]),
        ("time of day=early morning", [("time of day", "early morning")]),
        ("light=(null)", [("light", "(null)")]),
        ("light=night & size=small", [("light", "night"), ("size", "small")]),
        ("brightness=< 24.75 & angle=7.5 – 12", [("brightness", "< 24.75"), ("angle", "7.5 – 12")]),
    ],
)
def test_an_attribute_and_its_value_are_read_from_text(text, parts):
    assert Slice(text).parts == tuple(AttributeValue(*part) for part in parts)
    assert Slice(text).name == text


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("light = 'night'", ("light",)),
        ("brightness < 60 AND light IN ('day', 'night')", ("brightness", "light")),
        ("light = 'day' or light is null", ("light",)),
        ("a between 1 and 2 AND NOT b", ("a", "b")),
        ("width >= 2 * height", ("width", "height")),
        ("a = 1 AND b = 2", ("a", "b")),
        ("a == 1", ("a",)),
        ("a != 1", ("a",)),
    ],
)
def test_other_text_is_sql(text, columns):
    assert Slice(text).columns == columns
    assert all(isinstance(part, pl.Expr) for part in Slice(text).parts)


def test_conditions_that_are_joined_stand_for_themselves():
    night, wide = pl.col("light") == "night", pl.col("width") > 10
    by_hand = Slice(night) & Slice(wide)
    for joined in (Slice(night & wide), Slice("light = 'night' AND width > 10"), by_hand):
        assert [part.meta.root_names() for part in joined.parts] == [["light"], ["width"]]
    assert len(Slice((night & wide) | wide).parts) == 1


@pytest.mark.parametrize("false_positives", ["shared", "attributed"])
@pytest.mark.parametrize(
    "ways",
    [
        ("light=night", "light = 'night'", pl.col("light") == "night"),
        ("light=(null)", "light IS NULL", pl.col("light").is_null()),
        ("size=small", "size = 'small'", pl.col("size") == "small"),
        ("category=class 9", "category IN ('class 9')", pl.col("category").is_in(["class 9"])),
        ("cover=hidden", "cover LIKE 'hidden'", ~(pl.col("cover") != "hidden")),
        ("angle=4", "angle = 4", pl.col("angle") == 4),
        ("brightness=41", "brightness BETWEEN 41 AND 41", pl.col("brightness").is_between(41, 41)),
        (
            "cover=hidden & light=night",
            "light = 'night' AND cover = 'hidden'",
            (pl.col("cover") == "hidden") & (pl.col("light") == "night"),
        ),
        ("file_name=4.jpg", "file_name = '4.jpg'", pl.col("file_name").str.starts_with("4.")),
        ("head=a", "head = 'a'", pl.col("head") == "a"),
    ],
)
def test_text_sql_and_expression_have_the_same_answers(ways, false_positives):
    evaluation = random_evaluation(3)
    first, *others = (answers(evaluation, way, false_positives=false_positives) for way in ways)
    assert all(same(first, other) for other in others)


def test_a_range_of_numbers_is_written_as_tables_write_it():
    evaluation = random_evaluation(5, images=30)
    edges = evaluation.images["brightness"].quantile(0.25, "linear")
    text = next(
        level
        for level in evaluation.metrics(by="brightness").df["brightness"].cast(pl.String)
        if level and level.startswith("<")
    )
    assert same(answers(evaluation, f"brightness={text}"), answers(evaluation, pl.col("brightness") < edges))


def test_slices_are_combined():
    evaluation = random_evaluation(4)
    night, small = Slice(pl.col("light") == "night", name="night"), Slice("area < 1024", name="small")
    assert same(answers(evaluation, night & small), answers(evaluation, "light = 'night' AND area < 1024"))
    assert same(
        answers(evaluation, night | small),
        answers(evaluation, "(light = 'night') OR (area < 1024)"),
    )
    assert same(answers(evaluation, ~night), answers(evaluation, "light <> 'night'"))
    assert same(
        answers(evaluation, ~(night & small)), answers(evaluation, "NOT (light = 'night' AND area < 1024)")
    )
    assert (night & small).name == "night & small"
    assert (night | small).name == "(night | small)"
    assert (~night).name == "~(night)"
    mixed = Slice("cover=hidden") & night
    assert mixed.columns == ("cover", "light")
    assert same(answers(evaluation, mixed), answers(evaluation, "cover=hidden & light=night"))


def test_a_row_whose_predicate_is_null_is_outside_the_slice_and_outside_its_opposite():
    evaluation = random_evaluation(3)
    slices = {"night": "light = 'night'", "not": ~Slice("light = 'night'"), "unknown": "light=(null)"}
    table = evaluation.slices({**slices, "all": pl.lit(True)}, metrics="recall")
    support = dict(table.df.select("slice", "support").rows())
    assert support["night"] + support["not"] + support["unknown"] == support["all"]
    assert support["unknown"] > 0
    unknown = evaluation.images.filter(pl.col("light").is_null())["image_id"]
    assert set(table.rows("unknown")["image_id"]) <= set(unknown)
    night, rest = table.df.filter(pl.col("slice") == "night").select("estimate", "rest").row(0)
    everything = table.df.filter(pl.col("slice") == "all")["estimate"].item()
    outside = support["all"] - support["night"]
    assert rest * outside == pytest.approx(everything * support["all"] - night * support["night"])


def test_slices_come_alone_in_a_list_or_by_name():
    expression = pl.col("area") > 3
    assert [one.name for one in declared_slices("light=day")] == ["light=day"]
    assert [one.name for one in declared_slices(expression)] == [str(expression)]
    assert [one.name for one in declared_slices([Slice("a=1"), "b=2"])] == ["a=1", "b=2"]
    assert [one.name for one in declared_slices({"first": "a=1", "second": Slice("b=2")})] == [
        "first",
        "second",
    ]
    assert declared_slices([]) == []
    assert repr(Slice("a=1")) == "Slice(a=1)"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("this is nonsense", "no predicate.*Hint: attribute=value, or SQL"),
        ("", "no predicate"),
        ("a >", "no predicate"),
        ("area > (SELECT max(area) FROM truth)", "no predicate"),
        ("brightness > AVG(brightness)", "more than one row.*Hint: compute the number first"),
        ("light = 'day' AND (area > MAX(area) OR area < 3)", "more than one row"),
        (pl.col("area") > pl.col("area").mean().over("image_id"), "more than one row"),
        (pl.col("area").shift() > 1, "more than one row"),
        (pl.col("area").rank() > 1, "more than one row"),
        (pl.col("light").is_duplicated(), "more than one row"),
        (pl.len() > 3, "more than one row"),
        (pl.col("x", "y") > 3, "by a pattern.*Hint: pl.any_horizontal"),
        (pl.all() > 3, "by a pattern"),
        (3, "3 is no predicate.*Hint"),
        (None, "None is no predicate"),
    ],
)
def test_what_is_no_predicate_is_refused_with_the_remedy(where, message):
    with pytest.raises(QueryError, match=message):
        Slice(where)


@pytest.mark.parametrize(
    "slices", [["light=day", "light=day"], [Slice("a=1", name="x"), Slice("b=1", name="x")]]
)
def test_two_slices_of_one_name_are_refused(slices):
    with pytest.raises(QueryError, match=r"two slices are called.*Hint: give them names"):
        declared_slices(slices)


@pytest.mark.parametrize("combine", [lambda one: ~one, lambda one: one | one])
def test_an_attribute_value_is_not_negated(combine):
    with pytest.raises(QueryError, match=r"light=day cannot be negated.*Hint: write it as an expression"):
        combine(Slice("light=day"))


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("weather=rain", "no attribute or column 'weather'. Hint: one of category, size, light"),
        ("weather = 'rain'", "no attribute or column 'weather'. Hint: one of"),
        ("light=dusk", "'light' is never 'dusk'. Hint: one of day, night"),
        ("light=(null)", r"'light' is never '\(null\)'"),
        ("size=tiny", "'size' is never 'tiny'. Hint: one of small, medium, large"),
        ("size=3", "'size' is never '3'"),
        ("category=class 7", "'category' is never 'class 7'. Hint: one of class 1, class 2"),
        ("angle=steep", "'angle' is never 'steep'. Hint: one of"),
        ("score=high", "'score' is never 'high'. Hint: it holds Float64"),
        (pl.col("area"), "gives Float64, not true or false. Hint: compare it"),
        ("light + 1", "not true or false|light"),
        (pl.col("area").filter(pl.col("area") < 500) > 1, "Hint: decide every row by itself"),
        ("prediction_index < 3", "no attribute or column 'prediction_index'"),
        ("cover = 'hidden' AND head = 'a'", "Hint: make two slices"),
        (pl.col("light") > 3, "light"),
    ],
)
def test_what_the_data_do_not_have_is_refused_with_the_remedy(where, message):
    with pytest.raises(QueryError, match=message):
        worked().slices({"it": where})
