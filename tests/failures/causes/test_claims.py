"""Single causes against plain twins, and the facts that they give."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.causes.attributable import attributable
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.distributions import kolmogorov_smirnov
from cvfail.failures.causes.label_noise import label_noise
from cvfail.failures.causes.neighbours import neighbours
from cvfail.failures.causes.offsets import clustered_mean
from cvfail.failures.causes.threshold import threshold
from cvfail.failures.causes.truncation import truncation
from cvfail.failures.causes.units import UnitRows
from cvfail.failures.conditions import Condition
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.mode_errors import ModeErrors
from tests.failures.causes.scenes import scene


def errors_of(evaluation, error, *conditions, against=None, training=None):
    evidence = evaluation.evidence
    point = OperatingPoint.of(evidence)
    at = {"iou": point.iou, "score": point.score, "policy": evidence.policy}
    errors = ModeErrors.of(FailureMode(error, conditions, against=against, **at), RowErrors(point))
    return errors, CauseContext(errors.point, training)


def counts_at(evidence, score, objects, predictions):
    """Right and wrong predictions of a slice at a score, from an operating point of its own."""
    point = OperatingPoint.of(evidence, score=score)
    return int((point.found & objects).sum()), int((point.wrong & predictions).sum())


@pytest.mark.parametrize("error", ["missed", "background"])
@pytest.mark.parametrize("condition", [Condition("weather", "rain"), Condition("size", "small")])
def test_threshold_is_the_best_of_all_scores_tried_one_by_one(error, condition):
    evaluation = evaluate(scene(4, images=40, rain_faint=0.6))
    errors, context = errors_of(evaluation, error, condition)
    claim, evidence = threshold(errors, context), evaluation.evidence
    rows = context.units((condition,))
    best, best_f1 = None, 0.0
    for score in sorted(set(evidence.scores.tolist()), reverse=True):
        right, wrong = counts_at(evidence, score, rows.truth, rows.predictions)
        f1 = 2 * right / (right + wrong + rows.truth.sum())
        if f1 > best_f1:
            best, best_f1 = score, f1
    assert claim.facts["threshold"] == best
    assert claim.facts["f1_then"] == best_f1
    lower = OperatingPoint.of(evidence, score=best)
    if error == "missed":
        expected = lower.found[errors.rows] if best < errors.point.score else np.zeros(errors.rows.size)
    else:
        expected = ~lower.kept[errors.rows]
    assert claim.weights.tolist() == np.asarray(expected, float).tolist()
    right, wrong = counts_at(evidence, errors.point.score, rows.truth, rows.predictions)
    then = counts_at(evidence, best, rows.truth, rows.predictions)
    assert claim.facts["extra_false_positives"] == then[1] - wrong
    assert claim.facts["lost_objects"] == right - then[0]


def test_threshold_does_not_apply_to_duplicates():
    assert threshold(*errors_of(evaluate(scene(4, images=20)), "duplicate")) is None


def test_attributable_fraction_is_that_of_rates_counted_one_by_one():
    evaluation = evaluate(scene(4, night_small=0.6))
    night, small = Condition("light", "night"), Condition("size", "small")
    errors, context = errors_of(evaluation, "missed", small, night)
    rows, others = context.units((small, night)), context.units((night,)) - context.units((small,))
    found = attributable(errors, evaluation.evidence, with_it=rows, without_it=others)
    truth = evaluation.ground_truth_at().join(evaluation.images, on="image_id").filter(light="night")
    rate = {
        is_small: part.select((pl.col("outcome") == "missed").mean()).item()
        for (is_small,), part in truth.group_by(pl.col("area") < 1024)
    }
    assert (found.rate_with, found.rate_without) == pytest.approx((rate[True], rate[False]))
    assert found.p_value < 0.001
    assert found.fraction == pytest.approx(1 - rate[False] / rate[True])


def test_no_difference_and_no_units_explain_nothing():
    evaluation = evaluate(scene(4, images=60))
    errors, context = errors_of(evaluation, "missed", Condition("light", "night"))
    night = context.units((Condition("light", "night"),))
    day = context.units((Condition("light", "day"),))
    nothing = UnitRows(np.zeros_like(night.truth), np.zeros_like(night.predictions))
    assert attributable(errors, evaluation.evidence, with_it=night, without_it=day).fraction == 0.0
    for one, other in ((nothing, day), (night, nothing), (nothing, nothing)):
        assert attributable(errors, evaluation.evidence, with_it=one, without_it=other).fraction == 0.0


def test_what_all_objects_suffer_at_night_is_not_due_to_size():
    modes = evaluate(scene(6, night_missed=0.5)).failure_modes()
    table = modes.causes()
    assert modes.df["slice"][0] == "light=night"
    assert table.df.filter((pl.col("rank") == 1) & (pl.col("cause") == "size"))["share"][0] < 0.1


def test_a_shift_to_the_left_is_told_with_its_size_and_excuses_no_annotator():
    table = evaluate(scene(5, east_shift=0.3)).failure_modes().causes()
    facts = table.facts(1, "localisation")
    assert facts["systematic"]
    assert facts["dx"] == pytest.approx(-0.5, abs=0.02)
    assert facts["dx_p_value"] < 1e-6
    assert abs(facts["dy"]) < 0.02
    assert "to the left" in table.df.filter(pl.col("cause") == "localisation")["evidence"][0]
    assert table.facts(1, "label_noise")["suspects"] == 0


@pytest.mark.parametrize("said", [True, False])
def test_only_boxes_at_the_border_are_said_to_be_cut_by_it(said):
    """An attribute calls objects truncated wherever they lie; without one, those at the border are cut."""
    data = scene(3, images=60)
    if said:
        cut = pl.int_range(pl.len()) % 2 == 0
        data = replace(data, ground_truth=data.ground_truth.with_columns(truncated=cut))
    claim = truncation(*errors_of(evaluate(data), "missed"))
    missed = evaluate(data).ground_truth_at().filter(outcome="missed")
    with_it = missed["truncated"].sum() if said else 0
    words = "truncated objects" if said else "objects that the border cuts"
    assert claim.facts["with_property"] == with_it
    assert words in claim.text


def test_what_is_suspect_of_false_positives_is_no_label_of_theirs():
    evaluation = evaluate(scene(3, images=60))
    background, missed = (label_noise(*errors_of(evaluation, error)) for error in ("background", "missed"))
    count = evaluation.predictions_at().filter(error_type="background").height
    suspects = background.facts["missing"]
    assert suspects > 0
    assert (
        background.text == f"{suspects} of {count} false positives may well lie on an object without a label"
    )
    assert "labels are suspect" in missed.text


def test_suppression_that_removes_the_duplicates_is_named():
    facts = evaluate(scene(5, crowd_twice=0.3)).failure_modes().causes().facts(1, "duplicates")
    assert facts["removed"] == facts["surplus"]
    assert (facts["lost"], facts["lost_everywhere"]) == (0, 0)


def test_coverage_says_whether_the_training_data_are_known():
    modes = evaluate(scene(6, night_missed=0.5)).failure_modes(insignificant=0)
    alone = modes.causes()
    assert alone.facts(1, "coverage")["share_of_training"] is None
    assert "not known" in alone.df.filter(pl.col("cause") == "coverage")["evidence"][0]
    rare = pl.DataFrame({"light": ["night"] * 5 + ["day"] * 95})
    table = modes.causes(training=rare)
    facts = table.facts(1, "coverage")
    nights = (modes.errors[0].point.evidence.images["light"] == "night").mean()
    assert facts["share_of_training"] == pytest.approx(0.05)
    assert facts["fair_share"] == pytest.approx(nights)
    claimed = (1 - 0.05 / nights) * facts["excess"]
    gross = table.df.filter(pl.col("cause") == "coverage")["gross_share"][0]
    assert gross == pytest.approx(claimed)
    assert gross > alone.df.filter(pl.col("cause") == "coverage")["gross_share"][0]


def test_a_reference_without_the_slices_values_shows_a_shift():
    data = scene(6, night_missed=0.5)
    brightness = pl.when(pl.col("light") == "night").then(20.0).otherwise(120.0)
    rng = np.random.default_rng(0)
    data = replace(
        data, images=data.images.with_columns(brightness=brightness + pl.Series(rng.normal(0, 5, 200)))
    )
    modes = evaluate(data).failure_modes(attributes=["light", "weather"], insignificant=0)
    reference = pl.DataFrame({"brightness": rng.normal(120, 5, 300)})
    facts = modes.causes(reference=reference).facts(1, "domain_shift")
    assert (facts["which"], facts["against"]) == ("brightness", "reference")
    assert facts["p_value"] < 0.001
    assert modes.causes().facts(1, "domain_shift")["against"] == "rest"


def test_overlaps_with_others_are_the_largest_of_all_pairs():
    evidence = evaluate(scene(4, images=20)).evidence
    rng = np.random.default_rng(0)
    truth = evidence.ground_truth
    others = rng.random(len(truth)) < 0.6
    found = neighbours(evidence, others, threads=2)
    again = neighbours(evidence, others, threads=1)
    assert found.max_iou_any.tolist() == again.max_iou_any.tolist()
    boxes = truth.select("image_id", "category_id", "x", "y", "width", "height").rows()
    for row, (image, category, *box) in enumerate(boxes):
        ious = [
            _iou(box, other[2:])
            for place, other in enumerate(boxes)
            if place != row and others[place] and other[0] == image and other[1] == category
        ]
        assert found.max_iou_same[row] == pytest.approx(max(ious, default=0.0))


def _iou(a, b):
    across = max(0.0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    down = max(0.0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    shared = across * down
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def test_tests_of_clustered_values_keep_their_level():
    """Equal samples in clusters that agree: 400 tests at .05 give more than 36 once in 3000 times."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(30), 5)
    shifts = apart = 0
    for _ in range(400):
        first, second = (rng.normal(size=30)[clusters] + 0.1 * rng.normal(size=150) for _ in range(2))
        shifts += clustered_mean(first, clusters).p_value < 0.05
        apart += (
            kolmogorov_smirnov(first, second, first_clusters=clusters, second_clusters=clusters).p_value
            < 0.05
        )
    assert shifts <= 36
    assert apart <= 36


@pytest.mark.parametrize("number", [0, 1])
def test_samples_too_small_to_test_have_no_p_value(number):
    clusters = np.zeros(number, np.int64)
    assert clustered_mean(np.ones(number), clusters).p_value is None
    compared = kolmogorov_smirnov(
        np.ones(number), np.ones(number), first_clusters=clusters, second_clusters=clusters
    )
    assert compared.p_value is None
