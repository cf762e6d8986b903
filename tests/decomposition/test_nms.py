"""Suppression replayed: the plain twin, what is counted, and thresholds that remove nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.decomposition.nms import NMS_THRESHOLDS, nms_removals, nms_replay
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.saving import save_evidence
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.io.labels import from_labels
from cvfail.matching.policy import Policy
from tests.scenes import detection, random_records

SEEDS = st.integers(0, 10_000)


def plain_overlap(a, b):
    width = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    height = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a["width"] * a["height"] + b["width"] * b["height"] - width * height)


def plain_removed(point, threshold):
    """Greedy suppression, one prediction after the other."""
    rows = point.evidence.predictions.to_dicts()
    by_score = sorted(np.flatnonzero(point.kept), key=lambda row: (-rows[row]["score"], row))
    survivors, removed = [], set()
    for row in by_score:
        own = [
            other
            for other in survivors
            if all(rows[other][k] == rows[row][k] for k in ("image_id", "category_id"))
        ]
        if any(plain_overlap(rows[row], rows[other]) > threshold for other in own):
            removed.add(int(row))
        else:
            survivors.append(row)
    return removed


def made(seed, score=0.2):
    evidence = make_evidence(detection(*random_records(seed, categories=2)), Policy())
    return OperatingPoint.of(evidence, score=score)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, threshold=st.sampled_from([0.0, *NMS_THRESHOLDS, 1.0]))
def test_removed_predictions_are_those_of_the_plain_twin(seed, threshold):
    point = made(seed)
    assert set(np.flatnonzero(nms_removals(point, [threshold])[0])) == plain_removed(point, threshold)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_counts_are_those_of_the_plain_twin(seed):
    point = made(seed)
    within = np.random.default_rng(seed).random(point.kept.size) < 0.5
    kind, target = point.typed
    for row in nms_replay(point, within=within).to_dicts():
        removed = plain_removed(point, row["nms_iou"])
        for suffix, chosen in (("", removed), ("_within", {r for r in removed if within[r]})):
            duplicates = {r for r in chosen if kind[r] == 4}
            right = {r for r in chosen if point.correct[r]}
            assert row[f"duplicates{suffix}"] == len(duplicates)
            assert row[f"true_positives{suffix}"] == len(right)
            wrong = {r for r in chosen if point.wrong[r]}
            assert row[f"other_false_positives{suffix}"] == len(wrong) - len(duplicates)
            held = {int(target[r]) for r in range(kind.size) if kind[r] == 4 and r not in removed}
            lost = {
                g for g in np.flatnonzero(point.found) if point.partner[g] in chosen and int(g) not in held
            }
            assert row[f"objects_lost{suffix}"] == len(lost)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_a_threshold_of_one_removes_nothing(seed):
    assert not nms_removals(made(seed), [1.0])[0].any()


def test_a_prediction_that_was_removed_removes_no_other():
    """Three boxes in a row, each overlapping its neighbour alone: the third survives the second's removal."""
    found = [
        {"image_id": 1, "category_id": 1, "bbox": [4 * i, 0, 10, 10], "score": 0.9 - i / 10} for i in range(3)
    ]
    point = OperatingPoint.of(make_evidence(detection([1], [1], [], found), Policy()))
    table = nms_replay(point, thresholds=[0.4, 0.1])
    assert nms_removals(point, [0.4])[0].tolist() == [False, True, False]
    assert table["nms_iou"].to_list() == [0.1, 0.4]
    assert table["other_false_positives"].to_list() == [2, 1]
    assert table["duplicates_within"].null_count() == 2


def test_classes_and_images_do_not_suppress_each_other():
    found = [
        {"image_id": i, "category_id": c, "bbox": [0, 0, 10, 10], "score": 0.9}
        for i in (1, 2)
        for c in (1, 2)
    ]
    point = OperatingPoint.of(make_evidence(detection([1, 2], [1, 2], [], found), Policy()))
    assert not nms_removals(point, [0.0])[0].any()


@pytest.mark.parametrize("thresholds", [NMS_THRESHOLDS, (0.7, 0.2, 0.7)])
def test_one_suppression_serves_several_slices(thresholds):
    point = made(11)
    removed = nms_removals(point, thresholds)
    assert removed.shape == (len(set(thresholds)), point.kept.size)
    for row, threshold in zip(removed, sorted(set(thresholds)), strict=True):
        np.testing.assert_array_equal(row, nms_removals(point, [threshold])[0])
    for third in range(3):
        within = np.arange(point.kept.size) % 3 == third
        shared = nms_replay(point, thresholds=thresholds, within=within, removed=removed)
        assert shared.equals(nms_replay(point, thresholds=thresholds, within=within))


def test_saved_in_blocks_it_is_the_same(tmp_path):
    in_memory = made(7)
    stored = OperatingPoint.of(
        open_evidence(save_evidence(in_memory.evidence, tmp_path / "run", block_rows=7)), score=0.2
    )
    within = np.arange(in_memory.kept.size) % 3 == 0
    assert nms_replay(stored, within=within).equals(nms_replay(in_memory, within=within))
    np.testing.assert_array_equal(nms_removals(stored, [0.5]), nms_removals(in_memory, [0.5]))
    replayed = nms_replay(stored, within=within, removed=nms_removals(stored))
    assert replayed.equals(nms_replay(in_memory, within=within))


def test_nothing_at_all_has_zero_counts():
    table = nms_replay(OperatingPoint.of(make_evidence(detection([], [], [], []), Policy())))
    assert len(table) == len(NMS_THRESHOLDS)
    assert table.select("duplicates", "objects_lost").sum().row(0) == (0, 0)


def test_what_has_no_meaning_is_refused():
    point = made(1)
    with pytest.raises(PolicyError, match="in \\[0, 1\\]"):
        nms_replay(point, thresholds=[1.5])
    labels = OperatingPoint.of(make_evidence(from_labels(["a"], ["a"]), Policy()))
    with pytest.raises(QueryError, match="for detection"):
        nms_replay(labels)
