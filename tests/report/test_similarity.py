import itertools

import numpy as np
import pytest

from cvfail.report import similarity
from cvfail.report.similarity import similarity_order


def blocks(order, *, background):
    """Twelve classes in three groups that are confused among themselves, dealt out in an order."""
    counts = np.full((12, 12), 0)
    for group in range(3):
        inside = slice(4 * group, 4 * group + 4)
        counts[inside, inside] = 10 + group
    counts[np.diag_indices(12)] = 80
    counts[0, 11] = counts[4, 3] = 1
    shuffled = counts[np.ix_(order, order)]
    if background:
        shuffled = np.pad(shuffled, (0, 1), constant_values=500)
    return shuffled


@pytest.mark.parametrize("optimal", [similarity.MOST_OPTIMAL, 0])
@pytest.mark.parametrize("background", [False, True])
def test_groups_that_are_confused_stand_together(monkeypatch, optimal, background):
    monkeypatch.setattr(similarity, "MOST_OPTIMAL", optimal)
    order = np.random.default_rng(4).permutation(12)
    counts = blocks(order, background=background)
    found = similarity_order(counts, background=background)
    assert sorted(found) == list(range(12))
    groups = (order[found] // 4).tolist()
    assert len([one for one, after in itertools.pairwise(groups) if one != after]) == 2
    assert found[0] < found[-1]


def test_the_best_order_of_few_classes_has_the_least_distance_between_neighbours():
    from itertools import permutations

    counts = np.array([[90, 0, 8, 0], [1, 90, 0, 7], [7, 0, 90, 2], [0, 9, 1, 90]])
    likeness = counts / counts.sum(axis=1, keepdims=True)
    likeness = likeness + likeness.T
    found = similarity_order(counts, background=False)

    def closeness(order):
        return sum(np.sqrt(likeness[a, b]) for a, b in itertools.pairwise(order))

    assert closeness(found) == max(closeness(order) for order in permutations(range(4)))


def test_classes_without_confusions_come_last_as_they_stood():
    counts = np.diag([5, 5, 5, 5, 0])
    counts[3, 1] = 2
    assert similarity_order(counts, background=False) == [1, 3, 0, 2, 4]


@pytest.mark.parametrize("size", [0, 1])
def test_no_class_and_one_class_have_an_order_too(size):
    assert similarity_order(np.zeros((size, size), np.int64), background=False) == list(range(size))
    assert similarity_order(np.zeros((size + 1, size + 1), np.int64), background=True) == list(range(size))


def test_the_order_does_not_depend_on_how_many_there_are_of_each_class():
    counts = np.array([[50, 5, 0], [0, 50, 10], [2, 0, 50]])
    assert similarity_order(counts, background=False) == similarity_order(counts * 7, background=False)
