"""Nominal 95 % intervals on images that are easy or hard as a whole; ``coverage.py`` does it at length."""

import numpy as np
import pytest

from tests.statistics.coverage import Scenes, coverage

ERROR = 4 * np.sqrt(0.95 * 0.05 / 300)
"""Four standard errors of a coverage from 300 data sets."""


def test_intervals_by_clusters_hold_the_true_value_as_often_as_they_say():
    shares = coverage("strong", images=100, data_sets=300, replicates=200, population=100_000)
    assert len(shares) == 8
    assert {key: share for key, share in shares.items() if abs(share - 0.95) > ERROR} == {}


def test_the_simulated_average_precision_is_a_mean_of_precision_at_recalls():
    scenes = Scenes.draw(np.random.default_rng(5), 12, "middling")
    right = scenes.correct[np.argsort(-scenes.score, kind="stable")]
    found = np.cumsum(right)
    precision, recall = found / np.arange(1, right.size + 1), found / scenes.truth_image.size
    expected = np.mean([precision[recall >= r].max(initial=0.0) for r in np.linspace(0, 1, 101)])
    assert scenes.average_precision(np.ones((1, 12), np.uint8))[0] == pytest.approx(expected, abs=1e-12)
