"""Suppression replayed at several scores: counted by hand, and what evaluating the rest gives."""

import dataclasses

import polars as pl
import pytest

import cvfail as cf
from cvfail.decomposition.nms import nms_removals
from cvfail.errors import QueryError
from tests.scenes import detection, random_records

BOX = [0, 0, 10, 10]


def test_duplicates_go_and_neighbours_are_lost():
    """Two objects that overlap by 0.6, both found, and a duplicate of the first."""
    near = [0, 0, 10, 6]
    truths = [{"image_id": 0, "category_id": 1, "bbox": box} for box in (BOX, near)]
    found = [
        {"image_id": 0, "category_id": 1, "bbox": BOX, "score": 0.9},
        {"image_id": 0, "category_id": 1, "bbox": near, "score": 0.8},
        {"image_id": 0, "category_id": 1, "bbox": [0, 0, 10, 9], "score": 0.3},
    ]
    table = cf.evaluate(detection([0], [1], truths, found)).suppression(
        nms_thresholds=[0.5, 0.7, 0.95], scores=[0.2, 0.5]
    )
    names = ["score", "nms_iou", "duplicates_before", "duplicates_removed", "objects_lost", "found", "missed"]
    assert table.df.select(names).rows() == [
        (0.2, 0.5, 1, 1, 1, 1, 1),
        (0.2, 0.7, 1, 1, 0, 2, 0),
        (0.2, 0.95, 1, 0, 0, 2, 0),
        (0.5, 0.5, 0, 0, 1, 1, 1),
        (0.5, 0.7, 0, 0, 0, 2, 0),
        (0.5, 0.95, 0, 0, 0, 2, 0),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_removed_and_what_is_left_add_up(seed):
    data = detection(*random_records(seed, images=10))
    evaluation = cf.evaluate(data)
    table = evaluation.suppression(nms_thresholds=[0.4, 0.8], scores=[0.3]).df
    point = evaluation._point(None, 0.3)
    for row in table.iter_rows(named=True):
        removed = nms_removals(point, [row["nms_iou"]])[0]
        ids = evaluation.predictions.filter(pl.Series(~removed & point.kept))["prediction_id"]
        left = data.predictions.filter(pl.col("prediction_id").is_in(ids.implode()))
        again = (
            cf.evaluate(dataclasses.replace(data, predictions=left)).metrics(score=0.3).df.row(0, named=True)
        )
        told = ("duplicates", "other_false_positives", "true_positives")
        assert (removed & ~point.neutral).sum() == sum(row[f"{name}_removed"] for name in told)
        assert again["tp"] + again["fn"] == row["support"] == row["found"] + row["missed"]
        before = evaluation.metrics(score=0.3).df.row(0, named=True)
        left = before["tp"] + before["fp"] - (removed & ~point.neutral).sum()
        assert again["tp"] + again["fp"] <= left + point.neutral.sum()


def test_of_a_classifier_there_is_none_to_suppress():
    with pytest.raises(QueryError, match="for detection"):
        cf.evaluate(cf.from_labels(["a"], ["a"])).suppression()
