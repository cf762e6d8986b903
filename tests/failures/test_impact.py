"""What repairing modes gives back: counted by hand, together everything, and in replicates that agree."""

import numpy as np
import polars as pl
import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.errors_of_rows import RowErrors, code_of
from cvfail.failures.failure_mode import ERRORS, FailureMode
from cvfail.failures.impact import Regained
from cvfail.failures.mode_errors import ModeErrors
from tests.failures.test_modes import street
from tests.scenes import detection, random_records

FAR = [500, 500, 40, 40]


def all_errors(evidence, score):
    known = RowErrors(OperatingPoint.of(evidence, score=score))
    return [
        ModeErrors.of(FailureMode(name, (), iou=0.5, score=score, policy=evidence.policy), known)
        for name in ERRORS
    ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("score", [0.0, 0.3])
def test_every_false_positive_and_every_unfound_object_has_exactly_one_error(seed, score):
    evidence = evaluate(detection(*random_records(seed))).evidence
    point = OperatingPoint.of(evidence, score=score)
    known = RowErrors(point)
    lost = evidence.regular() & ~point.found
    assert np.array_equal(known.objects > 0, lost)
    repairing = np.zeros(point.wrong.size, np.bool_)
    repairing[point.repairs[point.repairs >= 0]] = True
    assert np.array_equal(known.predictions > 0, point.wrong & ~repairing)
    assert not (known.objects == code_of("duplicate")).any()


@pytest.mark.parametrize("seed", range(8))
def test_all_modes_repaired_together_give_everything(seed):
    evidence = evaluate(detection(*random_records(seed))).evidence
    if not evidence.regular().any():
        pytest.skip("nothing to find")
    modes = all_errors(evidence, 0.0)
    point = modes[0].point
    table = Regained(replicates=20, seed=0).impact(modes, confidence=0.95)
    together = table.group_by("measure").agg(pl.col("marginal").sum())
    gained = dict(together.iter_rows())
    tp, fp, objects = point.correct.sum(), point.wrong.sum(), evidence.regular().sum()
    assert gained["recall"] + tp / objects == pytest.approx(1.0, abs=1e-12)
    if tp + fp:
        assert gained["precision"] + tp / (tp + fp) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_average_precision_is_one_with_all_errors_repaired(seed):
    evidence = evaluate(detection(*random_records(seed))).evidence
    from cvfail.decomposition.replay import Replay

    base = Replay.of(OperatingPoint.of(evidence, score=-np.inf)).average_precision()
    if base is None:
        pytest.skip("nothing to find")
    table = Regained(replicates=2, seed=0).impact(all_errors(evidence, 0.3), confidence=0.95)
    gained = table.filter(measure="ap")["marginal"].sum()
    assert base + gained == pytest.approx(1.0, abs=1e-12)


def test_gains_are_those_counted_by_hand():
    """Four objects: one found, one found twice, one taken for another class, one missed; one stray."""
    boxes = [[0, 0, 40, 40], [100, 0, 40, 40], [200, 0, 40, 40], [300, 0, 40, 40]]
    truths = [{"image_id": 0, "category_id": 1, "bbox": box} for box in boxes]
    found = [
        {"image_id": 0, "category_id": 1, "bbox": boxes[0], "score": 0.9},
        {"image_id": 0, "category_id": 1, "bbox": boxes[1], "score": 0.8},
        {"image_id": 0, "category_id": 1, "bbox": [101, 0, 40, 40], "score": 0.7},
        {"image_id": 0, "category_id": 2, "bbox": boxes[2], "score": 0.6},
        {"image_id": 0, "category_id": 1, "bbox": FAR, "score": 0.5},
    ]
    evidence = evaluate(detection([0], [1, 2], truths, found)).evidence
    modes = {errors.mode.error: errors for errors in all_errors(evidence, 0.25)}
    gains = {name: Regained(replicates=2, seed=0).gains(errors) for name, errors in modes.items()}
    assert {name: len(errors.rows) for name, errors in modes.items()} == {
        **dict.fromkeys(ERRORS, 0),
        "missed": 1,
        "classification": 1,
        "duplicate": 1,
        "background": 1,
    }
    now = {"recall": 2 / 4, "precision": 2 / 5, "f1": 4 / 9}
    then = {
        "missed": {"recall": 3 / 4, "precision": 3 / 6, "f1": 6 / 10},
        "classification": {"recall": 3 / 4, "precision": 3 / 5, "f1": 6 / 9},
        "duplicate": {"recall": 2 / 4, "precision": 2 / 4, "f1": 4 / 8},
        "background": {"recall": 2 / 4, "precision": 2 / 4, "f1": 4 / 8},
        "both": now,
    }
    for error, rates in then.items():
        for name, value in rates.items():
            assert gains[error][name] == pytest.approx(value - now[name], abs=1e-12), (error, name)


def test_what_a_fainter_prediction_finds_gives_recall_back_but_no_average_precision():
    truths = [{"image_id": i, "category_id": 1, "bbox": FAR} for i in range(4)]
    found = [{"image_id": i, "category_id": 1, "bbox": FAR, "score": 0.9 if i < 2 else 0.1} for i in range(4)]
    evidence = evaluate(detection(range(4), [1], truths, found)).evidence
    missed = all_errors(evidence, 0.25)[0]
    gains = Regained(replicates=2, seed=0).gains(missed)
    assert len(missed.rows) == 2
    assert (gains["recall"], gains["ap"]) == (0.5, 0.0)


def test_intervals_hold_the_estimate_and_widen_with_fewer_images():
    wide, narrow = (
        evaluate(street(1, images=images, night_small=0.7)).failure_modes().impact.df.head(1)
        for images in (120, 480)
    )
    for table in (wide, narrow):
        assert table["lower"][0] < table["estimate"][0] < table["upper"][0]
    spans = [(table["upper"] - table["lower"])[0] for table in (wide, narrow)]
    assert spans[1] < spans[0]


def test_without_ground_truth_gains_are_null():
    data = detection([0], [1], [], [{"image_id": 0, "category_id": 1, "bbox": FAR, "score": 0.9}])
    background = all_errors(evaluate(data).evidence, 0.25)[ERRORS.index("background")]
    gains = Regained(replicates=2, seed=0).gains(background)
    assert (gains["recall"], gains["ap"]) == (None, None)


def test_marginal_gains_leave_out_what_modes_above_give_back():
    """What modes of missed objects give back together is what all objects of any of them do."""
    evaluation = evaluate(street(1, night_small=0.7, crowd_duplicates=0.15))
    modes = evaluation.failure_modes(insignificant=10)
    missed = [one.objects for one in modes.errors if one.mode.error == "missed"]
    together = len(set(np.concatenate(missed).tolist()))
    assert together < sum(map(len, missed))
    rows = modes.df.filter(error="missed")
    assert rows["marginal_errors"].sum() == together
    recall = modes.impact.df.filter(
        pl.col("measure") == "recall", pl.col("rank").is_in(rows["rank"].implode())
    )
    objects = evaluation.evidence.regular().sum()
    assert recall["marginal"].sum() == pytest.approx(together / objects, abs=1e-12)
