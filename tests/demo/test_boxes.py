"""Overlap on arrays equals overlap in plain Python."""

import numpy as np
import pytest

from cvfail.demo.boxes import covered_share, intersections, overlaps
from tests.demo.plain_boxes import intersection, overlap


def random_boxes(seed, count):
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, 50, (count, 2)), rng.uniform(1, 40, (count, 2))
    return np.hstack([corner, corner + size])


def test_each_with_each_equals_the_plain_twin():
    ones, others = random_boxes(0, 20), random_boxes(1, 30)
    assert intersections(ones[:, None], others) == pytest.approx(
        np.array([[intersection(a, b) for b in others] for a in ones])
    )
    assert overlaps(ones[:, None], others) == pytest.approx(
        np.array([[overlap(a, b) for b in others] for a in ones])
    )


def test_two_covers_that_share_a_place_hide_it_once():
    box = np.array([0.0, 0.0, 12.0, 12.0])
    left_half, left_third = [0.0, 0.0, 6.0, 12.0], [0.0, 0.0, 4.0, 12.0]
    assert covered_share(box, np.array([left_half, left_third])) == pytest.approx(0.5)


def test_nothing_covers_nothing():
    assert covered_share(np.array([0.0, 0.0, 12.0, 12.0]), np.empty((0, 4))) == 0.0
