"""Proper scores equal scikit-learn's and the golden case; the parts of Brier's score add up to it."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from cvfail.calibration.binning import Cells, bin_of, equal_width_edges
from cvfail.calibration.proper_scores import brier_losses, brier_parts, log_losses


def test_golden(golden):
    case = golden["cls_prob_scores"]
    given, expected = case["input"], case["expected"]
    p, y = np.array(given["prob"]), np.array(given["y_true"])
    assert brier_losses(p, y).mean() == pytest.approx(expected["brier_multiclass"], abs=1e-12)
    assert log_losses(p, y).mean() == pytest.approx(expected["log_loss"], abs=1e-12)
    one, true = np.array(given["bin_p"]), np.array(given["bin_y"])
    assert brier_losses(one, true).mean() == pytest.approx(expected["brier_binary"], abs=1e-12)
    true[3] = 1  # the reference number is that of a probability of 0 for what happened
    assert log_losses(one, true).mean() == pytest.approx(expected["log_loss_binary_with_zero"], abs=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_scores_are_those_of_scikit_learn(classes):
    random = np.random.default_rng(classes)
    p = random.dirichlet(np.ones(classes), 300)
    y = random.integers(0, classes, 300)
    y[:classes] = np.arange(classes)
    assert log_losses(p, y).mean() == pytest.approx(log_loss(y, p), abs=1e-12)
    reference = (
        brier_score_loss(y, p[:, 1]) if classes == 2 else brier_score_loss(y, p, labels=range(classes))
    )
    assert brier_losses(p, y).mean() == pytest.approx(reference, abs=1e-12)


def test_parts_add_up_and_are_murphys_where_scores_are_constant_in_bins():
    random = np.random.default_rng(0)
    scores = random.choice([0.05, 0.35, 0.65, 0.95], 400)
    outcomes = (random.random(400) < scores**2).astype(float)
    cells = Cells.of(bin_of(scores, equal_width_edges(10)), np.arange(400))
    brier = brier_losses(scores, outcomes).mean()
    parts = brier_parts(cells.counts.astype(float), cells.sums(outcomes), cells.sums(scores), brier)
    assert parts.within_bins == pytest.approx(0.0, abs=1e-12)
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier, abs=1e-12)
    spread = scores + random.normal(size=400) * 0.01
    brier = brier_losses(spread, outcomes).mean()
    moved = brier_parts(cells.counts.astype(float), cells.sums(outcomes), cells.sums(spread), brier)
    total = moved.reliability - moved.resolution + moved.uncertainty + moved.within_bins
    assert total == pytest.approx(brier, abs=1e-12)
    rest = 0.0
    for first, last in zip(cells.starts[:-1], cells.starts[1:], strict=True):
        own = cells.rows[first:last]
        s, o = spread[own], outcomes[own]
        rest += (((s - s.mean()) ** 2).sum() - 2 * ((s - s.mean()) * (o - o.mean())).sum()) / 400
    assert moved.within_bins == pytest.approx(rest, abs=1e-12)


def test_without_rows_there_are_no_losses():
    assert brier_losses(np.zeros((0, 3)), np.zeros(0, np.int64)).size == 0
    assert log_losses(np.zeros((0, 3)), np.zeros(0, np.int64)).size == 0
