"""Maps equal scikit-learn's where it has them, pooled violators, and the likelihood's own minimum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression

from cvfail.calibration.proper_scores import log_losses
from cvfail.calibration.score_fits import fit_scores, fit_temperature
from cvfail.calibration.score_maps import (
    METHODS,
    Beta,
    Isotonic,
    Platt,
    Temperature,
    from_dict,
    log_odds,
    rescaled,
    to_dict,
)
from cvfail.errors import FormatError, PolicyError, QueryError
from tests.calibration import plain_calibration


@pytest.fixture(scope="module")
def scored():
    random = np.random.default_rng(7)
    scores = random.random(800)
    return scores, (random.random(800) < scores**2).astype(float)


def smoothed(outcomes):
    right = outcomes.sum()
    return np.where(outcomes == 1, (right + 1) / (right + 2), 1 / (outcomes.size - right + 2))


def test_temperature_is_where_the_likelihood_is_largest(scored):
    scores, outcomes = scored
    found = fit_scores("temperature", scores, outcomes).temperature

    def loss(t):
        return log_losses(Temperature(t).scores(scores), outcomes).mean()

    plain = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-8})
    assert found == pytest.approx(plain.x, rel=1e-5)
    assert loss(found) <= plain.fun + 1e-12


def test_temperature_of_all_classes_undoes_a_known_one():
    random = np.random.default_rng(1)
    logits = random.normal(size=(20_000, 4)) * 2
    p = Temperature(1.0).probabilities(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    labels = (p.cumsum(axis=1) < random.random(20_000)[:, None]).sum(axis=1)
    assert fit_temperature(logits * 1.8, labels).temperature == pytest.approx(1.8, rel=0.03)
    kept = Temperature(1.8).probabilities(p)
    assert (kept.argmax(axis=1) == p.argmax(axis=1)).all()
    assert kept.sum(axis=1) == pytest.approx(np.ones(20_000))


@pytest.mark.parametrize(("method", "made", "number"), [("platt", Platt, 2), ("beta", Beta, 3)])
def test_regressions_are_where_the_likelihood_is_largest(scored, method, made, number):
    scores, outcomes = scored
    targets = smoothed(outcomes)

    def loss(values):
        return log_losses(made(*values).scores(scores), targets).mean()

    plain = minimize(
        loss, np.ones(number), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 5000}
    )
    found = fit_scores(method, scores, outcomes)
    assert loss(list(to_dict(found).values())) <= plain.fun + 1e-10
    assert found.scores(scores) == pytest.approx(made(*plain.x).scores(scores), abs=1e-4)


@given(
    st.lists(
        st.tuples(st.sampled_from(np.linspace(0, 1, 9).tolist()), st.sampled_from([0.0, 0.4, 1.0])),
        min_size=1,
        max_size=40,
    )
)
def test_isotonic_pools_adjacent_violators(rows):
    scores, outcomes = (np.array(column) for column in zip(*rows, strict=True))
    found = fit_scores("isotonic", scores, outcomes)
    plain = plain_calibration.isotonic(scores.tolist(), outcomes.tolist())
    assert found.scores(np.array(list(plain))).tolist() == pytest.approx(list(plain.values()), abs=1e-12)


def test_isotonic_is_scikit_learns_between_and_beyond_the_scores(scored):
    scores, outcomes = scored
    reference = IsotonicRegression(out_of_bounds="clip").fit(scores, outcomes)
    places = np.linspace(0, 1, 333)
    assert fit_scores("isotonic", scores, outcomes).scores(places) == pytest.approx(
        reference.predict(places), abs=1e-12
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("outcomes", [[1, 1, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0]])
def test_scores_that_say_it_all_have_finite_maps(method, outcomes):
    found = fit_scores(method, [0.0, 0.5, 1.0], outcomes)
    after = found.scores(np.linspace(0, 1, 11))
    assert np.isfinite(after).all()
    assert ((after >= 0) & (after <= 1)).all()
    if method != "platt":
        assert (np.diff(after) >= 0).all()
    assert from_dict(method, to_dict(found)) == found


def test_a_beta_map_never_falls():
    random = np.random.default_rng(2)
    scores = random.random(300)
    found = fit_scores("beta", scores, (random.random(300) < 1 - scores).astype(float))
    assert (found.a, found.b) == (0.0, 0.0)


def test_confidence_and_probabilities_agree_after_any_map():
    p = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0], [0.4, 0.4, 0.2]])
    for made in (Temperature(2.0), Platt(0.5, 0.1), Isotonic((0.0, 1.0), (0.1, 0.8))):
        scores, changed = rescaled(made, p.max(axis=1), p)
        assert changed.sum(axis=1) == pytest.approx(np.ones(3))
        assert changed[:, 0].tolist() == pytest.approx(scores.tolist())
    assert changed[0, 1] / changed[0, 2] == pytest.approx(2.0)
    assert changed[1, 1] == pytest.approx(changed[1, 2])


def test_log_odds_are_finite_at_the_ends():
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_what_has_no_meaning_is_refused():
    with pytest.raises(QueryError, match="no prediction to fit on"):
        fit_scores("platt", [], [])
    with pytest.raises(PolicyError, match="no method 'histogram'"):
        fit_scores("histogram", [0.5], [1])
    wrong = [
        ("temperature", {"temperature": 0.0}),
        ("temperature", {"t": 1.0}),
        ("platt", {"slope": "a", "intercept": 0}),
    ]
    wrong += [
        ("isotonic", {"knots": [0.5, 0.1], "values": [0.1, 0.2]}),
        ("isotonic", {"knots": [], "values": []}),
    ]
    wrong += [("isotonic", {"knots": [0.1, 0.5], "values": [0.3, 0.2]}), ("histogram", {})]
    for method, parameters in wrong:
        with pytest.raises(FormatError):
            from_dict(method, parameters)
