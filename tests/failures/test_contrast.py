"""One value against another: plain filters give the same numbers, and exchanging the values flips the signs."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import QueryError
from cvfail.evaluation import evaluate
from cvfail.failures.conditions import Condition
from cvfail.failures.contrast import CONTRAST_SCHEMA
from cvfail.failures.failure_mode import ERRORS
from cvfail.failures.mode_files import read_modes
from cvfail.failures.modes import reevaluated
from cvfail.statistics.contrast import slice_against_rest
from tests.failures.test_failure_mode import with_columns
from tests.failures.test_modes import significant, street
from tests.scenes import detection

NIGHT, DAY = Condition("light", "night"), Condition("light", "day")


@pytest.fixture(scope="module")
def evaluation():
    """Small objects are missed at night, class 1 is taken for 2 on camera c by day and by night alike."""
    return evaluate(street(1, night_small=0.7, confused_on_c=0.5, crowd_duplicates=0.15))


def units_by_hand(evaluation, error):
    """Every unit of an error with its attributes, cluster and whether it has the error, from the public tables."""
    images = evaluation.images.select("image_id", "light", "camera", "density")
    names = dict(evaluation.categories.select("category_id", "name").rows())
    truth = evaluation.ground_truth_at().join(images, on="image_id", maintain_order="left")
    objects = truth.select(
        pl.col("category_id").replace_strict(names).alias("category"),
        _size(pl.col("area")),
        "light",
        "camera",
        "density",
        wrong=(pl.col("outcome") == error).cast(pl.Float64),
        cluster=pl.col("image_id"),
    )
    if error != "duplicate":
        return objects
    found = evaluation.predictions_at().filter(error_type="duplicate").join(images, on="image_id")
    stray = found.select(
        pl.col("category_id").replace_strict(names).alias("category"),
        _size(pl.col("width") * pl.col("height")),
        "light",
        "camera",
        "density",
        wrong=pl.lit(1.0),
        cluster=pl.col("image_id"),
    )
    return pl.concat([objects.with_columns(wrong=pl.lit(0.0)), stray])


def _size(area):
    return pl.when(area < 1024).then(pl.lit("small")).otherwise(pl.lit("medium")).alias("size")


def by_hand(units, condition):
    """Night against day among the units of a further condition, by a filter and the statistics room."""
    for name, value in condition:
        units = units.filter(pl.col(name) == value)
    rows = units.select("light", "cluster", errors="wrong", units=pl.lit(1.0))
    night = rows.filter(light="night").with_columns(slice=pl.lit(0))
    return slice_against_rest(night, rows, by=["slice"]).row(0, named=True)


COLUMNS = [
    *("rate", "rest_rate", "difference", "difference_lower", "difference_upper"),
    *("excess_errors", "excess_lower", "excess_upper", "clusters", "p_value"),
]


@pytest.mark.parametrize("error", ["missed", "classification", "duplicate"])
def test_every_mode_has_the_numbers_of_a_plain_filter(evaluation, error):
    modes = evaluation.failure_contrast("light", "night", "day", insignificant=100, max_order=2)
    units = units_by_hand(evaluation, error)
    rows = [
        (row, mode)
        for row, mode in zip(modes.df.iter_rows(named=True), modes.modes, strict=True)
        if mode.kind == error and mode.confusion is None
    ]
    assert rows
    for row, mode in rows:
        assert mode.conditions[0] == NIGHT
        assert mode.against == (DAY, *mode.conditions[1:])
        told = by_hand(units, [(one.attribute, one.value) for one in mode.conditions[1:]])
        assert (row["support"], row["errors"]) == (told["units"], told["errors"])
        assert [row[name] for name in COLUMNS] == pytest.approx([told[name] for name in COLUMNS], abs=1e-9)


@pytest.mark.parametrize("error", ["missed", "classification", "duplicate"])
def test_the_overall_rates_are_those_of_a_plain_filter(evaluation, error):
    table = evaluation.contrast_rates("light", "night", "day")
    assert table.df.columns == list(CONTRAST_SCHEMA)
    assert table.df["error"].to_list() == list(ERRORS)
    row, told = table.df.row(ERRORS.index(error), named=True), by_hand(units_by_hand(evaluation, error), [])
    same = {"support": "units", "against_support": "rest_units", "against_errors": "rest_errors"}
    same |= {"against_rate": "rest_rate"} | {
        name: name for name in ("errors", "rate", *COLUMNS[2:8], "p_value")
    }
    for name, theirs in same.items():
        assert row[name] == pytest.approx(told[theirs], abs=1e-9), name


def test_rates_at_the_same_mix_leave_nothing_of_a_difference_of_the_mix():
    """Nothing fails more at night, but small objects fail more, and night images keep few others."""
    data = nights_and_small_ones(9, night=0.0, small=0.5)
    truth = data.ground_truth.join(
        data.images.select("image_id", "light"), on="image_id", maintain_order="left"
    )
    gone = (truth["light"] == "night") & (truth["area"] >= 1024) & (truth["ground_truth_id"] % 4 != 0)
    removed = data.ground_truth.filter(gone).select("image_id", "x", "y")
    data = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth.filter(~gone),
        predictions=data.predictions.join(
            removed, on=["image_id", "x", "y"], how="anti", maintain_order="left"
        ),
    )
    evaluation = evaluate(data)
    plain = evaluation.contrast_rates("light", "night", "day").df.row(0, named=True)
    same = evaluation.contrast_rates("light", "night", "day", within="size").df.row(0, named=True)
    assert plain["p_value"] < 0.001
    assert same["p_value"] > 0.05
    assert (same["support"], same["rate"]) == (plain["support"], plain["rate"])
    units = units_by_hand(evaluation, "missed").with_columns(pl.col("wrong").mean().over("light", "size"))
    day = dict(units.filter(light="day").select("size", "wrong").unique().rows())
    expected = units.filter(light="night")["size"].replace_strict(day, return_dtype=pl.Float64).mean()
    assert same["against_rate"] == pytest.approx(expected)
    assert same["excess_errors"] == pytest.approx(same["errors"] - same["support"] * expected)


def test_what_has_a_value_of_its_own_for_every_image_is_nothing_to_compare_within():
    data = street(1, images=60)
    data = with_columns(data, serial=pl.col("image_id").cast(pl.String) + "-7", site=pl.lit("x"))
    data = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth.unique("image_id", maintain_order=True),
        predictions=data.predictions,
    )
    evaluation = evaluate(data)
    with pytest.raises(QueryError, match=r"compared within serial \(almost unique"):
        evaluation.contrast_rates("light", "night", "day", within=["serial"])
    one_site = evaluation.contrast_rates("light", "night", "day", within=["site", "light"])
    assert one_site.df.equals(evaluation.contrast_rates("light", "night", "day").df)


def test_exchanging_the_values_flips_the_sign_of_every_difference(evaluation):
    one = evaluation.contrast_rates("light", "night", "day").df
    other = evaluation.contrast_rates("light", "day", "night").df
    assert (one["difference"] + other["difference"]).abs().max() < 1e-12
    assert (one["difference_lower"] + other["difference_upper"]).abs().max() < 1e-12
    assert (one["p_value"] - other["p_value"]).abs().max() < 1e-12
    for name in ("support", "errors", "rate"):
        assert one[name].to_list() == pytest.approx(other[f"against_{name}"].to_list(), abs=1e-12)
    assert one["difference"][0] > 0.1


def test_what_differs_between_the_values_leads_and_what_does_not_is_left_out(evaluation):
    modes = evaluation.failure_contrast("light", "night", "day")
    assert significant(modes) == [("missed", "light=night & size=small")]
    assert len(significant(evaluation.failure_modes())) == 3
    assert significant(evaluation.failure_contrast("light", "day", "night")) == []
    camera = evaluation.failure_contrast("camera", "c", "a")
    assert significant(camera) == [("classification", "camera=c & category=class 1")]
    assert camera.modes[0].against == (Condition("camera", "a"), Condition("category", "class 1"))
    assert camera.modes[0].error == "class 1→class 2"


def nights_and_small_ones(seed, *, night, small):
    """Objects are missed more at night, and small ones are, each whatever the other."""
    rng = np.random.default_rng(seed)
    data = street(seed, base=0.05, night_small=0.05)
    truth = data.ground_truth.with_row_index("at").join(
        data.images.select("image_id", "light"), on="image_id"
    )
    chance = night * (truth["light"] == "night") + small * (truth["area"] < 1024)
    lost = truth.filter(pl.Series(rng.random(len(truth))) < chance).select("image_id", "x", "y")
    return type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions.join(lost, on=["image_id", "x", "y"], how="anti", maintain_order="left"),
    )


def test_a_failure_of_all_objects_is_told_of_all_though_small_ones_fail_more_by_day_and_night():
    modes = evaluate(nights_and_small_ones(4, night=0.3, small=0.3)).failure_contrast("light", "night", "day")
    assert significant(modes) == [("missed", "light=night")]


def test_a_failure_of_all_objects_is_not_told_of_nearly_all():
    """Through a dirty lens everything is missed, by day more often: without these images the contrast is sharper."""
    data = nights_and_small_ones(4, night=0.3, small=0.0)
    day = data.images.filter(light="day")["image_id"]
    is_lost = (pl.col("image_id") % 20 == 0) | (
        (pl.col("image_id") % 5 == 0) & pl.col("image_id").is_in(day.implode())
    )
    data = type(data)(
        task="detection",
        images=data.images.with_columns(
            lens=pl.when(is_lost).then(pl.lit("dirty")).otherwise(pl.lit("clean"))
        ),
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions.filter(~is_lost),
    )
    evaluation = evaluate(data)
    modes = evaluation.failure_contrast("light", "night", "day")
    assert significant(modes) == [("missed", "light=night")]
    clean = Condition("lens", "clean")
    narrow = replace(modes.modes[0], conditions=(NIGHT, clean), against=(DAY, clean))
    assert evaluation.reevaluate([narrow]).df["excess_lower"][0] > modes.df["excess_lower"][0]


def test_where_the_values_do_not_differ_hardly_anything_is_significant():
    """At level .05 each run has at most a 5 % chance; more than 3 of 20 would be a 2 % accident."""
    runs = [evaluate(street(seed, images=60, confused_on_c=0.5)) for seed in range(300, 320)]
    found = [len(significant(one.failure_contrast("light", "night", "day"))) > 0 for one in runs]
    assert sum(found) <= 3


def test_a_class_is_held_against_another_in_the_same_images():
    """Objects of both classes share images, whose luck they share: the interval knows the covariance."""
    evaluation = evaluate(street(6, images=80))
    row = evaluation.contrast_rates("category", "class 1", "class 2").df.row(0, named=True)
    truth = evaluation.ground_truth_at().select(
        "category_id", cluster="image_id", errors=(pl.col("outcome") == "missed").cast(pl.Float64), units=1.0
    )
    own = truth.filter(category_id=1).with_columns(slice=pl.lit(0))
    told = slice_against_rest(own, truth, by=["slice"]).row(0, named=True)
    assert (row["difference_lower"], row["difference_upper"], row["p_value"]) == pytest.approx(
        (told["difference_lower"], told["difference_upper"], told["p_value"])
    )


def test_ranges_and_numbers_and_nulls_are_values():
    data = street(1, images=120, night_small=0.7)
    brightness = pl.Series("brightness", [float(i) for i in range(120)])
    data = with_columns(
        data,
        brightness=brightness,
        lanes=pl.Series([i % 3 for i in range(120)]),
        wet=pl.Series([[True, False, None][i % 3] for i in range(120)]),
    )
    evaluation = evaluate(data)
    low = evaluation.failure_contrast("brightness", "< 29.75", "≥ 89.25", insignificant=1).modes[0]
    assert low.conditions[0] == Condition("brightness", high=29.75)
    assert low.against[0] == Condition("brightness", low=89.25)
    by_number = evaluation.contrast_rates("lanes", 1, "2").df
    assert by_number["support"][0] == _objects_where(evaluation, pl.col("lanes") == 1)
    assert by_number["against_support"][0] == _objects_where(evaluation, pl.col("lanes") == 2)
    unknown = evaluation.contrast_rates("wet", None, against=True).df
    assert unknown["support"][0] == _objects_where(evaluation, pl.col("wet").is_null())
    assert unknown["against_support"][0] == _objects_where(evaluation, pl.col("wet"))


def _objects_where(evaluation, predicate):
    images = evaluation.images.filter(predicate)["image_id"].to_list()
    return evaluation.ground_truth["image_id"].is_in(images).sum()


def test_attributes_of_ground_truth_alone_tell_of_objects_alone():
    data = street(1, images=120, night_small=0.7)
    rng = np.random.default_rng(0)
    hidden = pl.Series(rng.choice(["yes", "no"], len(data.ground_truth)).tolist())
    told = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth.with_columns(hidden=hidden),
        predictions=data.predictions,
    )
    evaluation = evaluate(told)
    assert evaluation.contrast_rates("hidden", "yes", "no").df["error"].to_list() == list(ERRORS[:3])
    modes = evaluation.failure_contrast("hidden", "yes", "no", insignificant=500)
    assert {mode.unit for mode in modes.modes} <= {"ground_truth", "pairs"}
    assert len(modes) > 0


def test_the_modes_are_modes_like_any_others(evaluation, tmp_path):
    modes = evaluation.failure_contrast("light", "night", "day")
    row = modes.df.row(0, named=True)
    assert len(modes.examples(1)) == row["errors"]
    assert modes.impact.df.filter(rank=1, measure="recall")["support"].item() == row["errors"]
    shares = modes.causes().df.filter(rank=1)["share"]
    assert shares.sum() == pytest.approx(1.0)
    assert read_modes(modes.write_modes(tmp_path / "modes.json")) == list(modes.modes)
    again = reevaluated(modes.modes, evaluation.evidence)
    same = pl.exclude("p_value", "q_value", "significant")
    assert again.df.select(same).equals(modes.df.select(same))
    assert again.df["significant"][0]
    assert "of objects missed, " in row["mode"]
    assert "with light=day" in row["mode"]
    assert "elsewhere" not in "".join(modes.df["mode"])


def test_a_value_that_fails_less_is_told_so(evaluation):
    modes = evaluation.failure_contrast("light", "night", "day").modes
    turned = [replace(one, conditions=one.against, against=one.conditions) for one in modes[:1]]
    row = evaluation.reevaluate(turned).df.row(0, named=True)
    assert row["mode"].startswith("light=day & size=small: ")
    assert row["mode"].endswith(f"; {-row['excess_errors']:.0f} fewer than expected")
    assert not row["significant"]


def test_costs_and_ranking_are_those_of_failure_modes(evaluation):
    costs = cf.Costs.from_dict({"duplicate": 1000})
    modes = evaluation.failure_contrast("density", "crowded", "sparse", costs=costs)
    row = modes.df.row(0, named=True)
    assert row["error"] == "duplicate"
    assert row["risk"] > 10 * row["excess_errors"]
    with pytest.raises(QueryError, match="cannot be ranked by 'luck'"):
        evaluation.failure_contrast("light", "night", "day", rank_by="luck")


def test_a_classifier_has_contrasts_too():
    rng = np.random.default_rng(3)
    count = 600
    light, true = rng.choice(["day", "night"], count), rng.choice(["cat", "dog"], count)
    wrong = rng.random(count) < np.where((light == "night") & (true == "cat"), 0.6, 0.05)
    said = np.where(wrong, np.where(true == "cat", "dog", "cat"), true)
    data = cf.from_labels(true.tolist(), said.tolist(), attributes={"light": light.tolist()})
    evaluation = cf.evaluate(data)
    modes = evaluation.failure_contrast("light", "night", "day")
    assert significant(modes) == [("classification", "light=night & category=cat")]
    assert modes.df["error"][0] == "cat→dog"
    rates = evaluation.contrast_rates("light", "night", "day").df.row(1, named=True)
    assert rates["error"] == "classification"
    night = light == "night"
    assert (rates["rate"], rates["against_rate"]) == pytest.approx(
        (wrong[night].mean(), wrong[~night].mean())
    )


def test_values_without_units_give_null_rates_and_no_modes():
    data = street(1, images=30)
    data = with_columns(data, season=pl.Series(["summer"] * 29 + ["winter"]))
    empty = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth.filter(pl.col("image_id") != 29),
        predictions=data.predictions.filter(pl.col("image_id") != 29),
    )
    evaluation = evaluate(empty)
    for pair in (("winter", "summer"), ("summer", "winter")):
        rates = evaluation.contrast_rates("season", *pair).df.row(0, named=True)
        side = "" if pair[0] == "winter" else "against_"
        other = "against_" if pair[0] == "winter" else ""
        assert (rates[f"{side}support"], rates[f"{side}rate"], rates["difference"]) == (0, None, None)
        assert rates[f"{other}support"] == len(empty.ground_truth)
        modes = evaluation.failure_contrast("season", *pair)
        assert (len(modes), modes.search.slices) == (0, 0)


@pytest.mark.parametrize("images", [0, 1])
def test_without_rows_there_are_rates_without_a_value_and_no_modes(images):
    evaluation = evaluate(detection(list(range(images)), [1, 2], [], [], light=["day"] * images))
    rates = evaluation.contrast_rates("category", "class 1", "class 2").df
    assert rates["error"].to_list() == list(ERRORS)
    assert rates.select("support", "against_support").sum().row(0) == (0, 0)
    assert (
        rates.select("rate", "against_rate", "difference", "p_value").null_count().row(0)
        == (len(ERRORS),) * 4
    )
    modes = evaluation.failure_contrast("category", "class 1", "class 2")
    assert (len(modes), modes.search.slices, len(modes.causes().df)) == (0, 0, 0)
    told = "one of day" if images else "it has no values here"
    with pytest.raises(QueryError, match=told):
        evaluation.failure_contrast("light", "night", "day")


def test_without_predictions_everything_is_missed_with_either_value():
    data = street(1, images=30)
    silent = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions.clear(),
    )
    evaluation = evaluate(silent)
    row = evaluation.contrast_rates("light", "night", "day").df.row(0, named=True)
    assert (row["rate"], row["against_rate"], row["difference"], row["p_value"]) == (1.0, 1.0, 0.0, None)
    assert significant(evaluation.failure_contrast("light", "night", "day")) == []


def test_overlap_and_score_are_those_asked_for(evaluation):
    for options in ({"score": 0.7}, {"iou": 0.75}):
        moved = evaluation.at(**options)
        told = evaluation.contrast_rates("light", "night", "day", **options)
        assert told.df.equals(moved.contrast_rates("light", "night", "day").df)
        mode = evaluation.failure_contrast("light", "night", "day", **options).modes[0]
        assert (mode.iou, mode.score) == (options.get("iou", 0.5), options.get("score", 0.25))
    narrow = evaluation.contrast_rates("light", "night", "day", confidence=0.5).df.row(0, named=True)
    wide = evaluation.contrast_rates("light", "night", "day").df.row(0, named=True)
    assert wide["difference_lower"] < narrow["difference_lower"] < narrow["difference_upper"]


def test_values_that_predictions_alone_have_are_values():
    data = street(1, images=60)
    told = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth.with_columns(view=pl.lit("side")),
        predictions=data.predictions.with_columns(
            view=pl.when(pl.col("y") >= 500).then(pl.lit("none")).otherwise(pl.lit("side"))
        ),
    )
    rates = evaluate(told).contrast_rates("view", "none", "side").df
    background = rates.row(ERRORS.index("background"), named=True)
    assert (background["rate"], background["against_errors"]) == (1.0, 0)
    assert rates["rate"][0] is None


def test_what_is_unknown_is_answered_with_what_is_known(evaluation):
    with pytest.raises(QueryError, match=r"light is never 'dusk'\. Hint: one of day, night"):
        evaluation.failure_contrast("light", "dusk", "day")
    with pytest.raises(
        QueryError, match=r"'lihgt' is not an attribute .* Hint: one of category, size, light"
    ):
        evaluation.failure_contrast("lihgt", "night", "day")
    with pytest.raises(
        QueryError, match=r"light=day cannot be held against itself\. Hint: one of day, night"
    ):
        evaluation.contrast_rates("light", "day", "day")
    with pytest.raises(QueryError, match=r"light is never '\(null\)'"):
        evaluation.failure_contrast("light", None, "day")
    with pytest.raises(QueryError, match="max_order must be at least 1"):
        evaluation.failure_contrast("light", "night", "day", max_order=0)
