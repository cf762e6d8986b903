"""What suspects cost: each kind put right and evaluated again."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.labels.correction_gain import correction_gain
from tests.labels.test_suspects import one_of_each
from tests.scenes import detection, random_records


def test_each_kind_alone_and_all_together():
    """Seven labels, two found by six predictions; see `one_of_each`."""
    gains = correction_gain(one_of_each().label_errors(min_score=0.8)).df
    found = gains.select("kind", "suspects", "precision", "recall").rows()
    assert found == [
        ("as labelled", 0, pytest.approx(2 / 6), pytest.approx(2 / 7)),
        ("missing", 1, pytest.approx(3 / 6), pytest.approx(3 / 8)),
        ("wrong_class", 1, pytest.approx(3 / 6), pytest.approx(3 / 7)),
        ("bad_box", 1, pytest.approx(3 / 6), pytest.approx(3 / 7)),
        ("spurious", 1, pytest.approx(2 / 6), pytest.approx(2 / 6)),
        ("duplicate", 1, pytest.approx(2 / 6), pytest.approx(2 / 6)),
        ("conflict", 1, pytest.approx(2 / 6), pytest.approx(2 / 6)),
        ("all", 6, pytest.approx(5 / 6), 1.0),
    ]
    assert gains["f1_gain"].to_list() == pytest.approx((gains["f1"] - gains["f1"][0]).to_list())


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_are_those_of_the_evaluation(seed):
    evaluation = cf.evaluate(detection(*random_records(seed, images=15)), cf.Policy(score=0.2))
    suspects = evaluation.label_errors(min_score=0.3)
    again = evaluation.corrected(suspects.all_confirmed())
    gains = correction_gain(suspects).df
    for row, one in ((gains.row(0, named=True), evaluation), (gains.row(-1, named=True), again)):
        rates = one.metrics().df.row(0, named=True)
        for name in ("precision", "recall", "f1"):
            assert row[name] == pytest.approx(rates[name])
        assert row["ap"] == pytest.approx(one.average_precision(replicates=0).df["ap50"].mean())


def test_a_classifier_gains_accuracy():
    evaluation = cf.evaluate(
        cf.from_labels(
            ["cat", "cat", "cat", "dog"], probabilities=[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]
        )
    )
    gains = correction_gain(evaluation.label_errors()).df
    assert gains.select("kind", "accuracy", "accuracy_gain").rows()[-1] == ("all", 1.0, 0.25)


def test_without_rows_there_is_nothing_to_gain_and_nothing_to_divide():
    gains = correction_gain(cf.evaluate(detection([1], [1], [], [])).label_errors()).df
    assert gains["kind"].to_list() == ["as labelled", "all"]
    assert gains.select(pl.exclude("kind", "suspects")).null_count().sum_horizontal().item() == 16
