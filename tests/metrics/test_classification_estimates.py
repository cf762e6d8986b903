"""Numbers of a whole confusion matrix: scikit-learn for the value, finite differences for the influence."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from cvfail.metrics.classification_estimates import (
    averaged_rate,
    balanced_accuracy,
    cohen_kappa,
    matthews_correlation,
    pooled_rate,
    share_correct,
)
from cvfail.metrics.classification_rates import F1, PRECISION, RATES, RECALL, SPECIFICITY, f_beta

matrices = st.integers(1, 4).flatmap(lambda k: arrays(np.int64, (k, k), elements=st.integers(0, 9)))
filled = st.integers(2, 4).flatmap(lambda k: arrays(np.int64, (k, k), elements=st.integers(1, 9)))
averages = st.sampled_from(["macro", "weighted"])

NUMBERS = {
    "share_correct": share_correct,
    "balanced_accuracy": balanced_accuracy,
    "matthews_correlation": matthews_correlation,
    "cohen_kappa": cohen_kappa,
    "linear_kappa": partial(cohen_kappa, weights="linear"),
    "quadratic_kappa": partial(cohen_kappa, weights="quadratic"),
    **{f"micro_{rate.name}": partial(pooled_rate, rate=rate) for rate in RATES},
    **{
        f"{average}_{rate.name}": partial(averaged_rate, rate=rate, average=average)
        for rate in RATES
        for average in ("macro", "weighted")
    },
}


def as_labels(counts):
    true, predicted = np.indices(counts.shape).reshape(2, -1)
    return np.repeat(true, counts.ravel()), np.repeat(predicted, counts.ravel())


def quiet(function, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **options)


@pytest.mark.parametrize(
    ("rate", "score"),
    [(PRECISION, metrics.precision_score), (RECALL, metrics.recall_score), (F1, metrics.f1_score)],
)
@given(counts=matrices, average=averages, zero_division=st.sampled_from([None, 0, 1]))
def test_averages_are_those_of_scikit_learn(rate, score, counts, average, zero_division):
    value = averaged_rate(counts, rate=rate, average=average, zero_division=zero_division).value
    if not counts.any() or (average == "weighted" and np.isnan(value)):
        return  # scikit-learn falls back to an unweighted average where all weights are 0
    expected = quiet(
        score,
        *as_labels(counts),
        labels=range(len(counts)),
        average=average,
        zero_division=np.nan if zero_division is None else zero_division,
    )
    assert value == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(matrices)
def test_agreement_is_that_of_scikit_learn(counts):
    true, predicted = as_labels(counts)
    if not true.size:
        return
    assert share_correct(counts).value == pytest.approx(metrics.accuracy_score(true, predicted))
    assert balanced_accuracy(counts).value == pytest.approx(
        quiet(metrics.balanced_accuracy_score, true, predicted)
    )
    zero = matthews_correlation(counts, zero_division=0).value
    assert zero == pytest.approx(quiet(metrics.matthews_corrcoef, true, predicted), abs=1e-9)
    for weights in (None, "linear", "quadratic"):
        expected = quiet(
            metrics.cohen_kappa_score, true, predicted, labels=list(range(len(counts))), weights=weights
        )
        assert cohen_kappa(counts, weights=weights).value == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_the_golden_multiclass_case(golden):
    case = golden["cls_multiclass"]["expected"]
    counts = np.array(case["confusion"])
    for average in ("macro", "weighted"):
        found = [averaged_rate(counts, rate=rate, average=average).value for rate in (PRECISION, RECALL, F1)]
        assert found == pytest.approx(case[average], abs=1e-12)
    assert averaged_rate(counts, rate=f_beta(2), average="macro").value == pytest.approx(case["f2_macro"])
    assert matthews_correlation(counts).value == pytest.approx(case["mcc"], abs=1e-12)
    assert cohen_kappa(counts).value == pytest.approx(case["kappa"], abs=1e-12)
    assert cohen_kappa(counts, weights="quadratic").value == pytest.approx(case["kappa_quadratic"], abs=1e-12)
    balanced = balanced_accuracy(counts).value
    assert balanced == pytest.approx(case["balanced_accuracy"], abs=1e-12)
    assert (balanced - 1 / 3) / (1 - 1 / 3) == pytest.approx(case["balanced_adjusted"], abs=1e-12)
    assert share_correct(counts).value == pytest.approx(case["accuracy"], abs=1e-12)


@pytest.mark.parametrize("name", NUMBERS)
@given(counts=filled)
def test_the_influence_is_the_derivative_by_each_cell(name, counts):
    number = NUMBERS[name]
    influence, step = number(counts).influence, 1e-5
    for cell in np.ndindex(*counts.shape):
        up, down = counts.astype(float), counts.astype(float)
        up[cell] += step
        down[cell] -= step
        slope = (number(up).value - number(down).value) / (2 * step)
        assert influence[cell] == pytest.approx(slope, abs=1e-5)


@pytest.mark.parametrize("name", NUMBERS)
@given(counts=matrices, zero_division=st.sampled_from([None, 0, 1]))
def test_the_influences_of_all_items_sum_to_nothing(name, counts, zero_division):
    estimate = NUMBERS[name](counts, zero_division=zero_division)
    assert np.isfinite(estimate.influence).all()
    assert (counts * estimate.influence).sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", NUMBERS)
def test_no_items_and_no_classes_are_ordinary_inputs(name):
    for counts in (np.zeros((3, 3), np.int64), np.zeros((0, 0), np.int64)):
        assert np.isnan(NUMBERS[name](counts).value)
        filled_in = NUMBERS[name](counts, zero_division=1)
        assert filled_in.value == 1.0 or (counts.size == 0 and np.isnan(filled_in.value)) or "kappa" in name


def test_one_class_leaves_nothing_to_agree_on():
    counts = np.array([[5, 0], [0, 0]])
    for number in (matthews_correlation, cohen_kappa):
        assert np.isnan(number(counts).value)
        assert number(counts, zero_division=0).value == 0.0
    assert averaged_rate(counts, rate=SPECIFICITY, average="macro").n_defined == 1


def test_bounds_stay_on_the_range_of_the_number():
    worst = matthews_correlation(np.array([[0, 9], [9, 0]]))
    interval = worst.interval(0.0, quantile=1.96)
    assert worst.value == pytest.approx(-1)
    assert interval.lower == pytest.approx(-1)
    assert -0.9 < interval.upper < 0
