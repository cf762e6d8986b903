"""Predicted gains: by hand, and against evaluations in which the action was really taken."""

from dataclasses import replace

import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.interventions.gains import GAINS, Change, Counts
from cvfail.failures.interventions.interventions import INTERVENTION_SCHEMA
from tests.failures.causes.scenes import scene

RATES = ("recall", "precision", "f1")


def test_gains_of_counts_by_hand():
    now = Counts(found=60, false_positives=20, objects=100)
    gains = now.gains(Change(errors=15, found=15, false_positives=5, objects=0, basis="replayed"))
    assert gains == pytest.approx(
        {"recall": 0.15, "precision": 0.75 - 0.75, "f1": 150 / 200 - 120 / 180}, abs=1e-15
    )


def test_labels_that_are_added_count_as_objects():
    gains = Counts(60, 20, 100).gains(Change(10, 10, -10, 10, "at most"))
    assert gains["recall"] == pytest.approx(70 / 110 - 0.6)
    assert gains["precision"] == pytest.approx(70 / 80 - 60 / 80)


def test_rates_without_a_denominator_have_no_gain():
    gains = Counts(0, 0, 0).gains(Change(1, 1, 0, 0, "at most"))
    assert gains == {"recall": None, "precision": None, "f1": None}


@pytest.fixture(scope="module")
def faint():
    """A scene in which rain makes scores low, with its actions."""
    evaluation = evaluate(scene(5, rain_faint=0.6))
    modes = evaluation.failure_modes()
    return evaluation, modes, modes.interventions()


def test_the_predicted_gain_of_a_threshold_is_what_dropping_predictions_gives(faint):
    evaluation, modes, actions = faint
    row = actions.df.row(0, named=True)
    assert row["action"] == "lower_threshold_in_slice"
    mode, threshold = modes.modes[0], modes.causes().facts(1, "threshold")["threshold"]
    in_slice = evaluation.images.filter(mode.conditions[0].expression)["image_id"].implode()
    data = evaluation.data
    least = pl.when(pl.col("image_id").is_in(in_slice)).then(threshold).otherwise(mode.score)
    kept = data.predictions.filter(pl.col("score") >= least)
    then = evaluate(replace(data, predictions=kept), evaluation.policy).metrics(score=0.0)
    now = evaluation.metrics()
    for rate in RATES:
        assert row[f"{rate}_gain"] == pytest.approx(then.df[rate].item() - now.df[rate].item(), abs=1e-12)
    assert row["errors_gone"] > 0


@pytest.mark.parametrize("name", ["a_as_b", "east_shift"])
def test_a_bound_supposes_that_all_errors_of_the_cause_are_repaired(name):
    modes = evaluate(scene(5, **{name: 0.5})).failure_modes()
    row = modes.df.row(0, named=True)
    of_share = GAINS["share"](modes.errors[0], float(row["errors"]), {})
    gains = Counts.of(modes.errors[0].point).gains(of_share)
    for rate in RATES:
        assert gains[rate] == pytest.approx(row[f"{rate}_gain"], abs=1e-12)


def test_suppressed_duplicates_are_false_positives_less():
    modes = evaluate(scene(5, crowd_twice=0.3)).failure_modes()
    row = modes.interventions().df.row(0, named=True)
    facts = modes.causes().facts(1, "duplicates")
    assert (row["action"], row["basis"]) == ("lower_nms_iou", "replayed")
    assert row["false_positives"] == -facts["removed"]
    assert row["objects_found"] == -facts["lost"]


def test_a_label_that_is_missing_makes_a_false_positive_right():
    modes = evaluate(scene(5, crowd_twice=0.3)).failure_modes()
    change = GAINS["labels"](modes.errors[0], 7.0, {})
    assert change == Change(7.0, 7.0, -7.0, 7.0, "at most")


def test_labels_that_go_and_labels_that_change_are_told_apart():
    modes = evaluate(scene(5, a_as_b=0.6)).failure_modes()
    facts = {"wrong_class": 6, "bad_box": 0, "duplicate": 2, "conflict": 0}
    change = GAINS["labels"](modes.errors[0], 4.0, facts)
    assert change == Change(4.0, 3.0, -3.0, -1.0, "at most")


def test_what_cannot_be_predicted_is_null_and_last(faint):
    _, modes, actions = faint
    unknown = actions.df.filter(pl.col("basis") == "unknown")
    assert len(unknown) > 0
    assert (
        unknown.select("errors_gone", "f1_gain", "images_needed").null_count().row(0) == (len(unknown),) * 3
    )
    assert GAINS["none"](modes.errors[0], 1.0, {}) is None
    for _, own in actions.df.group_by("rank"):
        known = (own["basis"] != "unknown").to_list()
        assert known == sorted(known, reverse=True)


def test_columns_are_those_that_are_documented(faint):
    assert dict(faint[2].df.schema) == INTERVENTION_SCHEMA


def test_counts_are_those_of_the_metrics(faint):
    evaluation, _, _ = faint
    rates = Counts.of(OperatingPoint.of(evaluation.evidence)).rates
    assert rates == pytest.approx({rate: evaluation.metrics().df[rate].item() for rate in RATES})
