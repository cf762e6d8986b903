"""McNemar's test: the golden case, statsmodels, and a level that is kept where units share images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference

from cvfail.errors import PolicyError
from cvfail.statistics.mcnemar import clustered_mcnemar, mcnemar

counts = st.integers(0, 300)


def test_the_golden_case(golden):
    given_counts, expected = golden["stat_mcnemar"]["input"], golden["stat_mcnemar"]["expected"]
    b, c = given_counts["b"], given_counts["c"]
    assert mcnemar(b, c, method="exact") == pytest.approx(expected["exact"], abs=1e-12)
    assert mcnemar(b, c, method="mid-p") == pytest.approx(expected["midp"], abs=1e-12)
    assert mcnemar(b, c, method="chi-square") == pytest.approx(expected["chi2_cc"], abs=1e-12)
    small = mcnemar(given_counts["b2"], given_counts["c2"])
    assert small == pytest.approx(expected["small_exact"], abs=1e-12)


@given(counts, counts)
def test_exact_and_corrected_are_those_of_statsmodels(b, c):
    table = [[5, b], [c, 7]]
    if b + c == 0:
        assert mcnemar(b, c) == 1.0
        return
    assert mcnemar(b, c, method="exact") == pytest.approx(reference(table, exact=True).pvalue, abs=1e-12)
    if b != c:  # there statsmodels takes (0 - 1)² for the corrected distance
        corrected = reference(table, exact=False, correction=True).pvalue
        assert mcnemar(b, c, method="chi-square") == pytest.approx(corrected, abs=1e-12)
    expected = mcnemar(b, c, method="exact" if b + c < 25 else "chi-square")
    assert mcnemar(b, c) == expected == mcnemar(c, b)


@given(counts, counts)
def test_mid_p_counts_half_of_what_was_seen(b, c):
    n, fewer = b + c, min(b, c)
    below = stats.binom.cdf(fewer - 1, n, 0.5)
    expected = min(2 * (below + stats.binom.pmf(fewer, n, 0.5) / 2), 1.0)
    assert mcnemar(b, c, method="mid-p") == pytest.approx(expected, abs=1e-12)


@given(counts, counts)
def test_clusters_of_one_unit_give_the_uncorrected_test(b, c):
    expected = stats.chi2.sf((b - c) ** 2 / (b + c), 1) if b + c else 1.0
    assert clustered_mcnemar(c - b, b + c) == pytest.approx(expected, abs=1e-12)


def test_units_that_share_images_are_called_different_as_often_as_the_level_says():
    """2000 pairs of equal models on 100 images with 8 objects; whole images are easier for one of the two."""
    random = np.random.default_rng(11)
    pairs, images, objects = 2000, 100, 8
    lean = random.normal(0, 0.25, (pairs, images))
    first, second = (random.binomial(objects, np.clip(0.7 + side * lean, 0, 1)) for side in (1, -1))
    d = second - first
    p_values = clustered_mcnemar(d.sum(axis=1), (d * d).sum(axis=1))
    assert 0.035 < (p_values < 0.05).mean() < 0.065
    # as if units were independent: nearly all of them discordant at random
    discordant = first * (objects - second) / objects + second * (objects - first) / objects
    both_ways = discordant.sum(axis=1)
    naive = mcnemar((both_ways - d.sum(axis=1)) // 2, (both_ways + d.sum(axis=1)) // 2)
    assert (naive < 0.05).mean() > 0.2


def test_many_pairs_are_compared_at_once_and_none_is_an_ordinary_input():
    assert mcnemar([3, 9], [[1], [20]]).shape == (2, 2)
    for method in ("auto", "exact", "mid-p", "chi-square"):
        assert mcnemar([], [], method=method).shape == (0,)
        assert mcnemar(0, 0, method=method) == 1.0
    assert clustered_mcnemar([], []).shape == (0,)
    assert clustered_mcnemar(0, 0) == 1.0
    assert clustered_mcnemar(3, 3) > 0.05


def test_negative_counts_and_unknown_methods_are_errors():
    with pytest.raises(PolicyError, match="negative"):
        mcnemar(-1, 2)
    with pytest.raises(PolicyError, match="method"):
        mcnemar(1, 2, method="normal")
