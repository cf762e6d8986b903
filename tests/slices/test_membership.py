"""Which objects and predictions a slice has: by hand, against a plain twin, and what adds up over a partition."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.membership import membership
from cvfail.slices.predicates import Slice
from tests.slices.declared import in_blocks, random_evaluation, with_columns, worked

COUNTS = ("found", "missed", "classification", "localisation", "correct", "false_positives")
PARTITIONS = {
    "light": ["light = 'day'", "light = 'night'", "light IS NULL"],
    "size": ["size=small", "size=medium", "size=large"],
    "cover": ["cover = 'clear'", "cover = 'hidden'", "cover IS NULL"],
    "angle": ["angle < 10", "angle >= 10 AND angle < 20", "angle >= 20"],
    "head": ["head=a", "head=b"],
    "both kinds": [
        f"light {a} AND angle {b} 15" for a in ("= 'day'", "<> 'day'", "IS NULL") for b in ("<", ">=")
    ],
}


def counts(evaluation, slices, **options):
    """The counts of each slice as plain numbers."""
    table = evaluation.slices(slices, metrics="recall", **options).counts()
    return [dict(zip(COUNTS, row, strict=True)) for row in table.select(COUNTS).rows()]


def test_an_attribute_of_the_images_takes_everything_in_them():
    day, night = counts(worked(), ["light=day", "light=night"])
    assert day == {
        "found": 1,
        "missed": 0,
        "classification": 0,
        "localisation": 1,
        "correct": 1,
        "false_positives": 3,
    }
    assert (night["found"], night["classification"], night["correct"], night["false_positives"]) == (
        1,
        1,
        1,
        1,
    )


def test_a_false_positive_lies_in_the_slice_of_its_class():
    first, second = counts(worked(), ["category=class 1", "category = 'class 2'"])
    assert (first["found"], first["localisation"], first["correct"], first["false_positives"]) == (2, 1, 2, 4)
    assert (second["found"], second["classification"], second["false_positives"]) == (0, 1, 0)


@pytest.mark.parametrize(
    ("false_positives", "clear", "hidden", "unknown"),
    [("none", None, None, None), ("shared", 4, 4, 4), ("attributed", 2, 1, 0)],
)
def test_false_positives_where_only_ground_truth_has_the_attribute(false_positives, clear, hidden, unknown):
    rows = counts(worked(), ["cover=clear", "cover=hidden", "cover IS NULL"], false_positives=false_positives)
    assert [row["false_positives"] for row in rows] == [clear, hidden, unknown]
    assert [(row["found"], row["classification"], row["localisation"]) for row in rows] == [
        (1, 1, 0),
        (1, 0, 1),
        (0, 0, 0),
    ]


@pytest.mark.parametrize(("false_positives", "wrong"), [("none", None), ("shared", 1), ("attributed", 0)])
@pytest.mark.parametrize(
    "where", ["light=night & cover=hidden", "cover = 'hidden' AND light = 'night'", "light=night"]
)
def test_shared_false_positives_are_those_of_the_images_in_question(where, false_positives, wrong):
    (row,) = counts(worked(), where, false_positives=false_positives)
    if where == "light=night":
        assert (row["found"], row["classification"], row["false_positives"]) == (1, 1, 1)
    else:
        assert (row["found"], row["classification"], row["false_positives"]) == (1, 0, wrong)


def test_what_both_sides_have_is_a_geometry():
    """A and D are found by boxes of another angle; only the four false positives lie by their own."""
    low, high = counts(worked(), ["angle < 5", "angle >= 5"])
    assert (low["found"], low["classification"], low["correct"], low["false_positives"]) == (1, 1, 1, 2)
    assert (high["found"], high["localisation"], high["correct"], high["false_positives"]) == (1, 1, 1, 2)


def test_what_predictions_alone_have_tells_nothing_of_objects():
    a, b, day = counts(worked(), ["head=a", "head = 'b'", "head=b & light=day"])
    assert (a["found"], a["correct"], a["false_positives"]) == (None, 1, 2)
    assert (b["found"], b["correct"], b["false_positives"]) == (None, 1, 2)
    assert (day["found"], day["correct"], day["false_positives"]) == (None, 0, 2)


def test_a_column_of_another_type_on_the_other_side_is_not_the_same_attribute():
    data = with_columns(worked().data, found={"cover": pl.Series(range(6))})
    point = OperatingPoint.of(evaluate(data).evidence)
    for where in ("cover=hidden", "cover = 'hidden'"):
        assert membership(point, Slice(where)).rule == "none"
    same = with_columns(data, found={"cover": pl.Series(["hidden"] * 6)})
    assert (
        membership(OperatingPoint.of(evaluate(same).evidence), Slice("cover=hidden")).rule == "own_geometry"
    )


@pytest.mark.parametrize(
    ("where", "options", "rule"),
    [
        ("light=day", {}, "exact"),
        ("category=class 1", {}, "exact"),
        ("file_name = '1.jpg'", {"false_positives": "shared"}, "exact"),
        (pl.lit(True), {}, "exact"),
        ("size=small", {}, "own_geometry"),
        ("width > 2 * height AND light = 'day'", {}, "own_geometry"),
        ("angle > 3", {"false_positives": "shared"}, "own_geometry"),
        ("angle=7", {"false_positives": "shared"}, "own_geometry"),
        ("cover=clear", {}, "none"),
        ("cover=clear & size=small", {"false_positives": "shared"}, "shared"),
        ("cover = 'clear' OR light = 'day'", {"false_positives": "attributed"}, "attributed"),
        ("score > .5", {}, "own_prediction"),
        ("head=a & size=small", {"false_positives": "shared"}, "own_prediction"),
    ],
)
def test_the_rule_is_said(where, options, rule):
    assert worked().slices({"it": where}, **options).df["fp_rule"].unique().to_list() == [rule]


@pytest.mark.parametrize("name", PARTITIONS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=4)
def test_counts_add_up_over_a_partition(name, seed):
    evaluation = random_evaluation(seed)
    slices = {str(number): where for number, where in enumerate(PARTITIONS[name])}
    (everything,) = counts(evaluation, pl.lit(True))
    for false_positives in ("none", "shared", "attributed"):
        rows = counts(evaluation, slices, false_positives=false_positives)
        sums = {key: sum(row[key] for row in rows if row[key] is not None) for key in COUNTS}
        assert sums["correct"] == everything["correct"]
        if name != "head":
            assert all(sums[key] == everything[key] for key in COUNTS[:4])
        if name != "cover":
            assert sums["false_positives"] == everything["false_positives"]
        elif false_positives == "shared":
            assert all(row["false_positives"] == everything["false_positives"] for row in rows)
        elif false_positives == "attributed":
            aimed = evaluation.predictions_at().filter(pl.col("error_type") != "background")
            assert sums["false_positives"] == aimed.height


@pytest.mark.parametrize(
    "where", ["light = 'day'", "size=small", "angle < 15", "category = 'class 5' AND size = 'medium'"]
)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=4)
def test_counts_are_those_of_a_plain_walk_over_rows(where, seed):
    evaluation = random_evaluation(seed)
    holds = {
        "light = 'day'": lambda row: row["light"] == "day",
        "size=small": lambda row: row["own_area"] < 1024,
        "angle < 15": lambda row: row["angle"] < 15,
        "category = 'class 5' AND size = 'medium'": lambda row: (
            row["category_id"] == 5 and 1024 <= row["own_area"] < 9216
        ),
    }[where]
    attributes = evaluation.images.select("image_id", "light")
    truths = (
        evaluation.ground_truth_at().with_columns(own_area="area").join(attributes, on="image_id", how="left")
    )
    boxes = evaluation.predictions_at().with_columns(own_area=pl.col("width") * pl.col("height"))
    boxes = boxes.join(attributes, on="image_id", how="left")
    inside = {row["ground_truth_index"] for row in truths.rows(named=True) if holds(row)}
    expected = dict.fromkeys(COUNTS, 0)
    for row in truths.rows(named=True):
        if row["ground_truth_index"] in inside and row["outcome"] != "ignored":
            expected[row["outcome"]] += 1
    for row in boxes.rows(named=True):
        expected["correct"] += row["outcome"] == "true_positive" and row["target_index"] in inside
        expected["false_positives"] += row["outcome"] == "false_positive" and holds(row)
    assert counts(evaluation, where) == [expected]


@pytest.mark.parametrize("rows", [1, 12])
def test_members_of_blocks_are_those_of_the_whole(rows, tmp_path):
    evaluation = random_evaluation(11)
    stored = in_blocks(evaluation, tmp_path / "run", rows)
    slices = [PARTITIONS[name][0] for name in PARTITIONS]
    for false_positives in ("none", "shared", "attributed"):
        assert counts(stored, slices, false_positives=false_positives) == counts(
            evaluation, slices, false_positives=false_positives
        )


def test_what_only_one_side_has_is_not_asked_together():
    with pytest.raises(QueryError, match="Hint: make two slices"):
        worked().slices("cover=clear & head=a")
