"""Tables of declared slices: exact for images, the same from blocks and in any order, and defined at the edges."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.matching.policy import Policy
from cvfail.slices.slice_table import METRICS
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.multiplicity import benjamini_hochberg
from tests.scenes import detection
from tests.slices.declared import in_blocks, part, random_data, random_evaluation, worked

SLICES = [
    "light=night",
    "size=small",
    "angle < 15",
    "cover=hidden",
    "category = 'class 9' OR brightness > 50",
]
OPTIONS = {"metrics": "all", "replicates": 4}


def everything(table):
    """All frames of a table."""
    return [
        table.df,
        table.counts(),
        table.confusions(),
        table.wide(),
        *map(table.rows, table.wide()["slice"]),
    ]


def estimates(table, slice_=None):
    """Metric to estimate, of one slice."""
    df = table.df if slice_ is None else table.df.filter(pl.col("slice") == slice_)
    return dict(df.select("metric", "estimate").rows())


def test_rates_by_hand():
    table = worked().slices(["light=day", "light=night"], metrics="all")
    day, night = (estimates(table, f"light={light}") for light in ("day", "night"))
    assert (day["recall"], day["precision"], day["f1"]) == (1 / 2, 1 / 4, 2 / 6)
    assert (day["missed"], day["localisation"], day["classification"]) == (0.0, 1 / 2, 0.0)
    assert (day["duplicate"], day["background"], day["both"]) == (1 / 4, 1 / 4, 0.0)
    assert day["mean_score"] == pytest.approx((0.9 + 0.8 + 0.7 + 0.6) / 4, abs=1e-15)
    assert (night["recall"], night["precision"], night["classification"]) == (1 / 2, 1 / 2, 1 / 2)
    first = table.df.row(0, named=True)
    assert (first["rest"], first["difference"], first["support"], first["clusters"]) == (1 / 2, 0.0, 2.0, 1)
    assert table.confusions().rows() == [("light=night", "class 2", "class 1", 1, 1.0)]


def test_precision_without_known_false_positives_is_null():
    none = estimates(worked().slices("cover=clear", metrics="all"))
    of_objects = {"recall", "missed", "classification", "localisation"}
    assert {name for name, value in none.items() if value is not None} == {*of_objects, "ap", "ap50"}
    attributed = estimates(worked().slices("cover=clear", metrics="all", false_positives="attributed"))
    assert {name for name, value in attributed.items() if value is not None} == of_objects
    predictions = estimates(worked().slices("head=a", metrics="all"))
    assert {name for name in of_objects | {"f1"} if predictions[name] is not None} == set()
    assert (predictions["precision"], predictions["background"]) == (1 / 3, 0.0)


def test_shared_false_positives_have_no_difference_to_the_rest():
    table = worked().slices(["cover=clear", "cover=hidden"], metrics="all", false_positives="shared")
    rows = {row["metric"]: row for row in table.df.filter(pl.col("slice") == "cover=clear").rows(named=True)}
    assert rows["precision"]["estimate"] == 1 / 5
    assert rows["f1"]["estimate"] == 2 / (2 + 1 + 4)
    for name in ("precision", "f1", "duplicate", "background", "mean_score", "ap"):
        assert (rows[name]["rest"], rows[name]["difference"], rows[name]["p_value"]) == (None, None, None)
    assert (rows["recall"]["rest"], rows["recall"]["difference"]) == (1 / 2, 0.0)


@given(seed=st.integers(0, 10_000), light=st.sampled_from(["= 'night'", "= 'day'", "IS NULL"]))
@settings(max_examples=8)
def test_a_slice_of_images_is_the_dataset_of_these_images(seed, light):
    data = random_data(seed)
    images = data.images.filter(pl.sql_expr(f"light {light}"))["image_id"]
    policy = Policy(score=0.2)
    own = evaluate(data, policy).slices({"it": f"light {light}"}, **OPTIONS)
    alone = evaluate(part(data, images), policy)
    other = alone.slices({"it": pl.lit(True)}, **OPTIONS)
    columns = ["metric", "estimate", "lower", "upper", "support", "clusters", "design_effect", "fp_rule"]
    assert own.df.select(columns).equals(other.df.select(columns))
    assert own.counts().equals(other.counts())
    assert own.confusions().equals(other.confusions())
    rates = alone.metrics().df.row(0, named=True)
    for name in ("recall", "precision", "f1"):
        assert estimates(own)[name] == rates[name]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=6)
def test_estimates_are_those_of_plain_definitions(seed):
    evaluation = random_evaluation(seed)
    found = estimates(evaluation.slices(pl.lit(True), metrics="all"))
    predictions = evaluation.predictions_at().filter(pl.col("outcome") != "ignored")
    objects = evaluation.ground_truth_at().filter(pl.col("outcome") != "ignored")

    def share(rows, column, value):
        return None if rows.is_empty() else (rows[column].cast(pl.String) == value).fill_null(False).mean()

    assert found["recall"] == share(objects, "outcome", "found")
    assert found["precision"] == share(predictions, "outcome", "true_positive")
    for name in ("missed", "classification", "localisation"):
        assert found[name] == share(objects, "outcome", name)
    for name in ("duplicate", "background", "both"):
        assert found[name] == share(predictions, "error_type", name)
    if predictions.is_empty():
        assert found["mean_score"] is found["calibration_error"] is None
        return
    scores = predictions["score"].to_numpy()
    right = (predictions["outcome"] == "true_positive").to_numpy()
    bins = np.minimum((scores * 10).astype(int), 9)
    gaps = [abs(scores[bins == b].sum() - right[bins == b].sum()) for b in range(10)]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / scores.size, abs=1e-12)
    assert found["mean_score"] == pytest.approx(scores.mean(), abs=1e-12)


def test_intervals_are_clustered_by_image_and_q_values_are_by_metric():
    evaluation = random_evaluation(2, images=30)
    table = evaluation.slices(
        ["light=night", "light=day", "brightness < 50"], metrics=["recall", "precision"]
    )
    night = evaluation.images.filter(pl.col("light") == "night")["image_id"]
    objects = evaluation.ground_truth_at().filter(
        pl.col("image_id").is_in(night.implode()), pl.col("outcome") != "ignored"
    )
    plain = clustered_ratio(
        objects, numerator=pl.col("outcome") == "found", denominator=pl.lit(1), cluster="image_id"
    )
    names = ["estimate", "lower", "upper", "support", "clusters"]
    assert table.df.select(names).row(0) == pytest.approx(plain.select(names).row(0), abs=1e-12)
    for metric in ("recall", "precision"):
        rows = table.df.filter(pl.col("metric") == metric)
        assert rows["p_value"].null_count() == 0
        assert rows["q_value"].to_list() == list(benjamini_hochberg(rows["p_value"]))


@pytest.mark.parametrize("rematch", [False, True])
@pytest.mark.parametrize(("rows", "slices"), [(1, SLICES[3:4]), (12, SLICES), (10_000, SLICES[:2])])
def test_blocks_of_any_size_give_the_same_tables(rows, slices, rematch, tmp_path):
    """Images of one video lie in several blocks."""
    data = random_data(31, images=9)
    videos = data.images.with_columns(cluster_id=pl.col("image_id") % 4)
    evaluation = evaluate(replace(data, images=videos), Policy(score=0.2))
    stored = in_blocks(evaluation, tmp_path / "run", rows)
    options = {"metrics": METRICS[:-1], "rematch": rematch, "false_positives": "shared"}
    tables = [everything(each.slices(slices, **options)) for each in (evaluation, stored)]
    assert all(mine.equals(theirs) for mine, theirs in zip(*tables, strict=True))


@pytest.mark.parametrize("rematch", [False, True])
def test_the_order_of_images_and_of_classes_in_the_input_does_not_matter(rematch):
    """Rows of one image keep their order, which decides between equal scores."""
    data = random_data(6)
    rng = np.random.default_rng(0)
    ids = data.images.select("image_id").with_columns(place=pl.Series(rng.permutation(len(data.images))))

    def by_image(frame):
        placed = frame.join(ids, on="image_id", how="left", maintain_order="left")
        return placed.sort("place", maintain_order=True).drop("place")

    shuffled = replace(
        data,
        images=data.images.sample(fraction=1.0, shuffle=True, seed=1),
        categories=data.categories.reverse(),
        ground_truth=by_image(data.ground_truth),
        predictions=by_image(data.predictions),
    )
    assert not shuffled.predictions.equals(data.predictions)
    first, second = (
        evaluate(each, Policy(score=0.2)).slices(SLICES, rematch=rematch, **OPTIONS)
        for each in (data, shuffled)
    )
    assert all(
        mine.equals(theirs) for mine, theirs in zip(everything(first), everything(second), strict=True)
    )


def test_rows_are_those_that_were_counted():
    evaluation = random_evaluation(9)
    table = evaluation.slices([*SLICES, "head=a"])
    for row in table.counts().rows(named=True):
        rows = table.rows(row["slice"])
        outcomes = rows["outcome"].cast(pl.String)
        if row["slice"] == "head=a":
            assert set(rows["head"]) == {"a"}
            assert (outcomes == "true_positive").sum() == row["correct"]
            assert (outcomes == "false_positive").sum() == row["false_positives"]
        else:
            for name in ("found", "missed", "classification", "localisation"):
                assert (outcomes == name).sum() == row[name]


def box(image, x=0, category=1, **more):
    return {"image_id": image, "category_id": category, "bbox": [x, 0, 10, 10], **more}


EDGES = {
    "no images": ([], [], []),
    "no ground truth": ([1, 2], [], [box(1, score=0.9)]),
    "no predictions": ([1, 2], [box(1), box(2)], []),
    "nothing but images": ([1, 2], [], []),
    "one image": ([1], [box(1)], [box(1, score=0.9)]),
    "all errors": ([1, 2], [box(1), box(2)], [box(1, 500, score=0.9), box(2, 500, score=0.9)]),
    "no errors": ([1, 2], [box(1), box(2)], [box(1, score=0.9), box(2, score=0.9)]),
    "ignored only": ([1, 2], [box(1, ignored=1), box(2, ignored=1)], [box(1, score=0.9)]),
}


@pytest.mark.parametrize("rematch", [False, True])
@pytest.mark.parametrize("name", EDGES)
def test_edges_have_answers(name, rematch):
    images, truths, found = EDGES[name]
    light = pl.Series(["day", "night"][: len(images)], dtype=pl.String)
    evaluation = evaluate(detection(images, [1], truths, found, light=light))
    slices = {
        "all": pl.lit(True),
        "none": pl.lit(False),
        "day": "light = 'day'",
        "small": "size=small",
        "sure": "score > 0.5",
        "counted": "is_ignored = false",
    }
    if rematch:
        slices = {name: slices[name] for name in ("all", "none", "small")}
    table = evaluation.slices(slices, rematch=rematch, false_positives="shared", **OPTIONS)
    assert len(table.df) == len(slices) * len(METRICS)
    assert [rows.width > 0 for rows in everything(table)] == [True] * (4 + len(slices))
    whole, nothing = estimates(table, "all"), estimates(table, "none")
    assert all(value is None for value in nothing.values())
    right = sum({**truth, "score": 0.9} == one for truth in truths for one in found)
    counted = [truth for truth in truths if not truth.get("ignored")]
    assert whole["recall"] == (right / len(counted) if counted else None)
    judged = [] if name == "ignored only" else found
    assert whole["precision"] == (right / len(judged) if judged else None)
    assert whole["ap50"] == (pytest.approx(right / len(counted)) if counted else None)
    rest = table.df.filter(pl.col("slice") == "all")
    assert rest.select("rest", "difference", "p_value").null_count().row(0) == (len(METRICS),) * 3


def test_no_slices_make_an_empty_table():
    table = worked().slices([])
    assert (table.df.height, table.counts().height, table.confusions().height) == (0, 0, 0)
    assert table.df.columns == worked().slices("light=day").df.columns
    assert table.wide().height == 0


def classified():
    light = ["day"] * 4 + ["night"] * 4
    return cf.from_labels(
        ["cat", "cat", "dog", "emu", "cat", "dog", "dog", "emu"],
        ["cat", "dog", "dog", "emu", "cat", "cat", "emu", "emu"],
        attributes=pl.DataFrame({"light": light, "lux": [9, 8, 7, 6, 1, 2, 3, 4]}),
    )


def test_a_classifier_has_specificity_and_no_average_precision():
    evaluation = cf.evaluate(classified())
    table = evaluation.slices(["light=night", "lux >= 6", "category=dog"], **OPTIONS)
    night, bright, dog = (estimates(table, name) for name in ("light=night", "lux >= 6", "category=dog"))
    assert (night["recall"], night["precision"], night["ap"], night["ap50"]) == (1 / 2, 1 / 2, None, None)
    assert (bright["recall"], bright["specificity"]) == (3 / 4, 7 / 8)
    assert night["specificity"] == 6 / 8
    assert (dog["recall"], dog["precision"], dog["specificity"]) == (1 / 3, 1 / 2, None)
    by_light = evaluation.metrics(by="light").df.filter(pl.col("light") == "night")
    assert night["recall"] == by_light["recall"].item()
    assert night["specificity"] == by_light["specificity"].item()
    assert table.confusions().filter(pl.col("slice") == "light=night").select(
        "true", "predicted", "count"
    ).rows() == [("dog", "cat", 1), ("dog", "emu", 1)]


@pytest.mark.parametrize("rows", [1, 5])
def test_a_classifier_in_blocks_gives_the_same_tables(rows, tmp_path):
    evaluation = cf.evaluate(classified())
    stored = in_blocks(evaluation, tmp_path / "run", rows)
    tables = [
        everything(each.slices(["light=night", "lux >= 6", "category=dog"], metrics="all"))
        for each in (evaluation, stored)
    ]
    assert all(mine.equals(theirs) for mine, theirs in zip(*tables, strict=True))


@pytest.mark.parametrize(
    ("slices", "options", "message"),
    [
        ("light=day", {"metrics": "accuracy"}, r"no metric 'accuracy'. Hint: one of recall, precision"),
        ("light=day", {"metrics": ["recall", "mAP"]}, r"no metric 'mAP'. Hint: one of"),
        ("light=day", {"false_positives": "all"}, r"false_positives is 'all'. Hint: one of none, shared"),
        (
            "cover=clear",
            {"false_positives": "attributed", "rematch": True},
            r"one match of all. Hint: leave rematch out",
        ),
        (["light=day", "light=day"], {}, r"two slices are called 'light=day'. Hint: give them names"),
        ("weather=rain", {}, r"no attribute or column 'weather'. Hint: one of"),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_remedy(slices, options, message):
    with pytest.raises(QueryError, match=message):
        worked().slices(slices, **options)


def test_rows_of_an_unknown_slice_are_refused():
    with pytest.raises(QueryError, match=r"no slice 'night'. Hint: one of light=day"):
        worked().slices("light=day").rows("night")


@pytest.mark.parametrize("where", ["tags=a", "support=1"])
def test_columns_that_have_no_levels_are_refused(where):
    data = worked().data
    images = data.images.with_columns(tags=pl.Series([["a"], []]), support=pl.Series([1, 2]))
    with pytest.raises(QueryError, match=r"no levels|rename the attribute"):
        evaluate(replace(data, images=images)).slices(where)


def test_the_caption_says_how_it_was_matched():
    assert "one match of all objects" in worked().slices("light=day").caption
    assert "matched anew" in worked().slices("light=day", rematch=True).caption


def test_what_is_printed_fits_a_terminal_and_names_every_slice():
    evaluation = random_evaluation(3)
    for table in (evaluation.slices(SLICES[:3]), evaluation.find_slices(min_support=2)):
        lines = repr(table).splitlines()[1:]
        assert max(map(len, lines)) <= 160
        assert all(name in "\n".join(lines) for name in table.df["slice"].unique())
