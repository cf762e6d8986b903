"""Classification through the same evidence: worked matrices, binary counts, and missing predictions."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf
from tests.scenes import detection

SIGNS = ["Stop", "Speed", "Yield"]


def from_matrix(counts):
    true, predicted = np.repeat(np.indices((3, 3)).reshape(2, -1), np.ravel(counts), axis=1)
    return cf.from_labels([SIGNS[i] for i in true], [SIGNS[i] for i in predicted], labels=SIGNS)


@pytest.mark.parametrize(
    ("counts", "recalls", "worst"),
    [
        (
            [[95, 3, 2], [6, 84, 10], [4, 18, 78]],
            {"Stop": 0.95, "Speed": 0.84, "Yield": 0.78},
            [("Yield", "Speed", 18), ("Speed", "Yield", 10)],
        ),
        (
            [[90, 6, 4], [8, 80, 12], [5, 20, 75]],
            {"Stop": 0.9, "Speed": 0.8, "Yield": 0.75},
            [("Yield", "Speed", 20), ("Speed", "Yield", 12)],
        ),
    ],
)
def test_traffic_sign_matrices(counts, recalls, worst):
    evaluation = cf.evaluate(from_matrix(counts))
    matrix = evaluation.confusion_matrix()
    order = [matrix.labels.index(sign) for sign in SIGNS]
    assert matrix.counts[np.ix_(order, order)].tolist() == counts
    by_class = evaluation.metrics(by="category").df
    found = dict(by_class.select(pl.col("category").cast(pl.String), "recall").rows())
    assert found == pytest.approx(recalls)
    assert matrix.most_confused(2).df.select("true", "predicted", "count").rows() == worst
    assert len(matrix.examples("Yield", "Speed")) == worst[0][2]


def test_an_attribute_of_the_images_slices_a_classifier():
    data = cf.from_labels(
        ["cat"] * 6 + ["dog"] * 6,
        ["cat"] * 3 + ["dog"] * 9,
        attributes=pl.DataFrame({"light": ["day"] * 3 + ["night"] * 3 + ["day"] * 6}),
    )
    rows = cf.evaluate(data).metrics(by=["light"]).df
    assert rows.select("light", "recall").rows() == [("day", 1.0), ("night", 0.0)]


def test_sql_and_the_matrix_agree_on_confusions():
    evaluation = cf.evaluate(from_matrix([[9, 1, 0], [0, 8, 2], [3, 0, 7]]))
    counted = evaluation.sql("SELECT count(*) FROM confusions").item()
    matrix = evaluation.confusion_matrix().counts
    assert counted == matrix.sum() - np.trace(matrix) == 6


def test_specificity_accuracy_and_agreement_of_a_binary_classifier():
    """TP=420, FP=140, FN=60, TN=380: precision .75, recall .875, F1 840/1040, specificity .7308."""
    true = [1] * 480 + [0] * 520
    predicted = [1] * 420 + [0] * 60 + [1] * 140 + [0] * 380
    evaluation = cf.evaluate(cf.from_labels(true, predicted))
    row = evaluation.metrics(by="category").df.filter(pl.col("category") == "1").row(0, named=True)
    assert (row["tp"], row["fp"], row["fn"], row["tn"]) == (420, 140, 60, 380)
    expected = {
        "precision": 0.75,
        "recall": 0.875,
        "f1": 840 / 1040,
        "specificity": 380 / 520,
        "accuracy": 0.8,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert row["specificity_lower"] < row["specificity"] < row["specificity_upper"]
    agreement = dict(evaluation.agreement().df.select("metric", "estimate").rows())
    assert agreement["accuracy"] == pytest.approx(0.8)
    assert agreement["balanced_accuracy"] == pytest.approx((0.875 + 380 / 520) / 2)


def test_a_hundred_images_of_which_thirty_are_positive():
    """40 predicted positive, 25 of them rightly: .625, .833, .714, .786."""
    evaluation = cf.evaluate(cf.from_labels([1] * 30 + [0] * 70, [1] * 25 + [0] * 5 + [1] * 15 + [0] * 55))
    row = evaluation.metrics(by="category").df.filter(pl.col("category") == "1").row(0, named=True)
    assert [row[name] for name in ("tp", "fp", "fn", "tn")] == [25, 15, 5, 55]
    rates = [round(row[name], 3) for name in ("precision", "recall", "f1", "specificity")]
    assert rates == [0.625, 0.833, 0.714, 0.786]


def test_a_detector_has_no_agreement():
    evaluation = cf.evaluate(detection([1], [1], [], []))
    with pytest.raises(cf.CvfailError, match="for classification"):
        evaluation.agreement()


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
def test_no_images_are_an_ordinary_input(average):
    evaluation = cf.evaluate(cf.from_labels([], [], labels=["cat", "dog"]))
    assert evaluation.metrics(average=average).df["accuracy"].to_list() == [None]
    assert evaluation.confusion_matrix().counts.sum() == 0
    assert evaluation.failure_modes().df.is_empty()
