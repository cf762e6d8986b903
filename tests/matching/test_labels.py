"""Classification through the same evidence: worked matrices, binary counts, and missing predictions."""

import numpy as np
import polars as pl
import pytest

import cvfail as cf

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
