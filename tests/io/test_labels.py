import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import PolicyError, SchemaError
from cvfail.io.labels import from_labels

CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "numpy": np.array,
    "object array": lambda values: np.array(values, dtype=object),
    "polars": pl.Series,
    "pandas": pd.Series,
    "pyarrow": pa.chunked_array,
}


def answers(data):
    return data.predictions.select("category_id", "score").rows()


def chunked(container, values):
    return CONTAINERS[container]([values] if container == "pyarrow" else values)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("labels", [(0, 1, 1), ("cat", "dog", "cat")])
def test_columns_of_every_library_are_read(container, labels):
    data = from_labels(chunked(container, list(labels)), chunked(container, list(labels)[::-1]))
    assert data.task == "classification"
    assert data.ground_truth["category_id"].to_list() == list(labels)
    assert data.predictions["category_id"].to_list() == list(labels)[::-1]
    assert data.predictions["score"].to_list() == [None] * 3
    assert data.images["image_id"].to_list() == [0, 1, 2]


def test_the_confidence_in_the_predicted_class_is_its_score():
    assert answers(from_labels(["a", "b"], ["a", "a"], scores=[0.9, 0.5])) == [("a", 0.9), ("a", 0.5)]


def test_scores_alone_are_those_of_the_second_label():
    data = from_labels(["no", "yes", "yes"], scores=[0.25, 0.5, 0.75])
    assert answers(data) == [("no", 0.75), ("yes", 0.5), ("yes", 0.75)]
    assert answers(from_labels([0, 0], scores=[0.25, 0.75], threshold=0.8)) == [(0, 0.75), (0, 0.25)]
    assert answers(from_labels(["x"], scores=[0.25], labels=["x", "y"])) == [("x", 0.75)]


def test_true_and_false_are_labels_too():
    assert answers(from_labels([True, False], scores=[0.75, 0.25])) == [(1, 0.75), (0, 0.75)]


def test_the_most_probable_class_wins_and_the_first_of_equals():
    data = from_labels(
        ["a", "b", "c"], probabilities=np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0, 0, 1]], np.float32)
    )
    assert data.predictions["category_id"].to_list() == ["b", "a", "c"]
    assert data.predictions["score"][1] == float(np.float32(0.4))
    assert data.predictions["probabilities"].to_list()[2] == [0.0, 0.0, 1.0]


def test_a_class_said_beside_probabilities_has_its_own_probability():
    data = from_labels([0, 1], [1, 7], probabilities=[[0.75, 0.25], [0.5, 0.5]])
    assert answers(data) == [(1, 0.25), (7, None)]


def test_labels_give_the_order_of_the_columns_and_the_names():
    data = from_labels([1, 0], probabilities=[[0.9, 0.1], [0.2, 0.8]], labels={1: "dog", 0: "cat"})
    assert data.predictions["category_id"].to_list() == [1, 0]
    assert data.categories.select("category_id", "name").rows() == [(1, "dog"), (0, "cat")]


def test_a_predicted_class_that_is_no_label_becomes_a_category():
    data = from_labels(["cat", "dog"], ["cat", "na"], labels=["cat", "dog"])
    assert data.categories["name"].to_list() == ["cat", "dog", "na"]


def test_attributes_belong_to_the_images():
    attributes = pd.DataFrame({"file_name": ["a.png", "b.png"], "patient": ["p", "p"], "age": [30, 40]})
    data = from_labels(
        [0, 1], [0, 0], image_ids=["u", "v"], attributes=attributes.rename(columns={"patient": "cluster_id"})
    )
    assert data.images["image_id"].to_list() == ["u", "v"]
    assert data.images["file_name"].to_list() == ["a.png", "b.png"]
    assert data.images["cluster_id"].to_list() == ["p", "p"]
    assert data.attributes("images") == ["age"]


@pytest.mark.parametrize("options", [{}, {"probabilities": np.empty((0, 3))}, {"scores": []}])
def test_no_images_are_ordinary(options):
    data = from_labels([], [] if not options else None, **options)
    assert data.ground_truth.height == data.predictions.height == 0


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([[0.5, 0.4]], "probabilities of an image must sum to 1"),
        ([[2.5, -1.5]], "probabilities must be in [0, 1]"),
        ([[math.nan, 1.0]], "probabilities must be finite numbers"),
    ],
)
def test_what_is_no_distribution_is_told_and_can_be_dropped(rows, rule):
    rows = [[0.5, 0.5], *rows]
    with pytest.raises(SchemaError) as caught:
        from_labels([0, 1], probabilities=rows)
    (problem,) = caught.value.problems
    assert (problem.rule, problem.record, problem.count) == (rule, 1, 1)
    data = from_labels([0, 1], probabilities=rows, on_invalid="drop")
    assert data.images.height == data.ground_truth.height == data.predictions.height == 1
    assert data.rejected["rule"].to_list() == [rule]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"true": [0, 1], "predicted": [0]}, "predicted must have one value per image"),
        ({"true": [0, 1], "scores": [0.1]}, "scores must have one value per image"),
        ({"true": [0, 1, 2], "scores": [0.1] * 3}, "scores of a positive class need two labels"),
        ({"true": [0, 1], "scores": ["a", "b"]}, "scores must be numbers"),
        ({"true": [0, 1], "probabilities": [[0.5, 0.5]]}, "probabilities must have one row per image"),
        ({"true": [0, 1], "probabilities": [0.5, 0.5]}, "probabilities must have one row per image"),
        ({"true": ["a", "b"], "probabilities": [[1, 0, 0]] * 2}, "one column per label"),
        ({"true": [0, 1], "probabilities": "text"}, "probabilities must be a matrix of numbers"),
        ({"true": [[0], [1]], "predicted": [0, 1]}, "true: must be a column"),
        ({"true": [0, "a"], "predicted": [0, 1]}, "true: must be a column"),
        ({"true": [0, 1], "predicted": ["0", "1"]}, "predicted must have the same type as true in labels"),
        ({"true": [0.5, 1.5], "predicted": [0, 1]}, "true must hold integers or text"),
        ({"true": ["a", None], "predicted": ["a", "b"]}, "true must not be null"),
        ({"true": ["a", "b"], "predicted": ["a", None]}, "predicted must not be null"),
        ({"true": ["a", "b"], "predicted": ["a", "b"], "labels": ["a"]}, "true must be the id of one of"),
        ({"true": [0, 1], "predicted": [0, 1], "image_ids": [5, 5]}, "image_ids must be unique"),
        ({"true": [0, 1], "predicted": [0, 1], "scores": [0.5, 1.5]}, r"scores must be in \[0, 1\]"),
        ({"true": [0, 1], "scores": [0.5, 73.0]}, "divide by 100"),
        ({"true": [0, 1], "scores": [0.5, math.nan]}, "scores must be a finite number"),
        ({"true": [0, 1], "predicted": [0, 1], "attributes": {"a": [1]}}, "attributes must have one value"),
        ({"true": [0, 1], "predicted": [0, 1], "attributes": {"outcome": [1, 2]}}, "may not be called"),
    ],
)
def test_bad_input_is_one_error_with_a_remedy(arguments, message):
    with pytest.raises(SchemaError, match=message) as caught:
        from_labels(**arguments)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].hint


def test_labels_without_answers_are_refused():
    with pytest.raises(PolicyError, match="pass predicted, scores or probabilities"):
        from_labels([0, 1])


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 9), min_size=4, max_size=4)), max_size=8)
)
def test_answers_are_the_argmax_of_numpy(rows):
    truth = [label for label, _ in rows]
    weights = np.array([w for _, w in rows], float).reshape(-1, 4) + 0.5
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    data = from_labels(truth, probabilities=probabilities, labels=range(4))
    assert data.predictions["category_id"].to_list() == probabilities.argmax(axis=1).tolist()
    assert data.predictions["score"].to_list() == probabilities.max(axis=1, initial=0).tolist()
    assert data.ground_truth["category_id"].to_list() == truth
