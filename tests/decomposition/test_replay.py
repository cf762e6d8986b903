"""Replay of repairs: the plain twin, the two ends, and replicates under the same weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.decomposition.error_types import error_types
from cvfail.decomposition.replay import Replay
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.metrics.precision_recall import precision_recall
from tests.decomposition.plain_replay import plain_replay
from tests.scenes import detection, random_records

SEEDS = st.integers(0, 10_000)


def everything(seed, *, iou=0.5, score=-np.inf):
    return OperatingPoint.of(make_evidence(detection(*random_records(seed)), Policy()), iou=iou, score=score)


def some(seed, rows):
    return np.random.default_rng(seed).random(rows) < 0.5


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, iou=st.sampled_from([0.5, 0.75]), score=st.sampled_from([-np.inf, 0.3]))
def test_any_subset_of_repairs_equals_the_plain_twin(seed, iou, score):
    point = everything(seed, iou=iou, score=score)
    replay = Replay.of(point)
    change = {
        "repaired": some(seed, replay.wrong.size),
        "excused": some(seed + 1, replay.found.size),
        "removed": some(seed + 2, replay.wrong.size) & some(seed + 3, replay.wrong.size),
    }
    expected = plain_replay(point, **change)
    assert replay.average_precision(**change) == (
        None if expected is None else pytest.approx(expected, abs=1e-12)
    )


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, iou=st.sampled_from([0.5, 0.75]), score=st.sampled_from([-np.inf, 0.3]))
def test_all_errors_repaired_and_all_unfound_objects_excused_give_exactly_one(seed, iou, score):
    replay = Replay.of(everything(seed, iou=iou, score=score))
    perfect = replay.average_precision(repaired=replay.wrong, excused=replay.unfound)
    assert perfect in (None, pytest.approx(1.0, abs=1e-15))
    assert replay.average_precision(repaired=replay.wrong, excused=replay.missed) == perfect


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_repairing_nothing_changes_nothing_and_is_the_average_precision_of_the_match(seed):
    point = everything(seed)
    replay = Replay.of(point)
    own = replay.class_precision()
    np.testing.assert_array_equal(own, precision_recall(point.evidence).average_precision[:, 0])
    nothing = np.zeros(replay.wrong.size, np.bool_)
    np.testing.assert_array_equal(replay.class_precision(repaired=nothing, removed=nothing), own)
    np.testing.assert_array_equal(replay.class_precision(repaired=replay.correct, excused=replay.found), own)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_repairing_a_type_gains_what_the_table_of_error_types_says(seed):
    point = everything(seed)
    replay = Replay.of(point)
    gains = dict(error_types(point.evidence).df.select("error_type", "delta_ap").iter_rows())
    base = replay.average_precision()
    for code, name in enumerate(ERROR_TYPES, start=1):
        repaired = replay.average_precision(repaired=replay.kind == code)
        assert gains[name] == (None if repaired is None else max(0.0, repaired - base))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_errors_at_objects_are_those_whose_repair_could_find_them(seed):
    replay = Replay.of(everything(seed))
    objects = some(seed, replay.found.size)
    errors = replay.errors_at(objects)
    assert set(replay.finder[objects & replay.unfound & (replay.finder >= 0)]) <= set(np.flatnonzero(errors))
    assert objects[replay.target[errors]].all()
    assert not replay.found[replay.target[errors]].any()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_replicate_is_the_replay_of_the_images_as_often_as_they_are_drawn(seed):
    from cvfail.statistics.bootstrap import poisson_weights

    images, categories, annotations, detections = random_records(seed)
    for place, row in enumerate(np.random.default_rng(seed).permutation(len(detections))):
        detections[row]["score"] = (place + 1) / (len(detections) + 1)
    records = (images, categories, annotations, detections)
    point = OperatingPoint.of(make_evidence(detection(*records), Policy()), score=-np.inf)
    replay = Replay.of(point)
    repaired, excused = some(seed, replay.wrong.size), some(seed + 1, replay.found.size)
    values = replay.average_precision_replicates(repaired=repaired, excused=excused, replicates=8, seed=3)
    weights = poisson_weights(point.evidence.cluster_ids, 8, seed=3)
    for replicate, drawn in enumerate(weights):
        expected = _drawn_anew(point, drawn, records, repaired, excused)
        assert (np.isnan(values[replicate]) and expected is None) or values[replicate] == pytest.approx(
            expected, abs=1e-9
        )


def _drawn_anew(point, drawn, records, repaired, excused):
    """The plain way: a dataset that holds every image as often as it is drawn."""
    _, categories, annotations, detections = records
    ids = point.evidence.images["image_id"].to_list()
    image_of_truth, image_of_row = point.evidence.coding.truth_image, point.evidence.coding.image
    truth_ids = point.evidence.ground_truth["ground_truth_id"].to_list()
    row_ids = point.evidence.predictions["prediction_id"].to_list()
    images, truths, rows, mended, forgiven = [], [], [], [], []
    for code in range(len(ids)):
        for _ in range(drawn[code]):
            images.append(len(images) + 1)
            for row in np.flatnonzero(image_of_truth == code):
                truths.append({**annotations[truth_ids[row]], "image_id": images[-1]})
                forgiven.append(excused[row])
            for row in np.flatnonzero(image_of_row == code):
                rows.append({**detections[row_ids[row]], "image_id": images[-1]})
                mended.append(repaired[row])
    again = OperatingPoint.of(
        make_evidence(detection(images, categories, truths, rows), Policy()), score=-np.inf
    )
    nothing = np.zeros(len(rows), np.bool_)
    return plain_replay(
        again, repaired=np.array(mended, bool), excused=np.array(forgiven, bool), removed=nothing
    )


def test_the_same_weights_serve_every_call_so_that_differences_are_paired():
    replay = Replay.of(everything(5))
    nothing = np.zeros(replay.wrong.size, np.bool_)
    base = replay.average_precision_replicates(replicates=20)
    np.testing.assert_array_equal(replay.average_precision_replicates(repaired=nothing, replicates=20), base)
    better = replay.average_precision_replicates(repaired=replay.wrong, replicates=20, threads=1)
    assert (np.isnan(base) | (better >= base)).all()
    again = replay.average_precision_replicates(repaired=replay.wrong, replicates=20, threads=3)
    np.testing.assert_array_equal(better, again)


def test_an_object_that_a_repair_finds_is_not_excused():
    """Its repair and its excuse together are the repair."""
    truth = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}]
    found = [{"image_id": 1, "category_id": 1, "bbox": [6, 0, 10, 10], "score": 0.5}]
    point = OperatingPoint.of(make_evidence(detection([1], [1], truth, found), Policy()), score=0.0)
    replay = Replay.of(point)
    assert replay.average_precision() == 0.0
    assert replay.average_precision(excused=replay.unfound) == 0.0
    assert replay.average_precision(repaired=replay.wrong) == pytest.approx(1.0)
    assert replay.average_precision(repaired=replay.wrong, excused=replay.unfound) == pytest.approx(1.0)


def test_without_ground_truth_there_is_nothing_to_average():
    replay = Replay.of(OperatingPoint.of(make_evidence(detection([], [], [], []), Policy())))
    assert replay.average_precision() is None
    assert np.isnan(replay.average_precision_replicates(replicates=3)).all()
