"""A difference of differences: equal to a twin that adds up cluster by cluster, and rarely wrong without one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cvfail.errors import PolicyError
from cvfail.statistics.interaction import interaction
from cvfail.statistics.slice_sums import ClusterSums

SIGNS = {(True, True): 1, (True, False): -1, (False, True): -1, (False, False): 1}
"""Of (inside, with the value)."""

RUNS = 300
"""Data sets without an interaction; of 20 000 3.0 % were called one at the 5 % level."""

objects = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60
)


def sums_of(rows, *, clusters=7):
    """Units and errors by cluster of the four cells of (cluster, inside, value, error)."""
    cells = {key: ClusterSums(np.zeros(clusters), np.zeros(clusters)) for key in SIGNS}
    for cluster, inside, value, error in rows:
        cells[inside, value].units[cluster] += 1
        cells[inside, value].errors[cluster] += error
    return tuple((cells[inside, True], cells[inside, False]) for inside in (True, False))


def twin(rows):
    """Estimate and p-value, one cluster after another; None where there is none."""
    cells = {key: [row for row in rows if (row[1], row[2]) == key] for key in SIGNS}
    if not all(cells.values()):
        return None, None
    rate = {key: sum(row[3] for row in own) / len(own) for key, own in cells.items()}
    estimate = sum(SIGNS[key] * rate[key] for key in SIGNS)
    squares = 0.0
    for cluster in {row[0] for row in rows}:
        z = 0.0
        for key, own in cells.items():
            z += SIGNS[key] * sum(row[3] - rate[key] for row in own if row[0] == cluster) / len(own)
        squares += z * z
    floor = 0.0
    for inside in (True, False):
        pair = [cells[inside, value] for value in (True, False)]
        p = sum(row[3] for own in pair for row in own) / sum(map(len, pair))
        floor += p * (1 - p) * sum(1 / len(own) for own in pair)
    counts = [[sum(row[0] == c for row in own) for c in {row[0] for row in own}] for own in cells.values()]
    m = max(2.0, min(sum(own) ** 2 / sum(n * n for n in own) for own in counts))
    variance = max(m / (m - 1) * squares, floor)
    if min(map(len, counts)) < 2 or variance <= 0:
        return estimate, None
    return estimate, 2 * stats.t.sf(abs(estimate) / np.sqrt(variance), m - 1)


@given(objects)
def test_the_interaction_equals_the_twin(rows):
    found, (estimate, p_value) = interaction(*sums_of(rows)), twin(rows)
    assert found.support == len(rows)
    assert found.estimate == (None if estimate is None else pytest.approx(estimate, abs=1e-12))
    assert found.p_value == (None if p_value is None else pytest.approx(p_value, abs=1e-9))
    if p_value is not None:
        assert found.lower <= found.estimate <= found.upper
        assert (found.lower > 0 or found.upper < 0) == (found.p_value < 0.05)


@given(objects)
def test_exchanging_values_or_slices_changes_the_sign_and_nothing_else(rows):
    inside, outside = sums_of(rows)
    found = interaction(inside, outside)
    for other in (interaction(outside, inside), interaction(inside[::-1], outside[::-1])):
        assert (other.p_value, other.support) == (
            None if found.p_value is None else pytest.approx(found.p_value, abs=1e-12),
            found.support,
        )
        if found.estimate is not None:
            assert other.estimate == pytest.approx(-found.estimate, abs=1e-12)


def without_interaction(random, *, images=60):
    """Nights fail more and small objects do, each by as much whatever the other; images are easy or hard."""
    night, hard = random.random(images) < 0.4, random.normal(0, 0.1, images)
    image = np.repeat(np.arange(images), 2 + random.poisson(4, images))
    small = random.random(image.size) < 0.5
    rate = np.clip(0.2 + 0.2 * night[image] + 0.2 * small + hard[image], 0, 1)
    wrong = random.random(image.size) < rate
    cells = [
        ClusterSums(
            np.bincount(image[chosen], minlength=images).astype(float),
            np.bincount(image[chosen], wrong[chosen], minlength=images),
        )
        for inside in (True, False)
        for value in (True, False)
        for chosen in [(small == inside) & (night[image] == value)]
    ]
    return interaction((cells[0], cells[1]), (cells[2], cells[3]))


def test_effects_that_add_up_are_rarely_called_an_interaction():
    random = np.random.default_rng(5)
    called = sum(without_interaction(random).p_value < 0.05 for _ in range(RUNS))
    assert called <= stats.binom.ppf(0.999, RUNS, 0.05)


def test_a_confidence_without_meaning_is_refused():
    with pytest.raises(PolicyError):
        interaction(*sums_of([(c, a, b, c % 2 == 0) for c in range(7) for a, b in SIGNS]), confidence=2.0)
