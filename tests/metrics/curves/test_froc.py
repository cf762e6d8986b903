"""Sensitivity at false positives per image: golden case, images without objects, replicates."""

import numpy as np
import pytest

import cvfail as cf
from cvfail.errors import PolicyError, QueryError
from cvfail.metrics.curves.froc import TARGETS
from cvfail.metrics.ranking import cluster_weights
from tests.thresholds.plain_choosing import candidates, counts
from tests.thresholds.scored import evaluation_of, random_images, ranking_of


def plain_sensitivity(images, target):
    scores, right, objects = ranking_of(images)
    within = [
        counts(scores, right, threshold)[0]
        for threshold in candidates(scores)
        if counts(scores, right, threshold)[1] / len(images) <= target
    ]
    return max(within, default=0) / objects if objects else None


def test_the_golden_case(golden):
    case = golden["thr_froc"]
    rows = [
        (1, score, bool(right))
        for score, right in zip(case["input"]["scores"], case["input"]["tp"], strict=True)
    ]
    rows += [(1, None, True)] * (case["input"]["npos"] - 5)
    evaluation = evaluation_of([rows, *([[]] * (case["input"]["n_images"] - 1))])
    targets = [float(target) for target in case["expected"]]
    table = evaluation.curve("froc", targets=targets, replicates=0)
    for row in table.df.iter_rows(named=True):
        expected = case["expected"][f"{row['target']:g}"]
        assert row["sensitivity"] == pytest.approx(expected["sens"], abs=1e-12)
        assert row["threshold"] == expected["thr"]
    mean = np.mean([one["sens"] for one in case["expected"].values()])
    assert table.mean["estimate"].item() == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_best_of_all_thresholds_within_the_target(seed):
    images = random_images(seed, images=9)
    table = evaluation_of(images).curve("froc", replicates=0).df
    assert table["target"].to_list() == list(TARGETS)
    for target, found in zip(TARGETS, table["sensitivity"], strict=True):
        assert found == pytest.approx(plain_sensitivity(images, target), abs=1e-12)


def test_images_without_objects_tell_of_false_alarms():
    images = [[(1, 0.9, True)], [(1, 0.8, False)], [(1, 0.3, False)], [], [(1, 0.1, True)]]
    table = evaluation_of(images).curve("froc", targets=[0.0, 0.2, 0.4], replicates=50).df
    assert table["threshold"].to_list() == [0.9, 0.9, 0.1]
    assert table["false_alarm_rate"].to_list() == pytest.approx([0.0, 0.0, 2 / 3])
    assert table["specificity"].to_list() == pytest.approx([1.0, 1.0, 1 / 3])
    assert table["empty_images"].to_list() == [3, 3, 3]
    assert table["false_positives_per_image"].to_list() == [0.0, 0.0, 0.4]
    assert table["false_alarm_rate_upper"][0] > 0, "three images without an alarm prove nothing"


def test_no_threshold_within_the_target_finds_nothing():
    row = (
        evaluation_of([[(1, 0.9, False), (1, 0.8, True)]]).curve("froc", targets=[0.5]).df.row(0, named=True)
    )
    assert (row["threshold"], row["sensitivity"], row["false_positives_per_image"]) == (None, 0.0, 0.0)


def test_straight_lines_lie_between_the_steps():
    images = random_images(4, images=12)
    evaluation = evaluation_of(images)
    steps, lines = (
        evaluation.curve("froc", interpolate=flag, replicates=0).df["sensitivity"] for flag in (False, True)
    )
    assert (lines >= steps - 1e-12).all()
    scores, right, objects = ranking_of(images)
    points = {}
    for threshold in candidates(scores):
        tp, fp = counts(scores, right, threshold)
        points[fp / len(images)] = tp / objects
    start = {} if 0.0 in points else {0.0: 0.0}
    x, y = zip(*sorted((start | points).items()), strict=True)
    np.testing.assert_allclose(lines, np.interp(TARGETS, x, y), rtol=0, atol=1e-12)


def test_replicates_repeat_images():
    images = random_images(8, images=30)
    evaluation = evaluation_of(images)
    row = evaluation.curve("froc", targets=[0.5], replicates=30, seed=4).df.row(0, named=True)
    samples = []
    for weights in cluster_weights(evaluation.evidence, replicates=30, seed=4)[1:]:
        repeated = [rows for rows, times in zip(images, weights.tolist(), strict=True) for _ in range(times)]
        samples.append(plain_sensitivity(repeated, 0.5))
    from cvfail.statistics.replicates import wilson_of_replicates

    expected = wilson_of_replicates(
        row["sensitivity"], samples, clusters=sum(bool(rows) for rows in images), units=row["support"]
    )
    assert row["sensitivity_lower"] == pytest.approx(float(np.ravel(expected.lower)[0]), abs=1e-12)


def test_by_class_the_images_are_all_and_the_objects_its_own():
    images = random_images(2, images=10, categories=(1, 2))
    table = evaluation_of(images, categories=(1, 2)).curve("froc", by="category", replicates=0)
    assert set(table.df["images"]) == {10}
    own = [[row for row in rows if row[0] == 2] for rows in images]
    expected = [plain_sensitivity(own, target) for target in TARGETS]
    assert table.df.filter(category="class 2")["sensitivity"].to_list() == pytest.approx(expected)
    assert table.mean["category"].to_list() == ["class 1", "class 2"]


def test_what_has_no_meaning_is_refused_and_nothing_is_null():
    evaluation = evaluation_of([[(1, 0.5, True)]])
    with pytest.raises(PolicyError, match="targets"):
        evaluation.curve("froc", targets=[])
    with pytest.raises(PolicyError, match="targets"):
        evaluation.curve("froc", targets=[-1.0])
    with pytest.raises(QueryError, match="for a classifier"):
        cf.evaluate(cf.from_labels(["a"], ["a"])).curve("froc")
    for images in ([], [[]]):
        row = evaluation_of(images).curve("froc", targets=[1.0], replicates=2).df.row(0, named=True)
        assert (row["threshold"], row["sensitivity"], row["support"]) == (None, None, 0)
