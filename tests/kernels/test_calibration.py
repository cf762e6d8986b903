"""Sums over bins equal plain loops; simulated outcomes come true as often as scores say."""

import numpy as np
import pytest

from cvfail.kernels.calibration import chance_hits, chance_labels, weighted_cells
from cvfail.kernels.philox import philox
from cvfail.tables.arrays import read_only

WORLDS = 6


@pytest.fixture
def cells():
    """Rows by cell, out of order, one cell empty."""
    return read_only(np.array([4, 0, 7, 2, 1, 3])), read_only(np.array([0, 3, 3, 6]))


def words(key, seed):
    return [
        int(word)
        for start in range(0, WORLDS, 4)
        for word in philox(np.uint64(key), np.uint64(start // 4), seed)
    ][:WORLDS]


def test_weighted_sums(cells):
    rows, starts = cells
    random = np.random.default_rng(0)
    clusters = read_only(random.integers(0, 3, 8).astype(np.int32))
    values = read_only(random.random((2, 8)))
    weights = read_only(random.integers(0, 4, (3, 5)).astype(np.uint8))
    found = np.zeros((3, 3, 5))
    weighted_cells(rows, starts, clusters, values, weights, found)
    for cell in range(3):
        own = rows[starts[cell] : starts[cell + 1]].tolist()
        for b in range(5):
            drawn = [int(weights[clusters[row], b]) for row in own]
            plain = [
                sum(drawn),
                *(sum(w * v[row] for w, row in zip(drawn, own, strict=True)) for v in values),
            ]
            assert found[cell, :, b].tolist() == pytest.approx(plain, abs=1e-12)


def test_hits_are_words_below_the_score(cells):
    rows, starts = cells
    scores = read_only(np.array([0.0, 0.3, 0.5, 1.0, 0.9, 0.2, 0.2, 0.7]))
    keys = read_only(np.arange(8) * 11)
    seed = np.uint64(5)
    found = np.zeros((3, WORLDS), np.int32)
    chance_hits(rows, starts, scores, keys, seed, found)
    for cell in range(3):
        own = rows[starts[cell] : starts[cell + 1]].tolist()
        drawn = [[word / 2**32 < scores[row] for word in words(keys[row], seed)] for row in own]
        assert found[cell].tolist() == [sum(world) for world in zip(*drawn, strict=True)] or (
            not own and not found[cell].any()
        )


def test_labels_are_drawn_with_their_probabilities():
    p = np.array([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    places = read_only(np.arange(9, dtype=np.int32).reshape(3, 3))
    keys, seed = read_only(np.array([3, 4, 5])), np.uint64(1)
    found = np.zeros((9, WORLDS), np.int32)
    chance_labels(read_only(np.cumsum(p, axis=1)), places, keys, seed, found)
    for row in range(3):
        for world, word in enumerate(words(keys[row], seed)):
            plain = next(k for k in range(3) if p[row, : k + 1].sum() > word / 2**32)
            assert found[3 * row : 3 * row + 3, world].tolist() == [k == plain for k in range(3)]
