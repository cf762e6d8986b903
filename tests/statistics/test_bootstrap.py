"""Bootstrap weights: the published generator, the right distribution, and independence of what else is asked for."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, poisson

from cvfail.errors import PolicyError, QueryError
from cvfail.kernels.philox import philox
from cvfail.statistics.bootstrap import percentile_interval, poisson_weights
from tests.statistics.twins import philox_twin

word = st.integers(0, 2**32 - 1)

KNOWN_ANSWERS = [  # Random123, kat_vectors, philox4x32 10: counter, key, words
    ([0] * 4, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ([0xFFFFFFFF] * 4, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        0x299F31D0A4093822,
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def run(counter, key):
    low, high = (np.uint64(counter[k] | counter[k + 1] << 32) for k in (0, 2))
    return [int(part) for part in philox(low, high, np.uint64(key))]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_the_generator_gives_the_published_answers(counter, key, words):
    assert run(counter, key) == [int(text, 16) for text in words.split()]
    assert list(philox_twin(counter, key)) == run(counter, key)


@given(st.tuples(word, word, word, word), st.integers(0, 2**64 - 1))
def test_the_generator_equals_its_twin(counter, key):
    assert run(counter, key) == list(philox_twin(counter, key))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), st.integers(0, 30), st.integers(0, 2**70))
def test_a_weight_depends_on_seed_cluster_and_replicate_alone(codes, replicates, seed):
    weights = poisson_weights(codes, replicates, seed=seed)
    assert weights.shape == (replicates, len(codes))
    assert weights.dtype == np.uint8
    assert (poisson_weights(codes[::-2], replicates, seed=seed) == weights[:, ::-2]).all()
    assert (poisson_weights(codes, replicates // 2, seed=seed) == weights[: replicates // 2]).all()


def test_weights_are_inverted_uniform_words():
    for code in (0, 5, 2**40 + 3):
        words = philox_twin((code & 0xFFFFFFFF, code >> 32, 2, 0), 11)
        assert poisson_weights([code], 12, seed=11)[8:, 0].tolist() == [
            int(poisson.ppf((value + 0.5) / 2**32, 1)) for value in words
        ]


def test_weights_are_poisson_with_mean_1_and_unrelated():
    weights = poisson_weights(np.arange(2000), 100, seed=4)
    observed = np.bincount(weights.ravel(), minlength=7)
    expected = poisson.pmf(np.arange(6), 1) * weights.size
    grouped = [*observed[:6], observed[6:].sum()]
    assert chisquare(grouped, [*expected, weights.size - expected.sum()]).pvalue > 1e-3
    between = np.corrcoef(weights[:10].astype(float))
    assert np.abs(between - np.eye(10)).max() < 5 / np.sqrt(2000)


@given(st.lists(st.text(max_size=8), unique=True, max_size=12), st.randoms())
def test_texts_have_weights_of_their_own_whatever_else_there_is(ids, random):
    weights = dict(zip(ids, poisson_weights(ids, 9, seed=2).T.tolist(), strict=True))
    for some in (random.sample(ids, len(ids)), ids[::2], ["no such id", *ids]):
        for name, own in zip(some, poisson_weights(some, 9, seed=2).T.tolist(), strict=True):
            assert own == weights.get(name, own)


def test_texts_have_unrelated_weights_even_if_they_differ_in_one_letter():
    weights = poisson_weights([f"{i:012d}.jpg" for i in range(500)], 400, seed=3).astype(float)
    between = np.corrcoef(weights.T)
    assert abs(weights.mean() - 1) < 5 / np.sqrt(weights.size)
    assert np.abs(between[np.triu_indices(500, 1)]).max() < 6 / np.sqrt(400)


def test_a_cluster_that_only_one_model_saw_does_not_change_the_weights_of_the_others():
    """Weights by rank, as in an earlier version, would shift all that follow."""
    first, second = poisson_weights(["a", "c"], 20, seed=0), poisson_weights(["a", "b", "c"], 20, seed=0)
    assert (first == second[:, [0, 2]]).all()


def test_ids_that_are_no_ids_are_an_error():
    for ids in ([1.5], [None, "a"], [True]):
        with pytest.raises(QueryError, match="integers or texts"):
            poisson_weights(pl.Series(ids), 1, seed=0)


def test_seeds_differ():
    assert (poisson_weights(range(50), 4, seed=1) != poisson_weights(range(50), 4, seed=2)).any()


def test_no_clusters_and_no_replicates_are_ordinary_inputs():
    assert poisson_weights([], 8, seed=0).shape == (8, 0)
    assert poisson_weights([1, 2], 0, seed=0).shape == (0, 2)
    with pytest.raises(PolicyError, match="replicates"):
        poisson_weights([1], -1, seed=0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.integers(0, 5))
def test_bounds_are_quantiles_of_type_7_and_undefined_replicates_are_counted(values, undefined):
    interval = percentile_interval([*values, *[np.nan] * undefined], confidence=0.9)
    assert interval[:2] == pytest.approx(tuple(np.quantile(values, [0.05, 0.95], method="linear")))
    assert interval.undefined == undefined


def test_no_defined_replicate_gives_no_interval():
    assert percentile_interval([]) == (None, None, 0)
    assert percentile_interval([np.nan, np.nan]) == (None, None, 2)
    with pytest.raises(PolicyError, match="confidence"):
        percentile_interval([1.0], confidence=95)
