"""A weighted ranking is the ranking with its predictions and ground truth repeated."""

import numpy as np
import pytest

from cvfail.evidence.making import make_evidence
from cvfail.matching.policy import Policy
from cvfail.metrics.area_under_curve import area_under_curve, eleven_point_mean
from cvfail.metrics.ranking import Ranking, average_precision_columns, cluster_weights
from tests.scenes import detection

CLUSTERS = 6


def random_ranking(seed):
    rng = np.random.default_rng(seed)
    correct = rng.random(50) < 0.5
    clusters = rng.integers(0, CLUSTERS, 50).astype(np.int32)
    unfound = rng.integers(0, CLUSTERS, 10).astype(np.int32)
    return Ranking(correct, clusters, np.concatenate([clusters[correct], unfound]))


def repeated(ranking, weights):
    times = weights[ranking.clusters]
    return Ranking(
        np.repeat(ranking.correct, times),
        np.zeros(times.sum(), np.int32),
        np.zeros(weights[ranking.truth_clusters].sum(), np.int32),
    )


@pytest.mark.parametrize("summary", [area_under_curve, eleven_point_mean])
@pytest.mark.parametrize("seed", range(5))
def test_weights_repeat_predictions_and_ground_truth(summary, seed):
    ranking = random_ranking(seed)
    weights = np.random.default_rng(seed).poisson(1, (4, CLUSTERS)).astype(np.uint8)
    once = np.ones((1, 1), np.uint8)
    expected = [repeated(ranking, row).summarise(summary, once)[0] for row in weights]
    np.testing.assert_allclose(ranking.summarise(summary, weights), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("summary", [area_under_curve, eleven_point_mean])
def test_reading_after_right_predictions_is_reading_after_every_one(summary):
    ranking = random_ranking(7)
    weights = np.array([[1, 0, 2, 1, 3, 1]], np.uint8)
    everywhere = ranking.summarise(summary, weights, places=np.arange(1, 51))
    np.testing.assert_allclose(ranking.summarise(summary, weights), everywhere, rtol=0, atol=1e-12)


def test_without_ground_truth_there_is_no_value():
    ranking = Ranking(np.zeros(2, np.bool_), np.zeros(2, np.int32), np.ones(1, np.int32))
    weights = np.array([[1, 1], [3, 0]], np.uint8)
    values = ranking.summarise(area_under_curve, weights)
    np.testing.assert_array_equal(values, [0.0, np.nan])


def test_the_first_weights_count_every_cluster_once():
    evidence = make_evidence(detection([1, 2, 3], [1], [], []), Policy())
    weights = cluster_weights(evidence, replicates=5, seed=0)
    assert weights.shape == (6, 3)
    assert weights[0].tolist() == [1, 1, 1]


def test_columns_are_null_where_undefined_or_without_replicates():
    frame = average_precision_columns(np.array([[0.5], [np.nan]]), np.array([3, 0]), confidence=0.9)
    assert frame.columns == ["ap", "ap_lower", "ap_upper", "support"]
    assert frame.rows() == [(0.5, None, None, 3), (None, None, None, 0)]
