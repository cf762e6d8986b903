"""Intervals and bands hold what they should as often as they say; few data sets here, many in coverage.py."""

import pytest

from tests.calibration.coverage import covered

SETS = 40
REPLICATES = 100


@pytest.mark.parametrize(
    ("scene", "size"), [("right", "1000"), ("overconfident", "100 x 10"), ("shifted", "100")]
)
def test_intervals_cover(scene, size):
    _, held, _, _ = covered(scene, size, sets=SETS, replicates=REPLICATES)
    assert held >= 0.85  # three standard errors of .95 are .1


def test_bands_of_chance_hold_scores_that_are_right():
    _, _, inside, beyond = covered("right", "100", sets=SETS, replicates=REPLICATES)
    assert inside >= 0.85
    assert beyond <= 0.1


def test_clusters_that_share_their_luck_are_not_taken_for_miscalibration():
    _, held, inside, beyond = covered("right", "60 x 30", sets=SETS, replicates=REPLICATES)
    assert inside < 0.85  # single outcomes are drawn for the band, and these are not single
    assert held >= 0.85
    assert beyond <= 0.1


def test_scores_that_are_off_are_beyond_chance():
    _, _, _, beyond = covered("overconfident", "1000", sets=20, replicates=REPLICATES)
    assert beyond == 1.0
