"""Paired contrasts: by hand, exact zeros, symmetry, and the coverage of intervals."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cvfail.errors import PolicyError
from cvfail.statistics.paired_contrast import paired_contrast

COUNTS = {"numerators": ("y1", "y2"), "denominators": ("n1", "n2"), "cluster": "image"}


def frame(seed=0, *, images=50):
    rng = np.random.default_rng(seed)
    n1, n2 = rng.integers(0, 9, images), rng.integers(1, 9, images)
    return pl.DataFrame(
        {
            "image": range(images),
            "light": rng.choice(["day", "night"], images),
            "n1": n1,
            "n2": n2,
            "y1": rng.binomial(n1, 0.5),
            "y2": rng.binomial(n2, 0.6),
        }
    )


def slow_twin(rows):
    y1, n1, y2, n2 = (rows[name].to_numpy().astype(float) for name in ("y1", "n1", "y2", "n2"))
    first, second = y1.sum() / n1.sum(), y2.sum() / n2.sum()
    z = (y2 - second * n2) / n2.sum() - (y1 - first * n1) / n1.sum()
    m = int(((n1 > 0) | (n2 > 0)).sum())
    error = np.sqrt(m / (m - 1) * (z**2).sum())
    reach = stats.t.ppf(0.975, m - 1) * error
    difference = second - first
    p_value = 2 * stats.t.sf(abs(difference) / error, m - 1)
    return first, second, difference, difference - reach, difference + reach, p_value


def test_every_group_equals_a_plain_computation():
    rows = frame()
    result = paired_contrast(rows, by=["light"], **COUNTS)
    assert result["light"].to_list() == ["day", "night"]
    for light, *values in result.select(
        "light", "first", "second", "estimate", "lower", "upper", "p_value"
    ).rows():
        assert values == pytest.approx(slow_twin(rows.filter(light=light)), rel=1e-12)


def test_identical_models_differ_by_exactly_nothing():
    rows = frame().with_columns(y2="y1", n2="n1")
    row = paired_contrast(rows, **COUNTS).row(0, named=True)
    assert (row["estimate"], row["lower"], row["upper"], row["p_value"], row["unlike"]) == (0, 0, 0, 1, 0)


def test_swapping_the_models_flips_the_sign_of_everything():
    rows = frame()
    swapped = rows.select("image", y1="y2", n1="n2", y2="y1", n2="n1")
    here, there = (paired_contrast(one, **COUNTS).row(0, named=True) for one in (rows, swapped))
    assert here["estimate"] == -there["estimate"]
    assert here["lower"] == pytest.approx(-there["upper"], rel=1e-12)
    assert here["p_value"] == pytest.approx(there["p_value"], rel=1e-12)


def test_the_order_of_rows_and_their_parts_do_not_matter():
    rows = frame()
    half = rows.with_columns(pl.col("y1", "n1", "y2", "n2") / 2)
    again = paired_contrast(pl.concat([half, half]).sample(fraction=1.0, shuffle=True, seed=1), **COUNTS)
    expected = paired_contrast(rows, **COUNTS)
    assert again["estimate"].item() == pytest.approx(expected["estimate"].item(), rel=1e-14)
    assert again["upper"].item() == pytest.approx(expected["upper"].item(), rel=1e-12)


@pytest.mark.parametrize("images", [0, 1])
def test_too_few_clusters_have_no_interval(images):
    row = paired_contrast(frame().head(images), **COUNTS).row(0, named=True)
    assert (row["lower"], row["upper"], row["p_value"]) == (None, None, None)
    assert row["clusters"] == images
    assert (row["estimate"] is None) == (images == 0)


def test_a_confidence_without_meaning():
    with pytest.raises(PolicyError, match="confidence"):
        paired_contrast(frame(), confidence=1.0, **COUNTS)


def test_intervals_hold_the_true_difference_as_often_as_they_say():
    """Two models on the same images, whose difficulty both share; 400 sets: 95 % ± 3.3 % (3 standard errors)."""
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        n = rng.integers(1, 12, 60)
        easy = rng.beta(4, 2, 60)
        y1, y2 = rng.binomial(n, easy), rng.binomial(n, np.clip(easy + 0.05, 0, 1))
        rows = pl.DataFrame({"image": range(60), "y1": y1, "n1": n, "y2": y2, "n2": n})
        row = paired_contrast(rows, **COUNTS).row(0, named=True)
        true = (np.clip(easy + 0.05, 0, 1) * n).sum() / n.sum() - (easy * n).sum() / n.sum()
        inside += row["lower"] <= true <= row["upper"]
    assert 0.917 <= inside / 400 <= 0.995
