"""Classification from a confusion matrix: worked examples, golden cases, scikit-learn."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import multilabel_confusion_matrix

from cvfail.errors import QueryError
from cvfail.metrics.classification_counts import AGREEMENTS, ClassificationCounts
from cvfail.statistics.proportions import wilson

SIGNS = ["Stop", "Speed", "Yield"]
FIRST = ClassificationCounts.from_counts([[95, 3, 2], [6, 84, 10], [4, 18, 78]], SIGNS)
SECOND = ClassificationCounts.from_counts([[90, 6, 4], [8, 80, 12], [5, 20, 75]], SIGNS)

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30)


def from_pairs(rows, labels):
    frame = pl.DataFrame(rows, schema={"true": pl.Int64, "predicted": pl.Int64}, orient="row")
    return ClassificationCounts.from_rows(frame, labels)


def test_the_first_traffic_sign_matrix():
    assert FIRST.by_category()["recall"].to_list() == pytest.approx([0.95, 0.84, 0.78])
    assert FIRST.by_category()["precision"].to_list() == pytest.approx([95 / 105, 84 / 105, 78 / 90])
    worst = FIRST.confusion_matrix().most_confused(2).df.select("true", "predicted", "count")
    assert worst.rows() == [("Yield", "Speed", 18), ("Speed", "Yield", 10)]
    assert FIRST.agreement()["estimate"].to_list()[:2] == pytest.approx([257 / 300, 257 / 300])


def test_the_second_traffic_sign_matrix():
    assert SECOND.by_category()["recall"].to_list() == pytest.approx([0.9, 0.8, 0.75])
    rows = SECOND.by_category().select("tp", "fp", "fn", "tn", "support", "predicted").rows()
    assert rows == [(90, 13, 10, 187, 100, 103), (80, 26, 20, 174, 100, 106), (75, 16, 25, 184, 100, 91)]
    assert SECOND.average("macro")["recall"].item() == pytest.approx(245 / 300)


def test_the_golden_multiclass_case(golden):
    case = golden["cls_multiclass"]
    counts = from_pairs(list(zip(*case["input"].values(), strict=True)), [0, 1, 2])
    assert counts.counts.tolist() == case["expected"]["confusion"]
    table = counts.by_category()
    assert table.select("tn", "fp", "fn", "tp").rows() == [
        tuple(r) for r in case["expected"]["mcm_tn_fp_fn_tp"]
    ]
    for name, values in zip(
        ("precision", "recall", "f1", "support"), case["expected"]["per_class"], strict=True
    ):
        assert table[name].to_list() == pytest.approx(values, abs=1e-12)
    for average in ("macro", "weighted"):
        row = counts.average(average).select("precision", "recall", "f1").row(0)
        assert row == pytest.approx(tuple(case["expected"][average]), abs=1e-12)
    micro = counts.average("micro").select("precision", "recall", "f1").row(0)
    assert micro == pytest.approx(tuple(case["expected"]["micro"]), abs=1e-12)
    assert counts.average("macro")["accuracy"].item() == pytest.approx(case["expected"]["accuracy"])


def test_the_golden_zero_division_case(golden):
    case = golden["cls_zero_division"]
    counts = from_pairs(
        list(zip(case["input"]["y_true"], case["input"]["y_pred"], strict=True)), case["input"]["labels"]
    )
    for option, key in ((0, "zd=0"), (1, "zd=1"), (None, "zd=nan")):
        table, expected = counts.by_category(zero_division=option), case["expected"][key]
        for name, short in (("precision", "p"), ("recall", "r"), ("f1", "f1")):
            wanted = [None if value == "NaN" else value for value in expected[short]]
            assert table[name].to_list() == pytest.approx(wanted, abs=1e-12)
        macro = counts.average("macro", zero_division=option)
        assert macro["f1"].item() == pytest.approx(case["expected"][f"macro {key}"], abs=1e-12)
        assert macro["f1_n_defined"].item() == 2
    weighted = counts.average("weighted").row(0, named=True)
    assert weighted["precision"] == pytest.approx(case["expected"]["weighted zd=nan"], abs=1e-12)
    assert (weighted["precision_n_defined"], weighted["recall_n_defined"]) == (1, 2)


@given(pairs)
def test_one_against_the_rest_is_that_of_scikit_learn(rows):
    labels = [0, 1, 2]  # the fourth class is no label: its rows are dropped, as scikit-learn's matrix does
    kept = [row for row in rows if max(row) < 3]
    table = from_pairs(rows, labels).by_category().select("tn", "fp", "fn", "tp")
    if not kept:
        assert table.rows() == [(0, 0, 0, 0)] * 3
        return
    expected = multilabel_confusion_matrix(*zip(*kept, strict=True), labels=labels).reshape(3, 4)
    assert [list(row) for row in table.rows()] == expected.tolist()


@given(pairs)
def test_rows_add_up_to_the_truth_and_columns_to_the_predictions(rows):
    counts = from_pairs(rows, range(4))
    table = counts.by_category()
    assert table["support"].to_list() == [sum(true == k for true, _ in rows) for k in range(4)]
    assert table["predicted"].to_list() == [sum(predicted == k for _, predicted in rows) for k in range(4)]
    assert (table.select(pl.sum_horizontal("tp", "fp", "fn", "tn")).to_series() == len(rows)).all()
    assert counts.counts.sum() == len(rows)


def test_tables_have_their_documented_columns():
    rates = ["precision", "recall", "f1", "specificity", "accuracy"]
    bounds = [f"{name}{suffix}" for name in rates for suffix in ("", "_lower", "_upper")]
    ends = ["support", "predicted", "interval"]
    assert FIRST.by_category().columns == ["category", "tp", "fp", "fn", "tn", *bounds, *ends]
    defined = [f"{name}_n_defined" for name in rates[:4]]
    macro = FIRST.average("macro")
    assert sorted(macro.columns) == sorted(["tp", "fp", "fn", "tn", *bounds, *defined, *ends])
    assert macro.columns == FIRST.average("weighted").columns == FIRST.average("micro").columns
    assert FIRST.agreement().columns == ["metric", "estimate", "lower", "upper", "support", "interval"]


def test_intervals_take_items_as_independent():
    row = FIRST.by_category().filter(category="Yield").row(0, named=True)
    assert (row["recall_lower"], row["recall_upper"]) == pytest.approx(wilson(78, 100)[1:], abs=1e-9)
    accuracy = FIRST.average("macro").row(0, named=True)
    assert (accuracy["accuracy_lower"], accuracy["accuracy_upper"]) == pytest.approx(
        wilson(257, 300)[1:], abs=1e-9
    )
    assert FIRST.by_category()["interval"].unique().to_list() == ["wilson"]


def test_intervals_of_agreement_are_those_of_resampled_items():
    """Delta method against 4000 multinomial samples of 300 items; their standard errors agree within 5 %."""
    shares = FIRST.counts.ravel() / 300
    samples = np.random.default_rng(0).multinomial(300, shares, 4000).reshape(-1, 3, 3)
    sampled = [[number(counts).value for number in AGREEMENTS.values()] for counts in samples]
    table = FIRST.agreement(confidence=0.6827)
    half = ((table["upper"] - table["lower"]) / 2).to_list()
    assert half == pytest.approx(np.std(sampled, axis=0).tolist(), rel=0.05)


def test_no_items_and_no_classes_are_ordinary_inputs():
    for counts in (
        ClassificationCounts.from_counts(np.zeros((3, 3)), SIGNS),
        ClassificationCounts.from_counts([], []),
        from_pairs([], []),
        from_pairs([(1, 1)], []),
    ):
        table = counts.by_category()
        assert table["precision"].null_count() == len(counts.labels)
        assert counts.average("macro").select("recall", "recall_lower", "recall_n_defined").row(0) == (
            None,
            None,
            0,
        )
        assert counts.average("weighted", zero_division=0)["recall"].item() == 0.0
        assert counts.agreement()["estimate"].null_count() == 4
        assert len(counts.confusion_matrix().most_confused()) == 0


def test_labels_may_be_categorical_or_names_or_ids():
    frame = pl.DataFrame({"true": ["a", "b", None], "predicted": ["b", "b", "a"]})
    expected = [[0, 1], [0, 1]]
    assert ClassificationCounts.from_rows(frame, ["a", "b"]).counts.tolist() == expected
    for kind in (pl.Categorical, pl.Enum(["b", "a"])):
        assert ClassificationCounts.from_rows(frame.cast(kind), ["a", "b"]).counts.tolist() == expected
    renamed = frame.rename({"true": "label", "predicted": "guess"})
    counts = ClassificationCounts.from_rows(renamed, ["a", "b"], true="label", predicted="guess")
    assert counts.counts.tolist() == expected


def test_counts_cannot_be_changed_and_do_not_follow_the_input():
    given = np.array([[1, 2], [3, 4]])
    counts = ClassificationCounts.from_counts(given, ["a", "b"])
    given[0, 0] = 100
    assert counts.counts[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        counts.counts[0, 0] = 5


@pytest.mark.parametrize(
    ("counts", "labels", "message"),
    [
        ([[1, 2]], ["a", "b"], "do not fit 2 labels"),
        ([[1, 2], [3, 4]], ["a", "a"], "labels must differ"),
        ([[1, -2], [3, 4]], ["a", "b"], "not negative"),
        ([[0.5, 0.5], [0, 1]], ["a", "b"], "give counts, not shares"),
        ([[float("nan"), 1], [0, 1]], ["a", "b"], "whole numbers"),
    ],
)
def test_what_is_no_confusion_matrix_is_an_error(counts, labels, message):
    with pytest.raises(QueryError, match=message):
        ClassificationCounts.from_counts(counts, labels)
