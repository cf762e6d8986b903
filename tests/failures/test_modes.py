"""Failure modes: planted ones come out on top and once, nothing comes out of noise, and each returns its rows."""

import numpy as np
import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from tests.scenes import detection

SIDES = {"small": 20, "medium": 60}


def street(seed, *, images=240, night_small=0.08, confused_on_c=0.03, crowd_duplicates=0.02, base=0.08):
    """Objects on a grid with light, camera and density; errors as planted, otherwise independent of everything."""
    rng = np.random.default_rng(seed)
    light = rng.choice(["day", "night"], images).tolist()
    camera = rng.choice(["a", "b", "c"], images).tolist()
    density = rng.choice(["sparse", "crowded"], images).tolist()
    truths, found = [], []
    for image in range(images):
        for place in range(rng.integers(3, 10)):
            size, category = rng.choice(["small", "medium"]), int(rng.choice([1, 2]))
            box = [place * 100, 0, SIDES[size], SIDES[size]]
            truths.append({"image_id": image, "category_id": category, "bbox": box})
            missed = night_small if (light[image], size) == ("night", "small") else base
            if rng.random() < missed:
                continue
            swap = confused_on_c if camera[image] == "c" and category == 1 else 0.03
            label = 3 - category if rng.random() < swap else category
            found.append({"image_id": image, "category_id": label, "bbox": box, "score": rng.uniform(0.5, 1)})
            if rng.random() < (crowd_duplicates if density[image] == "crowded" else 0.02):
                found.append({**found[-1], "bbox": [box[0] + 1, *box[1:]], "score": rng.uniform(0.3, 0.5)})
        for place in range(rng.poisson(0.4)):
            side = SIDES[rng.choice(["small", "medium"])]
            background = {"bbox": [place * 100, 500, side, side], "score": rng.uniform(0.3, 0.9)}
            found.append({"image_id": image, "category_id": int(rng.choice([1, 2])), **background})
    return detection(list(range(images)), [1, 2], truths, found, light=light, camera=camera, density=density)


def significant(modes):
    return modes.df.filter(pl.col("significant")).select("error_type", "slice").rows()


def test_planted_modes_are_found_each_once_and_in_the_order_of_their_excess():
    modes = evaluate(street(1, night_small=0.7, confused_on_c=0.5, crowd_duplicates=0.15)).failure_modes()
    assert significant(modes) == [
        ("missed", "size=small & light=night"),
        ("classification", "category=class 1 & camera=c"),
        ("duplicate", "density=crowded"),
    ]


def test_a_condition_that_fails_as_a_whole_is_named_by_one_attribute():
    rng = np.random.default_rng(3)
    data = street(3)
    night = set(data.images.filter(pl.col("light") == "night")["image_id"])
    lost = data.predictions["image_id"].is_in(night).to_numpy() & (rng.random(len(data.predictions)) < 0.4)
    worse = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions.filter(~pl.Series(lost)),
    )
    assert ("missed", "light=night") in significant(evaluate(worse).failure_modes())
    assert len(significant(evaluate(worse).failure_modes())) == 1


def test_noise_alone_rarely_gives_a_significant_mode():
    """At level .05 each run has at most a 5 % chance; more than 4 of 30 would be a 2 % accident."""
    runs = [
        len(significant(evaluate(street(seed, images=120)).failure_modes())) > 0 for seed in range(100, 130)
    ]
    assert sum(runs) <= 4


def test_numbers_of_a_mode_agree_with_metrics_and_counts():
    evaluation = evaluate(street(1, night_small=0.7))
    mode = evaluation.failure_modes().df.row(0, named=True)
    rows = evaluation.metrics(by=["light", "size"]).df
    own = rows.filter((pl.col("light") == "night") & (pl.col("size") == "small")).row(0, named=True)
    truth = evaluation.ground_truth_at().join(evaluation.images, on="image_id")
    missed = truth.filter(
        (pl.col("outcome") == "missed") & (pl.col("light") == "night") & (pl.col("area") < 1024)
    )
    assert (mode["support"], mode["errors"]) == (own["support"], len(missed))
    assert mode["difference"] == pytest.approx(mode["rate"] - mode["rest_rate"])
    assert mode["excess_errors"] == pytest.approx(mode["errors"] - mode["support"] * mode["rest_rate"])
    assert mode["excess_lower"] < mode["excess_errors"] < mode["excess_upper"]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_examples_are_the_erroneous_rows_of_the_slice(rank):
    modes = evaluate(street(1, night_small=0.7, confused_on_c=0.5, crowd_duplicates=0.15)).failure_modes()
    mode, rows = modes.df.row(rank - 1, named=True), modes.examples(rank)
    assert len(rows) == mode["errors"]
    keys = ["prediction_index", "ground_truth_index", "overlap"]
    units = modes.units().filter(rank=rank).select(keys)
    assert sorted(units.rows(), key=str) == sorted(rows.select(keys).rows(), key=str)
    for condition in modes.modes[rank - 1].conditions:
        if condition.attribute in rows.columns:
            assert set(rows[condition.attribute]) == {condition.value}
    if mode["error_type"] == "missed":
        assert rows["prediction_index"].null_count() == len(rows)
    if mode["error_type"] == "classification":
        assert (rows["true"] != rows["predicted"]).all()
    if mode["error_type"] == "duplicate":
        assert (rows["true"] == rows["predicted"]).all()
        assert (rows["overlap"] >= 0.5).all()


def test_an_image_attribute_that_repeats_another_is_reported_once():
    data = street(1, night_small=0.7)
    twin = type(data)(
        task="detection",
        images=data.images.with_columns(sun=pl.col("light").replace({"day": "up", "night": "down"})),
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions,
    )
    modes = evaluate(twin).failure_modes()
    assert len(significant(modes)) == 1


def test_attributes_of_which_no_slice_can_be_made_are_named():
    data = street(2, images=60)
    odd = type(data)(
        task="detection",
        images=data.images.with_columns(site=pl.lit("x"), serial=pl.col("image_id").cast(pl.String) + "-7"),
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions,
    )
    search = evaluate(odd).failure_modes().search
    assert search.dropped == ("site", "serial")
    assert search.attributes == ("category", "size", "light", "camera", "density")


@pytest.mark.parametrize(
    ("truths", "found"),
    [
        ([], []),
        ([{"image_id": 0, "category_id": 1, "bbox": [0, 0, 9, 9]}], []),
        ([], [{"image_id": 0, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.9}]),
    ],
)
def test_nothing_to_compare_gives_an_empty_list(truths, found):
    modes = evaluate(detection([0], [1], truths, found)).failure_modes()
    assert modes.df.is_empty()
    assert evaluate(detection([], [], [], [])).failure_modes().df.is_empty()


def test_misuse_is_answered_with_what_is_possible():
    evaluation = evaluate(street(2, images=30))
    with pytest.raises(QueryError, match="max_order must be at least 1"):
        evaluation.failure_modes(max_order=0)
    with pytest.raises(QueryError, match="one of category, size, light"):
        evaluation.failure_modes(attributes=["wheather"])
    with pytest.raises(QueryError, match="no failure mode of rank 99"):
        evaluation.failure_modes().examples(99)
