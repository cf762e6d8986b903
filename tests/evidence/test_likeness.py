"""Two evaluations are comparable if data and matching agree, and else it is said what differs."""

from dataclasses import replace

import polars as pl
import pytest

from cvfail.errors import PolicyError
from cvfail.evaluation import evaluate
from cvfail.evidence.likeness import refuse_unlike, unlikeness
from cvfail.matching.policy import Policy
from tests.scenes import detection

TRUTHS = [{"image_id": i, "category_id": 1 + i % 2, "bbox": [i, 0, 10, 10]} for i in range(6)]
FOUND = [{**one, "score": 0.9} for one in TRUTHS]


def data(images=range(6), truths=TRUTHS, found=FOUND):
    return detection(list(images), [1, 2], truths, found)


def evidence(policy=None, **changes):
    return evaluate(data(**changes), policy).evidence


def test_other_predictions_on_the_same_labels_are_alike():
    assert unlikeness(evidence(), evidence(found=FOUND[:2])) == []
    refuse_unlike(evidence(), evidence(found=FOUND[:2]))


def test_the_order_of_rows_and_the_operating_point_do_not_matter():
    assert unlikeness(evidence(), evidence(truths=TRUTHS[::-1], policy=Policy(score=0.7, iou=0.75))) == []


def test_missing_images_are_named():
    told = unlikeness(evidence(), evidence(images=range(1), truths=TRUTHS[:1], found=FOUND[:1]))
    assert told == ["5 images are only in the first (1, 2, 3, …)"]
    assert unlikeness(evidence(images=range(7)), evidence()) == ["1 images are only in the first (6)"]
    assert unlikeness(evidence(), evidence(images=range(7))) == ["1 images are only in the second (6)"]


def test_other_labels_are_counted():
    moved = [{**TRUTHS[0], "bbox": [0, 1, 10, 10]}, *TRUTHS[1:]]
    assert unlikeness(evidence(), evidence(truths=moved)) == [
        "1 of 6 labels differ, the first of them in image 0"
    ]
    assert unlikeness(evidence(), evidence(truths=TRUTHS[:5])) == ["the first has 6 labels, the second 5"]


def test_classes_with_other_names_are_told():
    renamed = data()
    renamed = replace(renamed, categories=renamed.categories.with_columns(name=pl.lit("cat")))
    told = unlikeness(evidence(), evaluate(renamed).evidence)
    assert told[0] == "class 1 is called 'class 1' in the first and 'cat' in the second"


def test_everything_that_differs_is_in_the_error():
    other = evidence(images=range(7), policy=Policy(max_detections=(1, 7)))
    with pytest.raises(PolicyError, match=r"1 images are only in the second.*max_detections.*Hint"):
        refuse_unlike(evidence(), other)
