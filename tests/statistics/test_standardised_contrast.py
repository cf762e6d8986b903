"""A contrast at the same mix of strata: plain with one stratum, equal to a twin, and blind to the mix."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cvfail.errors import PolicyError
from cvfail.statistics.contrast import slice_against_rest
from cvfail.statistics.standardised_contrast import standardised_contrast

RUNS = 300
"""Data sets in which only the mix differs; of 20 000 3.8 % were called different at the 5 % level."""

units = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 2), st.booleans(), st.booleans()), min_size=1, max_size=60
)
"""Of (cluster, stratum, has the value, is an error)."""


def contrast(rows):
    cluster, stratum, value, error = (np.array(column) for column in zip(*rows, strict=True))
    return standardised_contrast(error.astype(float), value, stratum, cluster)


def twin(rows):
    """Difference and p-value, stratum by stratum and cluster by cluster; None where there is none."""
    strata = [s for s in {row[1] for row in rows} if {row[2] for row in rows if row[1] == s} == {True, False}]
    rows = [row for row in rows if row[1] in strata]
    if not rows:
        return None, None
    cell = {(s, v): [row for row in rows if row[1:3] == (s, v)] for s in strata for v in (True, False)}
    n = {key: len(own) for key, own in cell.items()}
    p = {key: sum(row[3] for row in own) / len(own) for key, own in cell.items()}
    total = sum(n[s, True] for s in strata)
    difference = sum(n[s, True] / total * (p[s, True] - p[s, False]) for s in strata)
    squares, sums = 0.0, {True: [], False: []}
    for cluster in sorted({row[0] for row in rows}):
        z, weights = 0.0, {True: 0.0, False: 0.0}
        for (s, value), own in cell.items():
            here = [row for row in own if row[0] == cluster]
            weight = 1.0 if value else n[s, True] / n[s, False]
            level = p[s, False] + (difference if value else 0.0)
            z += (1 if value else -1) * weight * sum(row[3] - level for row in here) / total
            weights[value] += weight * len(here)
        squares += z * z
        for value, weight in weights.items():
            sums[value] += [weight] if weight else []
    floor = 0.0
    for s in strata:
        pool = sum(row[3] for row in rows if row[1] == s) / (n[s, True] + n[s, False])
        floor += (n[s, True] / total) ** 2 * pool * (1 - pool) * (1 / n[s, True] + 1 / n[s, False])
    m = max(2.0, min(min(len(own), sum(own) ** 2 / sum(w * w for w in own)) for own in sums.values()))
    variance = max(m / (m - 1) * squares, floor)
    if min(map(len, sums.values())) < 2 or variance <= 1e-30:
        return difference, None
    return difference, 2 * stats.t.sf(abs(difference) / np.sqrt(variance), m - 1)


@given(units)
def test_the_contrast_equals_the_twin(rows):
    found, (difference, p_value) = contrast(rows), twin(rows)
    assert found.difference == (None if difference is None else pytest.approx(difference, abs=1e-12))
    assert found.p_value == (None if p_value is None else pytest.approx(p_value, abs=1e-8))
    if p_value is not None:
        assert found.difference == pytest.approx(found.rate - found.against_rate)
        assert found.difference_lower <= found.difference <= found.difference_upper


@given(units)
def test_with_one_stratum_it_is_the_plain_contrast(rows):
    rows = [(cluster, 0, value, error) for cluster, _, value, error in rows]
    found = contrast(rows)
    frame = pl.DataFrame(rows, schema=["cluster", "slice", "value", "error"], orient="row").select(
        "cluster", "slice", "value", errors=pl.col("error").cast(pl.Float64), units=1.0
    )
    plain = slice_against_rest(frame.filter("value"), frame, by=["slice"])
    if not len(plain):
        assert (found.support, found.rate, found.difference) == (0, None, None)
        return
    told = plain.row(0, named=True)
    assert (found.support, found.errors) == (told["units"], told["errors"])
    assert (found.against_support, found.against_errors) == (told["rest_units"], told["rest_errors"])
    for name in ("rate", "difference", "difference_lower", "difference_upper", "p_value"):
        assert getattr(found, name) == (
            None if told[name] is None else pytest.approx(told[name], abs=1e-9)
        ), name


def mixed(random, *, images=60):
    """Nights have more small objects, small ones fail more, night itself does nothing; images are easy or hard."""
    night, hard = random.random(images) < 0.4, random.normal(0, 0.1, images)
    image = np.repeat(np.arange(images), 2 + random.poisson(4, images))
    small = random.random(image.size) < np.where(night[image], 0.8, 0.3)
    wrong = random.random(image.size) < np.clip(0.1 + 0.4 * small + hard[image], 0, 1)
    return wrong.astype(float), night[image], small.astype(int), image


def test_a_difference_of_the_mix_is_rarely_called_one_of_the_values():
    random = np.random.default_rng(5)
    called = sum(standardised_contrast(*mixed(random)).p_value < 0.05 for _ in range(RUNS))
    assert called <= stats.binom.ppf(0.999, RUNS, 0.05)
    wrong, night, small, image = mixed(random, images=400)
    assert standardised_contrast(wrong, night, 0 * small, image).p_value < 1e-4


def test_strata_of_one_value_alone_are_left_out():
    rows = [(0, 0, True, True), (1, 0, True, False), (2, 0, False, False), (3, 0, False, False)]
    alone = [(cluster, 1, True, True) for cluster in range(6)]
    assert contrast(rows + alone) == contrast(rows)
    found = contrast(alone)
    assert (found.support, found.rate, found.against_support, found.against_rate) == (6, 1.0, 0, None)
    assert found.p_value is None


def test_a_confidence_without_meaning_is_refused():
    with pytest.raises(PolicyError):
        standardised_contrast(
            np.zeros(1), np.ones(1, bool), np.zeros(1, int), np.zeros(1, int), confidence=1.0
        )
