"""Plans: five steps with their numbers, files that are read back, and the check of a new model."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cvfail.errors import FormatError, MissingFileError, PolicyError, QueryError
from cvfail.evaluation import evaluate
from cvfail.failures.plan.check import CHECK_SCHEMA
from cvfail.failures.plan.plan import Plan, read_plan
from cvfail.io.labels import from_labels
from tests.failures.causes.scenes import scene

SLICE = "light=night & size=small"


@pytest.fixture(scope="module")
def baseline():
    """A detector that misses small objects at night."""
    return evaluate(scene(5, night_small=0.6))


@pytest.fixture(scope="module")
def plan(baseline):
    return baseline.reevaluate([baseline.failure_mode("missed", SLICE)]).plan(1)


def with_predictions(evaluation, change):
    """The same evaluation with other predictions."""
    return evaluate(
        replace(evaluation.data, predictions=change(evaluation.data.predictions)), evaluation.policy
    )


@pytest.fixture(scope="module")
def fixed():
    """The same images and labels, found by a detector without the failure."""
    return lambda evaluation: with_predictions(evaluation, lambda rows: _with_missing(evaluation, rows))


def _with_missing(evaluation, rows):
    missed = evaluation.ground_truth_at().filter(pl.col("outcome") == "missed", pl.col("area") < 1024)
    new = missed.select(
        prediction_id=pl.int_range(pl.len()).cast(rows.schema["prediction_id"]) + 10**6,
        image_id="image_id",
        category_id="category_id",
        score=pl.lit(0.9),
        **{side: side for side in ("x", "y", "width", "height")},
    )
    return pl.concat([rows, new.select(rows.columns).cast(rows.schema)])


def test_a_plan_has_five_steps_with_the_numbers_of_the_mode(baseline, plan):
    titles = [step.title.split()[0].rstrip(",") for step in plan.steps]
    assert titles == ["Define", "Look", "Act", "Verify", "Guard"]
    row = baseline.reevaluate([plan.mode]).df.row(0, named=True)
    define = " ".join(plan.steps[0].lines)
    assert row["mode"] in define
    assert f"{row['errors']} errors in {row['support']} objects of" in define
    assert plan.mode.hash in define
    assert any("size" in line and "%" in line for line in plan.steps[1].lines)
    assert any("more pixels" in line and "at most" in line for line in plan.steps[2].lines)
    assert "0.05 per image" in plan.steps[4].lines[0]


def test_the_plan_tells_the_operating_point_of_its_mode(baseline):
    mode = baseline.failure_mode("missed", SLICE, iou=0.75, score=0.6)
    assert "IoU >= 0.75, score >= 0.6" in " ".join(baseline.reevaluate([mode]).plan(1).steps[0].lines)


def test_the_frozen_slice_is_the_one_that_was_asked_for(plan):
    assert [str(one) for one in plan.mode.conditions] == ["light=night", "size=small"]
    assert plan.mode.error == "missed"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("light=dusk", "light is never 'dusk'. Hint: one of day, night"),
        ("area > 10", "cannot be frozen"),
        ("mood=good", "mood"),
    ],
)
def test_a_slice_that_cannot_be_frozen(baseline, where, told):
    with pytest.raises(QueryError, match=told):
        baseline.failure_mode("missed", where)


def test_an_error_that_does_not_exist(baseline):
    with pytest.raises(FormatError, match="no error 'lost'"):
        baseline.failure_mode("lost")


def test_confusions_may_be_written_with_a_plain_arrow(baseline):
    a, b = baseline.evidence.category_names[:2]
    assert baseline.failure_mode(f"{a}->{b}").confusion == (a, b)


def test_a_plan_is_read_back_as_it_was(plan, tmp_path):
    assert read_plan(plan.write(tmp_path / "plan.json")) == plan
    assert plan.write(tmp_path / "plan.md").read_text() == str(plan)
    assert str(plan).count("\n## ") == 5


@pytest.mark.parametrize(
    ("content", "told"),
    [("[]", "is no plan"), ('{"version": 9}', "version 9"), ('{"version": 1}', "lacks 'mode'")],
)
def test_a_file_that_is_no_plan(tmp_path, content, told):
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(FormatError, match=told):
        read_plan(tmp_path / "plan.json")
    with pytest.raises(MissingFileError):
        read_plan(tmp_path / "none.json")


def test_negative_limits_are_refused(baseline, plan):
    modes = baseline.reevaluate([plan.mode])
    with pytest.raises(PolicyError, match="max_false_positives -1"):
        modes.plan(1, max_false_positives=-1)
    with pytest.raises(QueryError, match="rank 2"):
        modes.plan(2)


def test_a_fix_without_a_price_passes(baseline, plan, fixed):
    check = plan.check(baseline.evidence, fixed(baseline).evidence)
    assert dict(check.df.schema) == CHECK_SCHEMA
    fix = check.df.row(0, named=True)
    assert (fix["check"], fix["verdict"], fix["after"]) == ("fix", "pass", 0.0)
    assert check.df.filter(check="false positives")["difference"].to_list() == [0.0, 0.0]
    assert check.verdict == "pass"


def test_the_same_model_fixes_nothing_and_breaks_nothing(baseline, plan):
    check = plan.check(baseline.evidence, baseline.evidence)
    assert check.df["difference"].to_list() == [0.0] * len(check.df)
    assert check.df["verdict"].to_list() == ["fail"] + ["pass"] * (len(check.df) - 1)
    assert check.verdict == "fail"


def test_false_positives_above_the_limit_fail(baseline, plan, fixed):
    rng = np.random.default_rng(0)

    def noisy(rows):
        some = rows.filter(pl.Series(rng.random(len(rows)) < 0.2))
        away = some.with_columns(
            pl.col("y") + 5000, pl.lit(0.9).alias("score"), pl.col("prediction_id") + 2 * 10**6
        )
        return pl.concat([rows, away])

    candidate = with_predictions(fixed(baseline), noisy)
    check = plan.check(baseline.evidence, candidate.evidence)
    false = check.df.filter(check="false positives")
    assert false["verdict"].to_list() == ["fail", "fail"]
    everywhere = false.row(1, named=True)
    more = (candidate.predictions_at()["outcome"] == "false_positive").sum() - (
        baseline.predictions_at()["outcome"] == "false_positive"
    ).sum()
    assert everywhere["difference"] == pytest.approx(more / len(baseline.images), rel=1e-12)
    assert check.verdict == "fail"


def test_false_positives_of_the_slice_are_counted_per_image_of_the_slice(baseline, plan):
    check = plan.check(baseline.evidence, baseline.evidence)
    inside = check.df.filter(check="false positives").row(0, named=True)
    night = baseline.images.filter(pl.col("light") == "night")["image_id"]
    wrong = baseline.predictions_at().filter(
        pl.col("outcome") == "false_positive",
        pl.col("image_id").is_in(night.implode()),
        pl.col("width") * pl.col("height") < 1024,
    )
    assert inside["before"] == pytest.approx(len(wrong) / len(night), rel=1e-12)
    assert inside["support"] == len(night)


def test_a_slice_that_gets_worse_fails_its_watch(baseline, plan, fixed):
    def without_day(rows):
        day = baseline.images.filter(pl.col("light") == "day")["image_id"].implode()
        small = pl.col("width") * pl.col("height") < 1024
        return rows.filter(~(pl.col("image_id").is_in(day) & small))

    check = plan.check(baseline.evidence, with_predictions(fixed(baseline), without_day).evidence)
    worse = check.df.filter(what="missed | light=day & size=small").row(0, named=True)
    assert (worse["verdict"], worse["after"]) == ("fail", 1.0)
    assert check.df["verdict"][0] == "pass"


def test_few_images_are_investigated(baseline, plan, fixed):
    check = plan.check(baseline.evidence, fixed(baseline).evidence, min_clusters=10**6)
    assert set(check.df["verdict"]) == {"investigate"}
    assert check.verdict == "investigate"


def test_other_images_are_refused(plan, baseline):
    with pytest.raises(PolicyError, match="only in the first"):
        plan.check(baseline.evidence, evaluate(scene(5, images=20)).evidence)


def test_a_plan_for_everything_has_one_check_of_false_positives(baseline):
    plan = baseline.reevaluate([baseline.failure_mode("missed")]).plan(1)
    assert isinstance(plan, Plan)
    check = plan.check(baseline.evidence, baseline.evidence)
    assert check.df.filter(check="false positives")["what"].to_list() == ["per image | (all)"]


def test_a_classifier_is_not_asked_about_false_positives():
    labels, said = ["a", "b"] * 40, ["a", "b"] * 30 + ["a", "a"] * 10
    light = {"light": ["day"] * 60 + ["night"] * 20}
    evaluation = evaluate(from_labels(labels, said, attributes=light))
    plan = evaluation.reevaluate([evaluation.failure_mode("classification", "light=night")]).plan(1)
    assert "10 errors in 20 images, a rate of 50.0%" in str(plan)
    assert "alse positives" not in str(plan)
    check = plan.check(evaluation.evidence, evaluation.evidence)
    assert set(check.df["check"]) == {"fix", "watch"}
