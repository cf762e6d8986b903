"""Sums per cluster against loops over the rows of the evaluation."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cvfail as cf
from cvfail.errors import QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.gate.precision_values import precision_values
from cvfail.gate.question import Question
from cvfail.gate.rate_sums import SUMS_SCHEMA, rate_sums
from cvfail.gate.rule import RATES
from tests.scenes import detection, random_records

LIGHTS = ("day", "night")


def scene(seed):
    """A random scene whose images lie in clusters of two and were taken by day or at night."""
    images, *rest = random_records(seed, images=8)
    data = detection(images, *rest, light=[LIGHTS[image % 2] for image in images])
    return cf.evaluate(replace(data, images=data.images.with_columns(cluster_id=pl.col("image_id") // 4)))


def slow(evaluation, question, score):
    """Numerators and denominators by cluster, from the rows as a person reads them."""
    light = dict(evaluation.images.select("image_id", "light").iter_rows())
    cluster = dict(evaluation.images.select("image_id", "cluster_id").iter_rows())
    names = dict(evaluation.categories.select("category_id", "name").iter_rows())
    wanted = None if question.slice is None else question.slice.removeprefix("light=")
    numerator, denominator = Counter(), Counter()

    def inside(row):
        return (wanted is None or light[row["image_id"]] == wanted) and (
            question.category is None or names[row["category_id"]] == question.category
        )

    if question.metric == "false_positives_per_image":
        for image, time in light.items():
            if wanted is None or time == wanted:
                denominator[cluster[image]] += 1
    for row in filter(inside, evaluation.predictions_at(score=score).to_dicts()):
        if row["outcome"] == "false_positive":
            here = cluster[row["image_id"]]
            numerator[here] += question.metric == "false_positives_per_image"
            denominator[here] += question.metric in {"precision", "f1"}
    for row in filter(inside, evaluation.ground_truth_at(score=score).to_dicts()):
        if row["outcome"] == "ignored" or question.metric == "false_positives_per_image":
            continue
        here, found = cluster[row["image_id"]], row["outcome"] == "found"
        weight = 2 if question.metric == "f1" else 1
        numerator[here] += weight * found
        denominator[here] += {"recall": 1, "precision": found, "f1": 1 + found}[question.metric]
    return {key: (numerator[key], count) for key, count in denominator.items() if count}


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.6]))
def test_sums_are_those_of_the_rows(seed, score):
    evaluation = scene(seed)
    evidence = evaluation.evidence
    questions = [
        Question(metric, slice_, category)
        for metric in RATES
        for slice_ in (None, "light = 'night'")
        for category in (None, *evidence.category_names)
    ]
    sums = rate_sums(OperatingPoint.of(evidence, score=score), questions)
    assert dict(sums.schema) == {name: dtype() for name, dtype in SUMS_SCHEMA.items()}
    ids = evidence.cluster_ids.to_list()
    for question in questions:
        own = sums.filter(question=question.key)
        found = {ids[code]: (y, n) for _, code, y, n in own.iter_rows()}
        plain = Question(question.metric, question.slice and "light=night", question.category)
        assert found == slow(evaluation, plain, score)


def test_average_precision_is_that_of_the_evaluation(demo):
    evidence = demo[0].evidence
    questions = [Question("ap"), Question("ap50"), Question("ap50", None, "car")]
    values = precision_values(evidence, questions, replicates=3, seed=0)
    assert [len(own) for own in values.values()] == [4] * 3
    summary = dict(demo[0].coco_summary(metrics=["AP", "AP50"]).df.select("metric", "estimate").iter_rows())
    assert values[questions[0].key][0] == pytest.approx(summary["AP"])
    assert values[questions[1].key][0] == pytest.approx(summary["AP50"])
    assert values[questions[2].key][0] != values[questions[1].key][0]


def test_replicates_depend_on_images_and_seed_alone(demo):
    first, again, other = (
        precision_values(demo[0].evidence, [Question("ap50")], replicates=150, seed=seed)[
            Question("ap50").key
        ]
        for seed in (0, 0, 7)
    )
    assert np.array_equal(first, again)
    assert first[0] == other[0]
    assert not np.array_equal(first, other)
    assert np.unique(first[1:101]).size > 90
    assert not np.array_equal(first[1:51], first[101:151]), "each batch has weights of its own"


def test_slices_that_no_object_can_be_in_are_refused(demo):
    evidence = demo[0].evidence
    point = OperatingPoint.of(evidence)
    with pytest.raises(QueryError, match="no object lies in a slice by what only predictions have"):
        rate_sums(point, [Question("recall", "score > 0.5")])
    with pytest.raises(QueryError, match="no object lies in a slice by what only predictions have"):
        precision_values(evidence, [Question("ap", "score > 0.5")], replicates=2, seed=0)
    ladder = cf.evaluate(demo[0].data, cf.Policy(iou_thresholds=(0.75,), iou=0.75))
    with pytest.raises(QueryError, match=r"no overlap of 0\.5"):
        precision_values(ladder.evidence, [Question("ap50")], replicates=2, seed=0)
