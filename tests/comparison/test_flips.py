"""Flips: object by object as the two tables say, false positives one to one by overlap, and where both gather."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from cvfail.comparison.alignment import same_false_positives, same_objects
from cvfail.comparison.comparison import compare
from cvfail.comparison.flips import OBJECT_FLIPS, PREDICTION_FLIPS, flips
from cvfail.comparison.pairing import Pair
from cvfail.errors import PolicyError, QueryError
from cvfail.evaluation import evaluate
from tests.comparison.models import classifiers, shuffled, two_datasets, two_models
from tests.failures.causes.scenes import scene
from tests.scenes import detection


def plain_iou(a, b):
    if all(a[name] == b[name] for name in ("x", "y", "width", "height")):
        return 1.0
    wide = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    high = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / ((a["width"] * a["height"] + b["width"] * b["height"]) - wide * high)


def plain_partners(first, second, reach=0.5):
    """Prediction index of the second model by that of the first: best overlap first, one to one."""
    sides = [point.all_predictions.filter(outcome="false_positive").to_dicts() for point in (first, second)]
    pairs = [
        (-plain_iou(a, b), -a["score"], -b["score"], a["prediction_index"], b["prediction_index"])
        for a in sides[0]
        for b in sides[1]
        if (a["image_id"], a["category_id"]) == (b["image_id"], b["category_id"]) and plain_iou(a, b) >= reach
    ]
    partner, taken = {}, set()
    for *_, row, other in sorted(pairs):
        if row not in partner and other not in taken:
            partner[row] = other
            taken.add(other)
    return partner, sides


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("reach", [0.5, 0.9])
def test_false_positives_are_paired_as_in_plain_python(seed, reach):
    pair = Pair.of(*two_models(seed), score=0.1)
    partner, sides = plain_partners(*pair.models, reach)
    found = same_false_positives(*pair.models, overlap=reach)
    assert {row: other for row, other in enumerate(found) if other >= 0} == partner
    counts = dict(Counter(flips(pair, overlap=reach).df["flip"]))
    expected = {
        "gone": len(sides[0]) - len(partner),
        "new": len(sides[1]) - len(partner),
        "still there": len(partner),
    }
    assert {name: counts.get(name, 0) for name in PREDICTION_FLIPS} == expected
    assert sum(expected.values()) > 0


@pytest.mark.parametrize("seed", range(6))
def test_objects_flip_as_the_two_tables_say(seed):
    datasets = two_datasets(seed)
    models = [evaluate(datasets[0]).evidence, evaluate(shuffled(datasets[1], seed)).evidence]
    pair = Pair.of(*models)
    table = flips(pair).df.filter(unit="ground_truth")
    outcomes = [
        dict(point.ground_truth.select("ground_truth_id", pl.col("outcome").cast(pl.String)).iter_rows())
        for point in pair.models
    ]
    kept = [key for key, outcome in outcomes[0].items() if outcome != "ignored"]
    assert sorted(table["ground_truth_id"]) == sorted(kept)
    for row in table.iter_rows(named=True):
        before, after = (one[row["ground_truth_id"]] for one in outcomes)
        assert (row["baseline"], row["candidate"]) == (before, after)
        name = {(0, 1): "fixed", (1, 0): "broken", (0, 0): "still wrong", (1, 1): "still right"}
        assert row["flip"] == name[before == "found", after == "found"]


def test_objects_are_the_same_in_any_order_of_rows_even_if_labels_repeat():
    box = {"category_id": 1, "bbox": [0, 0, 10, 10]}
    truths = [{"image_id": i, **box} for i in (1, 1, 2, 2, 3)]
    data = detection([1, 2, 3], [1], truths, [])
    first, second = evaluate(data).evidence, evaluate(shuffled(data, 4)).evidence
    partner = same_objects(first, second)
    assert sorted(partner) == list(range(5))
    ids = [one.ground_truth["ground_truth_id"].to_numpy() for one in (first, second)]
    assert (ids[1][partner] == ids[0]).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_model_beside_itself_flips_nothing_even_with_empty_boxes(seed):
    data = two_datasets(seed)[0]
    flat = data.predictions.with_columns(
        width=pl.when(pl.int_range(pl.len()) % 3 == 0).then(0.0).otherwise("width")
    )
    evidence = evaluate(data.__class__(**{**vars(data), "predictions": flat})).evidence
    table = flips(Pair.of(evidence, evidence))
    assert set(table.df["flip"]) <= {"still wrong", "still right", "still there"}
    assert "still there" in set(table.df["flip"])
    assert (table.df["baseline"] == table.df["candidate"]).all()


@pytest.mark.parametrize("seed", range(4))
def test_swapping_the_models_swaps_what_flipped(seed):
    first, second = two_models(seed)
    here, there = (
        dict(Counter(flips(Pair.of(*pair)).df["flip"])) for pair in ((first, second), (second, first))
    )
    for name, other in (("fixed", "broken"), ("gone", "new"), ("still wrong", "still wrong")):
        assert here.get(name, 0) == there.get(other, 0)


def test_counts_add_up_to_recall_and_false_positives():
    pair = Pair.of(*two_models(3, images=30))
    table = flips(pair)
    counts = {row["flip"]: row["count"] for row in table.counts().df.to_dicts()}
    assert counts["broken"] + counts["still right"] == pair.first.found.sum()
    assert counts["fixed"] + counts["still right"] == pair.second.found.sum()
    assert counts["gone"] + counts["still there"] == pair.first.wrong.sum()
    assert counts["new"] + counts["still there"] == pair.second.wrong.sum()
    by = table.counts(by=["category", "light"]).df
    assert by["count"].sum() == len(table.df)
    assert by.group_by("category", "light", "unit").agg(pl.col("share").sum())[
        "share"
    ].to_list() == pytest.approx([1.0] * by.select("category", "light", "unit").n_unique())
    assert [*OBJECT_FLIPS, *PREDICTION_FLIPS] == table.counts().df["flip"].to_list()
    with pytest.raises(QueryError, match="no column 'lihgt'"):
        table.counts(by="lihgt")


def planted():
    """A model that misses small objects at night, and one that finds them and doubles objects in crowds.

    Both miss the same 15 % of all objects.
    """
    data = scene(5, base=0.0)
    light = dict(data.images.select("image_id", "light").iter_rows())
    density = dict(data.images.select("image_id", "density").iter_rows())
    rng = np.random.default_rng(0)
    perfect = data.ground_truth.select("image_id", "category_id", "x", "y", "width", "height")
    perfect = perfect.filter(pl.Series(rng.random(len(perfect)) > 0.15))
    chance = rng.random(len(perfect))
    night = pl.Series([light[one] == "night" for one in perfect["image_id"]])
    crowd = pl.Series([density[one] == "crowded" for one in perfect["image_id"]])
    missed = night & (perfect["width"] == 20) & pl.Series(chance < 0.7)
    doubled = perfect.filter(crowd & pl.Series(chance > 0.5)).with_columns(x=pl.col("x") + 2)
    models = []
    for rows in (perfect.filter(~missed), pl.concat([perfect, doubled])):
        found = rows.with_columns(
            prediction_id=pl.int_range(pl.len()), score=pl.Series(rng.uniform(0.5, 1.0, len(rows)))
        ).select(data.predictions.columns)
        models.append(evaluate(data.__class__(**{**vars(data), "predictions": found})).evidence)
    return models


def test_slices_of_flips_are_where_they_were_planted():
    table = compare(*planted(), replicates=0).flips()
    better = table.better(top=1, max_order=2).df.row(0, named=True)
    assert set(better["slice"].split(" & ")) == {"size=small", "light=night"}
    assert (better["errors"], better["rest_rate"]) == ((table.df["flip"] == "fixed").sum(), 0.0)
    worse = table.worse("predictions", top=1).df.row(0, named=True)
    assert worse["slice"] == "density=crowded"
    assert worse["errors"] == (table.df["flip"] == "new").sum()
    assert worse["rest_rate"] == 0.0
    assert len(table.worse().df) == 0, "no object broke"
    assert len(table.better("predictions").df) == 0, "no false positive is gone"
    rows = table.worse("predictions", top=1).rows(1)
    assert len(rows) == worse["support"]


def test_examples_are_the_rows_of_the_model_that_has_them():
    pair = Pair.of(*two_models(3, images=30))
    table = flips(pair)
    for flip in (*OBJECT_FLIPS, *PREDICTION_FLIPS):
        rows = table.examples(flip)
        own = table.df.filter(flip=flip)
        assert sorted(rows["image_id"]) == sorted(own["image_id"])
        model = "baseline" if flip == "gone" else "candidate"
        point = pair.first if flip == "gone" else pair.second
        ids = point.evidence.predictions["prediction_id"].gather(rows["prediction_index"])
        assert sorted(ids.drop_nulls()) == sorted(own[f"{model}_prediction_id"].drop_nulls())
    with pytest.raises(QueryError, match="no flip 'mended'"):
        table.examples("mended")


def test_classifiers_flip_by_image():
    first, second = classifiers(1)
    pair = Pair.of(first, second)
    table = flips(pair).df
    objects = table.filter(unit="ground_truth")
    assert len(objects) == 60
    assert (objects["flip"] == "fixed").sum() == (~pair.first.found & pair.second.found).sum()
    before, after = (
        {*zip(p["image_id"], p["category_id"], strict=True)}
        for p in (point.all_predictions.filter(outcome="false_positive") for point in pair.models)
    )
    counts = Counter(table.filter(unit="predictions")["flip"])
    assert (counts["gone"], counts["new"], counts["still there"]) == (
        len(before - after),
        len(after - before),
        len(before & after),
    )


def test_models_without_rows_flip_nothing():
    nothing = evaluate(detection([], [1], [], [])).evidence
    table = flips(Pair.of(nothing, nothing))
    assert len(table) == 0
    assert len(table.counts()) == 0


def test_a_candidate_is_named_where_there_are_several():
    first, second = two_models(1)
    table = compare(first, {"a": second, "b": first}, replicates=0)
    assert set(table.flips("b").df["flip"]) <= {"still wrong", "still right", "still there"}
    with pytest.raises(QueryError, match="one of a, b"):
        table.flips()
    with pytest.raises(PolicyError, match="overlap"):
        table.flips("a", overlap=0)
