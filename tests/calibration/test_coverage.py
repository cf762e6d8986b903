"""Intervals and bands hold what they should as often as they say; few data sets here, many in coverage.py."""

import pytest

from tests.calibration.coverage import bins_inside, boxes, change_held, classes, classifier, shares

FEW = {"sets": 40, "replicates": 100}
LEAST = 0.85  # three standard errors of .95 are .1


@pytest.mark.parametrize(
    ("scene", "size"),
    [("right", "1000"), ("overconfident", "500 x 10"), ("shifted", "100"), ("a little off", "60 x 30")],
)
def test_intervals_of_calibration_errors_cover(scene, size):
    for measure, one in shares(classifier(scene, size), ("ece", "rmsce", "ece_equal_mass"), **FEW).items():
        assert one.held >= LEAST, measure


def test_intervals_of_means_over_classes_cover():
    assert shares(classes(0.8, images=200), ["classwise_ece"], **FEW)["classwise_ece"].held >= LEAST


@pytest.mark.parametrize("scene", ["slope .8", "shifted"])
def test_intervals_of_many_thin_bins_cover(scene):
    assert shares(boxes(scene, alike=0.4), ["laece"], **FEW)["laece"].held >= LEAST


@pytest.mark.parametrize("size", ["100", "60 x 30"])
def test_bands_of_chance_hold_scores_that_are_right_whether_or_not_clusters_share_their_luck(size):
    one = shares(classifier("right", size), ["ece"], **FEW)["ece"]
    assert one.inside >= LEAST
    assert one.beyond <= 0.1


@pytest.mark.parametrize("size", ["1000", "60 x 30"])
def test_bands_of_bins_hold_scores_that_are_right(size):
    assert bins_inside(size, **FEW) >= LEAST


def test_scores_that_are_off_are_beyond_chance():
    assert shares(classifier("overconfident", "1000"), ["ece"], sets=20, replicates=100)["ece"].beyond == 1.0


@pytest.mark.parametrize("part", [1.0, -0.5])
def test_intervals_of_a_change_cover(part):
    held, below, above = change_held("overconfident", "1000", part, **FEW)
    assert held >= LEAST
    assert (below if part > 0.0 else above) > 0.5
    assert (above if part > 0.0 else below) == 0.0
