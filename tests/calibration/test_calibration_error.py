"""Calibration errors equal the golden cases, plain loops, scikit-learn's curve and each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

import cvfail as cf
from cvfail.calibration.binning import Cells, bin_of, equal_mass_edges, equal_width_edges, joint_bins
from cvfail.calibration.calibration_error import distance
from cvfail.errors import PolicyError
from tests.calibration import plain_calibration

SCORES = st.lists(
    st.one_of(st.sampled_from([0.0, 0.2, 0.25, 0.5, 0.6, 0.75, 1.0]), st.floats(0, 1)),
    min_size=1,
    max_size=40,
)


@given(SCORES, st.integers(1, 20), st.sampled_from(["left", "right"]), st.randoms())
def test_errors_equal_plain_loops(scores, bins, closed, random):
    outcomes = [float(random.random() < 0.6) for _ in scores]
    edges = np.linspace(0, 1, bins + 1).tolist()
    for norm, debiased in (("l1", False), ("l2", False), ("max", False), ("l2", True)):
        options = {"closed": closed, "norm": norm, "debiased": debiased}
        plain = plain_calibration.calibration_error(scores, outcomes, edges, **options)
        found = cf.calibration_error(scores, outcomes, bins=bins, **options)
        # The root of a difference that is 0 but for rounding.
        assert (
            found == plain
            if plain is None
            else found == pytest.approx(plain, abs=1e-7 if debiased else 1e-12)
        )


@given(SCORES, st.integers(1, 20))
def test_bins_of_equal_mass_never_divide_equal_scores(scores, bins):
    edges = equal_mass_edges(scores, bins)
    assert (edges[0], edges[-1]) == (0.0, 1.0)
    assert (np.diff(edges) > 0).all()
    places = bin_of(scores, edges)
    assert len({(score, place) for score, place in zip(scores, places.tolist(), strict=True)}) == len(
        set(scores)
    )


def test_golden_equal_mass(golden):
    case = golden["cal_ece_equal_mass"]
    given_ = case["input"]
    found = cf.calibration_error(given_["conf"], given_["correct"], bins=given_["bins"], binning="equal_mass")
    assert found == pytest.approx(case["expected"]["netcal"], abs=1e-12)


def test_golden_joint_bins(golden):
    case = golden["cal_dece_multidim"]
    values, matched = np.array(case["input"]["X"]), np.array(case["input"]["matched"], float)
    for columns, name in (((), "dece_conf_only"), ((0, 1), "dece_3d")):
        codes = joint_bins(values[:, 0], values[:, 1:], 5, columns, "left")
        cells = Cells.of(codes, np.arange(len(codes)))
        gaps = cells.sums(matched) - cells.sums(values[:, 0])
        found = float(distance(cells.counts.astype(float), gaps, "l1"))
        assert found == pytest.approx(case["expected"][name], abs=1e-12)


def test_golden_top_label_of_single_precision(golden):
    """The reference is of float32, in which .6 lies in the bin that begins there; in float64 it lies below."""
    case = golden["cal_top_label"]
    given_ = case["input"]
    p = np.array(given_["prob"], np.float32).astype(np.float64)
    scores, correct = p.max(axis=1), p.argmax(axis=1) == np.array(given_["y"])
    for norm in ("l1", "l2", "max"):
        found = cf.calibration_error(scores, correct, bins=given_["bins"], norm=norm)
        assert found == pytest.approx(case["expected"][norm], abs=1e-6)


def test_the_bins_are_those_of_scikit_learn_where_no_score_is_on_an_edge():
    random = np.random.default_rng(3)
    scores = random.random(500)
    correct = (random.random(500) < scores).astype(int)
    share, mean = calibration_curve(correct, scores, n_bins=15)
    cells = Cells.of(bin_of(scores, equal_width_edges(15)), np.arange(500))
    assert cells.sums(correct.astype(float)) / cells.counts == pytest.approx(share, abs=1e-12)
    assert cells.sums(scores) / cells.counts == pytest.approx(mean, abs=1e-12)


def test_confidence_of_one_is_in_the_last_bin():
    assert cf.calibration_error([1.0, 0.95], [0, 1], bins=10, norm="max") == pytest.approx(0.475)


def test_nothing_is_undefined_and_options_without_meaning_are_refused():
    assert cf.calibration_error([], []) is None
    assert cf.calibration_error([0.5], [1], norm="l2", debiased=True) is None
    for options in ({"bins": 0}, {"norm": "l3"}, {"debiased": True}, {"closed": "both"}):
        with pytest.raises(PolicyError):
            cf.calibration_error([0.5], [1], **options)
