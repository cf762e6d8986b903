"""Rates from four counts: worked examples, scikit-learn, and intervals of independent units."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score

from cvfail.errors import QueryError
from cvfail.metrics.classification_counts import rates_from_counts
from cvfail.metrics.classification_rates import RATES, Outcomes, f_beta
from cvfail.statistics.proportions import wilson

METRICS = [
    *("precision", "recall", "f1", "specificity", "accuracy", "negative_predictive_value"),
    *("false_positive_rate", "false_negative_rate", "jaccard", "prevalence"),
    *("balanced_accuracy", "matthews_correlation", "cohen_kappa"),
]

count = st.integers(0, 40)


def estimates(*counts, **options):
    table = rates_from_counts(*counts, **options)
    return dict(table.select("metric", "estimate").iter_rows())


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            {"tp": 420, "fp": 140, "fn": 60, "tn": 380},
            {"precision": 0.75, "recall": 0.875, "f1": 840 / 1040, "specificity": 0.7308},
        ),
        (
            {"tp": 25, "fp": 15, "fn": 5, "tn": 55},
            {"precision": 0.625, "recall": 0.833, "f1": 0.714, "specificity": 0.786, "prevalence": 0.3},
        ),
        ({"tp": 560, "fp": 190, "fn": 140}, {"precision": 0.747, "recall": 0.8, "specificity": None}),
    ],
)
def test_worked_examples(counts, expected):
    table = rates_from_counts(**counts)
    found = dict(table.select("metric", "estimate").iter_rows())
    for metric, value in expected.items():
        assert found[metric] == (None if value is None else pytest.approx(value, abs=5e-4))


def test_the_golden_binary_case(golden):
    case = golden["cls_binary"]["expected"]
    found = estimates(case["tp"], case["fp"], case["fn"], case["tn"])
    names = {
        "npv": "negative_predictive_value",
        "fpr": "false_positive_rate",
        "fnr": "false_negative_rate",
        "bal_acc": "balanced_accuracy",
        "mcc": "matthews_correlation",
        "kappa": "cohen_kappa",
    }
    for name in ("precision", "recall", "specificity", "f1", *names):
        assert found[names.get(name, name)] == pytest.approx(case[name], abs=1e-12)
    outcomes = Outcomes.of(case["tp"], case["fp"], case["fn"], case["tn"])
    assert f_beta(0.5).ratio(outcomes) == pytest.approx(case["fbeta05"])
    assert f_beta(2).ratio(outcomes) == pytest.approx(case["fbeta2"])


def test_the_table_has_its_documented_rows_and_columns():
    table = rates_from_counts(1, 2, 3, 4)
    assert table.columns == ["metric", "estimate", "lower", "upper", "support", "interval"]
    assert table["metric"].to_list() == METRICS
    assert table["interval"].to_list() == ["wilson"] * len(METRICS)
    assert table["support"].to_list() == [3, 4, 6, 6, 10, 7, 6, 4, 6, 10, 10, 10, 10]


@given(count, count, count, count)
def test_proportions_have_wilsons_interval_on_their_own_denominator(tp, fp, fn, tn):
    table = rates_from_counts(tp, fp, fn, tn)
    for metric, k, n in [("precision", tp, tp + fp), ("recall", tp, tp + fn), ("specificity", tn, tn + fp)]:
        row = table.filter(metric=metric).row(0, named=True)
        assert (row["lower"], row["upper"]) == pytest.approx(wilson(k, n)[1:], abs=1e-9)
        assert row["support"] == n


def test_the_interval_of_f1_is_that_of_resampled_units():
    """Delta method against 20000 multinomial samples of 1000 units; their standard errors agree within 3 %."""
    counts = np.array([420, 140, 60, 380])
    sampled = np.random.default_rng(1).multinomial(1000, counts / 1000, 20000)
    f1 = 2 * sampled[:, 0] / (2 * sampled[:, 0] + sampled[:, 1] + sampled[:, 2])
    row = rates_from_counts(*map(int, counts), confidence=0.6827).filter(metric="f1").row(0, named=True)
    assert (row["upper"] - row["lower"]) / 2 == pytest.approx(f1.std(), rel=0.03)


@given(count, count, count, st.floats(0.1, 5))
def test_f_beta_is_that_of_scikit_learn(tp, fp, fn, beta):
    true, predicted = [1] * (tp + fn) + [0] * (fp + 1), [1] * tp + [0] * fn + [1] * fp + [0]
    value = f_beta(beta).ratio(Outcomes.of(tp, fp, fn))
    expected = fbeta_score(true, predicted, beta=beta, zero_division=np.nan)
    assert value == pytest.approx(expected, nan_ok=True)


def test_undefined_rates_are_null_with_nothing_known_or_what_was_asked_for():
    table = rates_from_counts(0, 0, 0, 5)
    row = table.filter(metric="precision").row(0)
    assert row == ("precision", None, 0.0, 1.0, 0, "wilson")
    assert table.filter(metric="matthews_correlation").row(0)[1:4] == (None, None, None)
    for value in (0, 1):
        found = estimates(0, 0, 0, 5, zero_division=value)
        assert {found[name] for name in ("precision", "recall", "f1", "cohen_kappa")} == {value}
        assert found["specificity"] == 1.0


def test_counts_of_nothing_are_an_ordinary_input():
    table = rates_from_counts(0, 0, 0, 0)
    assert table["estimate"].null_count() == len(METRICS)
    assert rates_from_counts(0, 0, 0)["metric"].to_list() == METRICS


def test_without_true_negatives_what_needs_them_is_unknown():
    unknown = rates_from_counts(560, 190, 140, zero_division=0).filter(pl.col("estimate").is_null())
    assert unknown["metric"].to_list() == [
        name
        for name in METRICS
        if name not in ("precision", "recall", "f1", "false_negative_rate", "jaccard")
    ]
    assert unknown.select("lower", "upper", "support", "interval").null_count().row(0) == (len(unknown),) * 4


def test_negative_counts_are_an_error():
    with pytest.raises(QueryError, match="must not be negative; found tp=3, fp=-1"):
        rates_from_counts(3, -1, 0)


def test_no_outcome_counts_more_above_than_below():
    for rate in (*RATES, f_beta(0.5), f_beta(3)):
        assert all(above <= below for above, below in zip(rate.numerator, rate.denominator, strict=True))
