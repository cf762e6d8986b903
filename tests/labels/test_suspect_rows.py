"""The rules for suspects as arrays, against loops over everything."""

import numpy as np
import pytest

import cvfail as cf
from cvfail.labels.suspect_rows import KINDS, find_suspects, suspect_rows
from tests.labels.plain_suspects import suspects
from tests.scenes import detection, random_records


def crowded_records(seed, *, images=6):
    """Random records in which every third label is given again, now and then as another class."""
    image_ids, categories, annotations, detections = random_records(seed, images=images)
    again = [
        {**a, "category_id": categories[(place + seed) % len(categories)]}
        for place, a in enumerate(annotations[::3])
    ]
    return image_ids, categories, annotations + again, detections


def found(evaluation, **options):
    rows = find_suspects(evaluation._point(None, None), **options)
    return [
        (
            KINDS[kind - 1],
            int(truth) if truth >= 0 else None,
            int(prediction) if prediction >= 0 else None,
            float(suspicion),
        )
        for kind, truth, prediction, suspicion in zip(
            rows.kind, rows.truth, rows.prediction, rows.suspicion, strict=True
        )
    ]


@pytest.mark.parametrize("min_score", [None, 0.3])
@pytest.mark.parametrize("seed", range(40))
def test_suspects_of_random_scenes_are_those_of_the_plain_rules(seed, min_score):
    evaluation = cf.evaluate(detection(*crowded_records(seed)), cf.Policy(score=0.2))
    assert set(found(evaluation, min_score=min_score)) == suspects(evaluation, min_score=min_score)


def test_random_scenes_hold_every_kind():
    kinds = set()
    for seed in range(40):
        evaluation = cf.evaluate(detection(*crowded_records(seed)), cf.Policy(score=0.2))
        kinds |= {row[0] for row in found(evaluation, min_score=0.3)}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("seed", range(8))
def test_each_row_has_the_kind_of_its_suspect(seed):
    evaluation = cf.evaluate(detection(*crowded_records(seed)), cf.Policy(score=0.2))
    truth_kind, prediction_kind = suspect_rows(evaluation._point(None, None), min_score=0.3)
    expected_truth = np.zeros(len(evaluation.ground_truth), np.int8)
    expected_prediction = np.zeros(len(evaluation.predictions), np.int8)
    for kind, truth, prediction, _ in found(evaluation, min_score=0.3):
        code = KINDS.index(kind) + 1
        if truth is not None:
            expected_truth[truth] = code
        if prediction is not None:
            expected_prediction[prediction] = code
    assert truth_kind.dtype == prediction_kind.dtype == np.int8
    assert truth_kind.tolist() == expected_truth.tolist()
    assert prediction_kind.tolist() == expected_prediction.tolist()


def test_suspects_stand_by_descending_suspicion():
    evaluation = cf.evaluate(detection(*crowded_records(3, images=20)), cf.Policy(score=0.2))
    suspicion = [row[3] for row in found(evaluation, min_score=0.3)]
    assert len(suspicion) > 5
    assert suspicion == sorted(suspicion, reverse=True)


@pytest.mark.parametrize("factor", [4.0, 0.25])
def test_suspects_do_not_depend_on_the_unit_of_length(factor):
    records = crowded_records(5, images=20)
    images, categories, annotations, detections = records
    scaled = [
        [{**row, "bbox": [value * factor for value in row["bbox"]]} for row in rows]
        for rows in (annotations, detections)
    ]
    before, after = (
        found(cf.evaluate(detection(images, categories, *rows), cf.Policy(score=0.2)), min_score=0.3)
        for rows in ((annotations, detections), scaled)
    )
    assert before == after


def test_suspicion_does_not_depend_on_other_images():
    images, categories, annotations, detections = crowded_records(7, images=20)
    some = images[:9]
    whole = cf.evaluate(detection(images, categories, annotations, detections), cf.Policy(score=0.2))
    part = cf.evaluate(
        detection(
            some,
            categories,
            [a for a in annotations if a["image_id"] in some],
            [d for d in detections if d["image_id"] in some],
        ),
        cf.Policy(score=0.2),
    )

    def by_box(evaluation):
        truths, predictions = evaluation.ground_truth.to_dicts(), evaluation.predictions.to_dicts()
        names = ("image_id", "x", "y", "width", "height", "category_id")
        rows = set()
        for kind, truth, prediction, suspicion in found(evaluation, min_score=0.3):
            row = truths[truth] if truth is not None else predictions[prediction]
            if row["image_id"] in some:
                rows.add((kind, suspicion, *(row[name] for name in names)))
        return rows

    assert by_box(part) == by_box(whole) != set()


@pytest.mark.parametrize("empty", ["both", "predictions", "ground_truth"])
def test_without_rows_nothing_is_suspect(empty):
    images, categories, annotations, detections = random_records(1)
    annotations = [] if empty in {"both", "ground_truth"} else annotations
    detections = [] if empty in {"both", "predictions"} else detections
    evaluation = cf.evaluate(detection(images, categories, annotations, detections))
    truth_kind, prediction_kind = suspect_rows(evaluation._point(None, None))
    assert truth_kind.shape == (len(annotations),)
    assert prediction_kind.shape == (len(detections),)
    if empty == "both":
        assert found(evaluation) == []
