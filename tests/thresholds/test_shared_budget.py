"""One budget for all classes: no other thresholds that spend as much are worth more."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import PolicyError, QueryError
from cvfail.thresholds.shared_budget import shared_budget
from tests.thresholds.plain_choosing import candidates, counts
from tests.thresholds.scored import evaluation_of, random_images, ranking_of

CLASSES = (1, 2, 3)


def every_division(images, *, values, min_precision, min_recall):
    """Value and false positives of every combination of thresholds."""
    choices = []
    for category in CLASSES:
        scores, right, objects = ranking_of(images, category)
        own = [] if min_recall else [(0.0, 0)]
        for threshold in candidates(scores):
            tp, fp = counts(scores, right, threshold)
            if min_precision and tp / (tp + fp) < min_precision:
                continue
            if min_recall and (not objects or tp / objects < min_recall):
                continue
            own.append((values.get(category, 1.0) * tp, fp))
        choices.append(own)
    return [(sum(v for v, _ in way), sum(f for _, f in way)) for way in itertools.product(*choices)]


@settings(max_examples=80)
@given(
    seed=st.integers(0, 10_000),
    budget=st.sampled_from([0.0, 0.3, 0.6, 1.0, 2.0]),
    weight=st.sampled_from([0.5, 1.0, 3.0]),
    min_precision=st.sampled_from([None, 0.5]),
    min_recall=st.sampled_from([None, 0.3]),
)
def test_nothing_that_spends_as_much_is_worth_more(seed, budget, weight, min_precision, min_recall):
    images = random_images(seed, images=5, categories=CLASSES, scores=4)
    evaluation = evaluation_of(images, categories=CLASSES)
    found = shared_budget(
        evaluation._point(None, None),
        max_false_positives=budget,
        values={"class 2": weight},
        min_precision=min_precision,
        min_recall=min_recall,
    )
    ways = every_division(images, values={2: weight}, min_precision=min_precision, min_recall=min_recall)
    within = [value for value, wrong in ways if wrong <= budget * len(images)]
    assert (found.value is None) == (not within)
    assert found.df["threshold"].is_null().all() == (found.value is None)
    if not within:
        assert found.df["reason"].is_not_null().all()
        return
    spent = found.df["fp"].sum()
    assert found.false_positives_per_image == pytest.approx(spent / len(images))
    assert spent <= budget * len(images)
    no_more = max(value for value, wrong in ways if wrong <= spent)
    assert found.value == pytest.approx(no_more, abs=1e-9), "exact for what is spent"
    assert found.value <= max(within) + 1e-9 <= found.bound + 2e-9
    values = np.array([1.0, weight, 1.0])
    assert found.value == pytest.approx((found.df["tp"].to_numpy() * values).sum())


def test_a_budget_for_everything_takes_every_step_that_is_worth_it():
    images = random_images(1, images=20, categories=CLASSES)
    found = shared_budget(
        evaluation_of(images, categories=CLASSES)._point(None, None), max_false_positives=100
    )
    assert (found.multiplier, found.value) == (None, found.bound)
    assert found.df["tp"].to_list() == [sum(ranking_of(images, c)[1]) for c in CLASSES]


def test_a_cost_of_false_positives_stops_earlier():
    images = [[(1, 0.9, True), (1, 0.8, False), (1, 0.8, False), (1, 0.7, True)]]
    point = evaluation_of(images)._point(None, None)
    free, dear = (
        shared_budget(point, max_false_positives=10, false_positive_cost=cost).df["threshold"].item()
        for cost in (0.0, 1.0)
    )
    assert (free, dear) == (0.7, 0.9)


def test_one_budget_finds_at_least_as_much_as_the_same_budget_for_each_class():
    images = random_images(3, images=40, categories=CLASSES, scores=50)
    evaluation = evaluation_of(images, categories=CLASSES)
    alone = evaluation.operating_points(
        by="category", best="recall", max_false_positives=0.1, min_support=0, replicates=0, splits=0
    ).df
    together = shared_budget(evaluation._point(None, None), max_false_positives=alone["fp"].sum() / 40)
    assert together.bound >= alone["tp"].sum()


def test_what_has_no_meaning_is_refused():
    point = evaluation_of([[(1, 0.5, True)]])._point(None, None)
    with pytest.raises(PolicyError, match=">= 0"):
        shared_budget(point, max_false_positives=-1)
    with pytest.raises(PolicyError, match=">= 0"):
        shared_budget(point, max_false_positives=1, values={"class 1": -1})
    with pytest.raises(QueryError, match="no class 'cat'"):
        shared_budget(point, max_false_positives=1, values={"cat": 1})
    with pytest.raises(QueryError, match="cannot be applied"):
        shared_budget(point, max_false_positives=1, by=["size"])


def test_without_images_there_is_nothing_to_divide():
    table = shared_budget(evaluation_of([])._point(None, None), max_false_positives=1)
    assert table.df.select("threshold", "tp", "support").row(0) == (float("inf"), 0, 0)
