"""Thresholds replayed on the stored outcomes are the evaluation of the predictions that they leave."""

import dataclasses

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.saving import save_evidence
from cvfail.failures.conditions import Condition
from cvfail.thresholds.thresholds import ThresholdRule, Thresholds
from cvfail.thresholds.what_if import what_if
from tests.scenes import detection, random_records
from tests.thresholds.scored import evaluation_of, random_images

LIGHT = ["day", "night", None] * 4


def scene(seed):
    return detection(*random_records(seed, images=12), light=LIGHT)


def mixed(data):
    ids = data.categories["category_id"].to_list()
    return Thresholds(
        0.3,
        (
            ThresholdRule(0.5, category=f"class {ids[0]}", category_id=ids[0]),
            ThresholdRule(0.1, where=(Condition("light", "night"),)),
            ThresholdRule(0.8, category_id=ids[1], category=f"class {ids[1]}", where=(Condition("light"),)),
            ThresholdRule(float("inf"), category_id=ids[2], where=(Condition("light", "day"),)),
        ),
    )


@pytest.mark.parametrize("seed", range(8))
def test_replaying_is_evaluating_what_is_left(seed):
    """The predictions that the thresholds leave, matched anew, have the same outcomes in every respect."""
    data = scene(seed)
    thresholds = mixed(data)
    left = thresholds.apply(data.predictions, images=data.images)
    assert 0 < len(left) < len(data.predictions)
    again = cf.evaluate(dataclasses.replace(data, predictions=left)).at(score=-1.0)
    after = cf.evaluate(data).what_if(thresholds)
    assert np.array_equal(after.after.cell_counts, again._point(None, None).cell_counts)
    for by in ([], ["category"], ["size"], ["light"]):
        table = after.metrics(by=by, replicates=0).df.filter(metric="f1")["after"]
        assert table.equals(again.metrics(by=by).df["f1"].rename("after"), null_equal=True)
    outcome = ["outcome", "error_type", "overlap"]
    mine = after.after.predictions.sort("prediction_id").select("prediction_id", *outcome)
    assert mine.equals(again.predictions_at().sort("prediction_id").select("prediction_id", *outcome))
    mine = after.after.ground_truth.select("ground_truth_id", "outcome")
    assert mine.equals(again.ground_truth_at().select("ground_truth_id", "outcome"))


@pytest.mark.parametrize("seed", range(3))
def test_one_threshold_for_all_is_that_operating_point(seed):
    evaluation = cf.evaluate(scene(seed))
    changed = evaluation.what_if(0.6)
    for name in ("tp", "fp", "fn", "precision", "recall", "f1"):
        row = changed.metrics(replicates=0).df.row(by_predicate=pl.col("metric") == name, named=True)
        assert row["before"] == evaluation.metrics().df[name].item()
        assert row["after"] == evaluation.metrics(score=0.6).df[name].item()


def test_the_same_thresholds_change_nothing():
    evaluation = cf.evaluate(scene(1))
    same = evaluation.what_if(evaluation.policy.score)
    assert same.confusions.df.is_empty()
    assert same.changed.df.is_empty()
    frame = same.metrics(replicates=50).df
    assert frame["change"].fill_null(0).eq(0).all()
    assert frame["change_lower"].drop_nulls().eq(0).all()


def test_rows_that_change_account_for_the_counts():
    evaluation = cf.evaluate(scene(4))
    changed = evaluation.what_if(mixed(evaluation.data))
    rows = changed.changed.df
    counts = changed.metrics(replicates=0).df
    for outcome, metric in (("true_positive", "tp"), ("false_positive", "fp")):
        own = rows.filter(outcome=outcome)
        expected = counts.filter(metric=metric)["change"].item()
        assert (own["change"] == "added").sum() - (own["change"] == "dropped").sum() == expected
    assert set(rows["change"]) == {"added", "dropped"}
    moved = changed.confusions.df
    assert moved["change"].abs().is_sorted(descending=True)
    assert moved["change"].ne(0).all()


def test_the_interval_of_a_change_is_narrower_than_the_two_rates_apart():
    evaluation = evaluation_of(random_images(5, images=150, scores=20))
    row = evaluation.what_if(0.4).metrics().df.row(by_predicate=pl.col("metric") == "recall", named=True)
    rates = evaluation.metrics().df.row(0, named=True)
    assert row["change_lower"] <= row["change"] <= row["change_upper"]
    assert row["change_upper"] - row["change_lower"] < rates["recall_upper"] - rates["recall_lower"]


def test_failure_modes_are_counted_again():
    images = [[(1, 0.9 if i % 2 else 0.2, True) for _ in range(4)] for i in range(60)]
    evaluation = evaluation_of(images, light=["day" if i % 2 else "night" for i in range(60)])
    table = evaluation.what_if(0.1).failure_modes(attributes=["light"]).df
    missed = table.filter(error="missed", slice="light=night").row(0, named=True)
    assert (missed["errors_before"], missed["errors_after"], missed["change"]) == (120, 0, -120)
    assert (missed["rate_before"], missed["rate_after"]) == (1.0, 0.0)
    assert missed["excess_after"] == 0


def test_thresholds_chosen_for_slices_give_what_was_promised():
    evaluation = cf.evaluate(detection(*random_records(11, images=12), light=LIGHT))
    points = evaluation.operating_points(by=["light", "category"], min_support=0, replicates=0, splits=0)
    after = evaluation.what_if(points.thresholds).metrics(by=["light", "category"], replicates=0).df
    keys = ["light", "category"]
    expected = points.df.filter(pl.col("threshold").is_not_null()).select(*keys, "tp", "fp", "fn")
    for name in ("tp", "fp", "fn"):
        given = after.filter(metric=name).with_columns(pl.col("category").cast(pl.String))
        joined = expected.join(given.select(*keys, "after"), on=keys, nulls_equal=True, how="left")
        assert joined["after"].fill_null(0).to_list() == joined[name].to_list()


def test_a_saved_evaluation_in_blocks_answers_the_same(tmp_path):
    evaluation = cf.evaluate(scene(6))
    thresholds = mixed(evaluation.data)
    opened = cf.open(save_evidence(evaluation.evidence, tmp_path / "run", block_rows=20))
    assert opened.evidence.block_count > 3
    first, second = (one.what_if(thresholds) for one in (evaluation, opened))
    assert first.metrics(by=["light"], replicates=30).df.equals(
        second.metrics(by=["light"], replicates=30).df
    )
    assert first.changed.df.equals(second.changed.df)


def test_what_does_not_fit_is_refused():
    evaluation = cf.evaluate(scene(1))
    point = evaluation._point(None, None)
    with pytest.raises(PolicyError, match="chosen at IoU"):
        what_if(point, Thresholds(0.5, iou=0.75))
    unknown = Thresholds(0.5, (ThresholdRule(0.4, where=(Condition("weather", "rain"),)),))
    with pytest.raises(QueryError, match="depends on 'weather', which the images lack"):
        what_if(point, unknown).metrics()
    with pytest.raises(PolicyError, match="no number"):
        Thresholds(float("nan"))


def test_without_rows_nothing_changes():
    empty = evaluation_of([]).what_if(0.5)
    assert empty.metrics(replicates=0).df.filter(metric="tp")["after"].item() == 0
    assert empty.confusions.df.is_empty()
    assert empty.changed.df.is_empty()
