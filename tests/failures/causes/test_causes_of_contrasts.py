"""Causes of modes that hold one value against another: the other value is what they compare with."""

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.failures.causes.coverage import coverage
from cvfail.failures.causes.domain_shift import domain_shift
from cvfail.failures.causes.size import size
from cvfail.failures.conditions import Condition
from tests.failures.causes.scenes import scene
from tests.failures.causes.test_claims import errors_of

RAIN, CLEAR = Condition("weather", "rain"), Condition("weather", "clear")
SMALL, MEDIUM, NIGHT = Condition("size", "small"), Condition("size", "medium"), Condition("light", "night")


def lost(data, **where):
    """The scene without the predictions of images where this holds."""
    gone = data.images.filter(**where)["image_id"]
    kept = ~data.predictions["image_id"].is_in(gone.implode())
    return type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions.filter(kept),
    )


def rate_missed(evaluation, *predicates):
    truth = evaluation.ground_truth_at().join(evaluation.images, on="image_id")
    return truth.filter(*predicates).select((pl.col("outcome") == "missed").mean()).item()


def test_domain_shift_compares_with_the_other_value_and_not_with_everything_else():
    evaluation = evaluate(lost(scene(4, rain_faint=0.8), weather="fog"))
    errors, context = errors_of(evaluation, "missed", RAIN, NIGHT, against=(CLEAR, NIGHT))
    facts = domain_shift(errors, context).facts
    night = pl.col("light") == "night"
    assert facts["conditions"] == "weather=rain"
    assert facts["rate_with"] == pytest.approx(rate_missed(evaluation, night, pl.col("weather") == "rain"))
    assert facts["rate_without"] == pytest.approx(
        rate_missed(evaluation, night, pl.col("weather") == "clear")
    )
    assert facts["against"] == "weather=clear"
    plain = domain_shift(*errors_of(evaluation, "missed", RAIN, NIGHT)).facts
    assert plain["against"] == "rest"
    assert plain["rate_without"] > facts["rate_without"] + 0.1


def test_domain_shift_says_so_in_words():
    evaluation = evaluate(scene(4, rain_faint=0.8))
    text = domain_shift(*errors_of(evaluation, "missed", RAIN, against=(CLEAR,))).text
    assert "with weather=clear (p" in text
    assert "score of right predictions differs from weather=clear by" in text
    assert " without " in domain_shift(*errors_of(evaluation, "missed", RAIN)).text


def test_domain_shift_says_nothing_of_values_of_objects_in_the_same_images():
    evaluation = evaluate(scene(4, images=60))
    assert domain_shift(*errors_of(evaluation, "missed", SMALL, NIGHT, against=(MEDIUM, NIGHT))) is None
    assert domain_shift(*errors_of(evaluation, "missed", SMALL, NIGHT)) is not None


def test_coverage_is_the_share_of_both_values():
    evaluation = evaluate(scene(4, rain_faint=0.8))
    errors, context = errors_of(evaluation, "missed", RAIN, against=(CLEAR,))
    facts = coverage(errors, context).facts
    truth = evaluation.ground_truth.join(evaluation.images, on="image_id")
    rain, clear = ((truth["weather"] == name).sum() for name in ("rain", "clear"))
    assert facts["share_here"] == pytest.approx(rain / (rain + clear))
    assert facts["fair_share"] == 0.5


@pytest.mark.parametrize("of_objects", [True, False])
def test_coverage_of_training_data_leaves_out_other_values(of_objects):
    evaluation = evaluate(scene(4, rain_faint=0.8))
    training = pl.DataFrame({"weather": ["rain"] * 2 + ["clear"] * 8 + ["fog"] * 90})
    if of_objects:
        training = training.with_columns(category=pl.lit("class 1"))
    errors, context = errors_of(evaluation, "missed", RAIN, against=(CLEAR,), training=training)
    claim = coverage(errors, context)
    rows = evaluation.images
    if of_objects:
        rows = evaluation.ground_truth.join(rows, on="image_id")
    rain, clear = ((rows["weather"] == name).sum() for name in ("rain", "clear"))
    fair = rain / (rain + clear)
    assert claim.facts["share_of_training"] == pytest.approx(0.2)
    assert claim.facts["fair_share"] == pytest.approx(fair)
    wanted = claim.facts["rows_wanted"]
    assert (2 + wanted - 1) / (10 + wanted - 1) < fair <= (2 + wanted) / (10 + wanted)
    assert claim.weights.tolist() == pytest.approx(
        [(1 - 0.2 / fair) * claim.facts["excess"]] * len(claim.weights)
    )
    assert "of both values" in claim.text


def test_training_data_that_do_not_tell_the_values_apart_say_nothing():
    evaluation = evaluate(scene(4, images=60))
    training = pl.DataFrame({"light": ["night", "day"]})
    errors, context = errors_of(evaluation, "missed", RAIN, NIGHT, against=(CLEAR, NIGHT), training=training)
    assert coverage(errors, context).facts["share_of_training"] is None


def test_size_against_another_size_is_compared_with_that_size():
    data = scene(4, night_small=0.6)
    large = pl.col("category_id") == 3
    data = type(data)(
        task="detection",
        images=data.images,
        categories=data.categories,
        ground_truth=data.ground_truth.with_columns(area=pl.when(large).then(1e5).otherwise(pl.col("area"))),
        predictions=data.predictions.filter(pl.col("category_id") != 3),
    )
    evaluation = evaluate(data)
    facts = size(*errors_of(evaluation, "missed", SMALL, NIGHT, against=(MEDIUM, NIGHT))).facts
    night = pl.col("light") == "night"
    medium = pl.col("area").is_between(1024, 9216, closed="left")
    assert facts["rate_without"] == pytest.approx(rate_missed(evaluation, night, medium))
    plain = size(*errors_of(evaluation, "missed", SMALL, NIGHT)).facts
    assert plain["rate_without"] == pytest.approx(rate_missed(evaluation, night, pl.col("area") >= 1024))
    assert plain["rate_without"] > facts["rate_without"] + 0.1
