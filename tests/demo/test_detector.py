"""The simulated detector: errors strike all alike unless they are planted, and are what they are meant to be."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency, kstest

from cvfail.demo.annotations import IMAGE_ATTRIBUTES, corners
from cvfail.demo.detector.detection import detect
from cvfail.demo.detector.fates import MISSED, fates
from cvfail.demo.detector.mistaken import mistaken
from cvfail.demo.detector.placement import displaced
from cvfail.demo.detector.planted import PLANTED_MODES, after_retraining
from cvfail.demo.models.catalogue import CATEGORIES
from tests.demo.plain_boxes import overlap

SEEDS = 40
ERRORS = ("missed", "classification", "localisation", "is_doubled")
OF_OBJECTS = (*IMAGE_ATTRIBUTES, "category", "size", "occlusion", "truncation")


def with_size(table):
    area = (pl.col("right") - pl.col("left")) * (pl.col("bottom") - pl.col("top"))
    return table.with_columns(size=pl.when(area < 32**2).then(pl.lit("small")).otherwise(pl.lit("larger")))


@pytest.fixture(scope="module")
def objects(plain):
    singles = plain.objects.filter(~pl.col("is_crowd"))
    return with_size(singles).join(plain.images, on="image_id", how="left", maintain_order="left")


@pytest.fixture(scope="module")
def drawn(objects):
    """What becomes of the same objects over many seeds, one 0/1 column per error."""
    tables = []
    for seed in range(SEEDS):
        fate = fates(np.random.default_rng(seed), objects, ())
        kind = fate["kind"].replace({"faint": "missed"})
        columns = [(kind == error).alias(error) for error in ERRORS[:3]]
        tables.append(objects.with_columns(*columns, fate["is_doubled"], seed=pl.lit(seed)))
    return pl.concat(tables)


def independence(table, attribute, error):
    """p-value of the chi-square test of an attribute against an error."""
    counts = table.group_by(attribute).agg(pl.col(error).sum(), wrong=pl.len() - pl.col(error).sum())
    return chi2_contingency(counts.select(error, "wrong").to_numpy(), correction=False).pvalue


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("attribute", OF_OBJECTS)
def test_without_planting_an_error_depends_on_no_attribute(drawn, attribute, error):
    assert independence(drawn, attribute, error) > 1e-3


@pytest.mark.parametrize("attribute", OF_OBJECTS)
def test_without_planting_p_values_over_seeds_are_uniform(drawn, attribute):
    p_values = [independence(one_seed, attribute, "missed") for one_seed in drawn.partition_by("seed")]
    assert kstest(p_values, "uniform").pvalue > 1e-3


@pytest.fixture(scope="module")
def strays(plain, objects):
    """Strays of many seeds with the attributes of their images and their own class and size."""
    tables = [
        detect(np.random.default_rng(seed), plain.images, plain.objects, ()) for seed in range(SEEDS // 2)
    ]
    table = with_size(pl.concat(tables).filter(pl.col("kind") == "stray"))
    return table.join(plain.images, on="image_id", how="left", maintain_order="left")


@pytest.mark.parametrize("attribute", [*IMAGE_ATTRIBUTES, "category", "size"])
def test_strays_are_as_frequent_per_object_in_every_slice(strays, objects, attribute):
    counts = (
        objects.group_by(attribute).len().join(strays.group_by(attribute).agg(strays=pl.len()), on=attribute)
    )
    expected = counts["len"] / counts["len"].sum() * counts["strays"].sum()
    deviation = ((counts["strays"] - expected) ** 2 / expected).sum()
    assert deviation < 4 * len(counts) + 8


def test_predictions_overlap_objects_as_their_kind_says(plain):
    of_image = {
        key[0]: corners(part) for key, part in plain.objects.partition_by("image_id", as_dict=True).items()
    }
    best = [
        max(overlap(row[1:5], box) for box in of_image[row[0]])
        for row in plain.predictions.select("image_id", "left", "top", "right", "bottom").iter_rows()
    ]
    table = plain.predictions.with_columns(best=pl.Series(best)).filter(pl.col("kind") != "region")
    for kind, worst, most in (
        ("found", 0.55, 1.0),
        ("faint", 0.55, 1.0),
        ("classification", 0.55, 1.0),
        ("localisation", 0.15, 0.45),
        ("stray", 0.0, 0.1),
    ):
        own = table.filter(pl.col("kind") == kind)["best"]
        assert own.is_between(worst, most).mean() > 0.98, kind


def test_boxes_are_as_exact_for_small_objects_as_for_large_ones(plain):
    found = with_size(plain.predictions.filter(pl.col("kind") == "found"))
    of_image = {
        key[0]: corners(part) for key, part in plain.objects.partition_by("image_id", as_dict=True).items()
    }
    best = [
        max(overlap(row[1:5], box) for box in of_image[row[0]])
        for row in found.select("image_id", "left", "top", "right", "bottom").iter_rows()
    ]
    means = found.with_columns(best=pl.Series(best)).group_by("size").agg(pl.col("best").mean())["best"]
    assert means.max() - means.min() < 0.02


def test_scores_are_probabilities_and_right_predictions_have_the_higher_ones(plain):
    means = dict(plain.predictions.group_by("kind").agg(pl.col("score").mean()).iter_rows())
    assert plain.predictions["score"].is_between(0, 1).all()
    assert means["found"] == pytest.approx(0.77, abs=0.03)
    assert means["stray"] < 0.4
    assert plain.predictions.filter(pl.col("kind") == "faint")["score"].max() < 0.25


@pytest.mark.parametrize(
    "mode", [mode for mode in PLANTED_MODES if mode.error != "label"], ids=lambda m: m.cause
)
def test_a_planted_mode_strikes_where_it_says_and_nowhere_else(objects, mode):
    drawn = pl.concat([fates(np.random.default_rng(seed), objects, [mode]) for seed in range(8)])
    everything = pl.concat([objects.drop("category")] * 8)
    happened = {
        "missed": drawn["kind"].is_in(["missed", "faint"]),
        "classification": drawn["kind"] == "classification",
        "localisation": drawn["kind"] == "displaced",
        "duplicate": drawn["is_doubled"],
    }[mode.error]
    where = pl.concat([objects] * 8).select(mode.where).to_series()
    assert everything.height == len(where)
    assert happened.filter(where).mean() == pytest.approx(mode.rate, abs=0.08)
    assert happened.filter(~where).mean() < 0.1


@pytest.mark.parametrize("cause", ["size", "threshold"])
def test_as_many_missed_objects_have_a_faint_prediction_as_the_mode_says(objects, cause):
    mode = next(mode for mode in PLANTED_MODES if mode.cause == cause)
    kinds = pl.concat([fates(np.random.default_rng(seed), objects, [mode])["kind"] for seed in range(8)])
    struck = pl.concat([objects] * 8).select(mode.where).to_series()
    lost = kinds.filter(struck & kinds.is_in(["missed", "faint"]))
    by_chance = MISSED / (MISSED + mode.rate)
    assert (lost == "faint").mean() == pytest.approx(mode.faint, abs=0.06 + by_chance / 2)


def test_displaced_boxes_are_too_high_by_a_fixed_share_of_their_height(objects):
    mode = next(mode for mode in PLANTED_MODES if mode.cause == "localisation")
    cut = objects.filter(mode.where)
    boxes, shift = corners(cut), np.tile(mode.shift, (len(cut), 1))
    placed = displaced(np.random.default_rng(0), boxes, shift)
    height = boxes[:, 3] - boxes[:, 1]
    assert ((placed - boxes)[:, [1, 3]].mean(axis=1) / height).mean() == pytest.approx(-0.5, abs=0.03)
    best = np.array([overlap(a, b) for a, b in zip(placed.tolist(), boxes.tolist(), strict=True)])
    assert ((best > 0.1) & (best < 0.5)).all()


def test_a_retrained_detector_finds_small_objects_at_night_and_more_objects_twice():
    before = {mode.cause: mode.rate for mode in PLANTED_MODES}
    after = {mode.cause: mode.rate for mode in after_retraining(PLANTED_MODES)}
    assert before.pop("size") > 0.5
    assert after.pop("duplicates") == 2 * before.pop("duplicates")
    assert after == before


def test_a_wrong_class_is_another_one_and_mistakes_balance():
    shares = [0.3, 0.2, 0.13, 0.2, 0.1, 0.07]
    names = np.random.default_rng(0).choice(CATEGORIES, size=60_000, p=shares)
    true = pl.Series("true", names)
    wrong = mistaken(np.random.default_rng(1), true)
    assert (true != wrong).all()
    table = pl.DataFrame({"true": true, "wrong": wrong}).group_by("true", "wrong").len()
    counts = {(a, b): count for a, b, count in table.iter_rows()}
    for (a, b), count in counts.items():
        assert count == pytest.approx(counts[b, a], abs=6 * np.sqrt(count + 1))
    assert counts["truck", "bus"] > counts["truck", "pedestrian"]


def test_predictions_come_image_after_image(plain):
    assert plain.predictions["image_id"].is_sorted()
