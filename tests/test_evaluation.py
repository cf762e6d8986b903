"""The facade hands every option on: another value gives another answer."""

import pytest

import cvfail as cf
from tests.scenes import detection, random_records


@pytest.fixture(scope="module")
def evaluation():
    return cf.evaluate(detection(*random_records(21, images=80), light=["day", "night"] * 40))


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("coco_summary", {"seed": 1}),
        ("coco_summary", {"confidence": 0.5}),
        ("coco_summary", {"replicates": 20}),
        ("coco_summary", {"metrics": ["AR1"]}),
        ("average_precision", {"seed": 1}),
        ("average_precision", {"confidence": 0.5}),
        ("metrics", {"by": "light"}),
        ("metrics", {"iou": 0.9}),
        ("metrics", {"score": 0.6}),
        ("metrics", {"average": "macro"}),
        ("metrics", {"confidence": 0.5}),
        ("error_types", {"iou": 0.9}),
        ("error_types", {"score": 0.6}),
        ("error_types", {"by": "light"}),
        ("error_types", {"replicates": 20}),
        ("hoiem", {"by": "light"}),
        ("hoiem", {"similar": [["class 5", "class 9", "class 11"]]}),
        ("hoiem", {"iou": 0.9}),
        ("hoiem", {"score": 0.6}),
        ("hoiem", {"replicates": 20}),
        ("hoiem_sensitivity", {"characteristics": ["light"]}),
        ("hoiem_sensitivity", {"iou": 0.9}),
        ("hoiem_sensitivity", {"positives": 3}),
        ("hoiem_sensitivity", {"min_support": 20}),
        ("lrp", {"by": "light"}),
        ("lrp", {"score": 0.6}),
        ("confusion_matrix", {"iou": 0.9}),
        ("confusion_matrix", {"score": 0.6}),
        ("failure_modes", {"iou": 0.9}),
        ("failure_modes", {"score": 0.6}),
        ("failure_modes", {"attributes": ["light"]}),
        ("failure_modes", {"max_order": 1}),
        ("voc_average_precision", {"iou": 0.9}),
        ("voc_average_precision", {"method": "11-point"}),
    ],
)
def test_every_option_changes_the_answer(evaluation, question, options):
    ask = getattr(evaluation, question)
    assert not ask(**options).df.equals(ask().df)


def test_the_level_decides_what_is_significant(evaluation):
    strict, loose = (
        evaluation.failure_modes(level=level).df["significant"].sum() for level in (1e-12, 0.9999)
    )
    assert strict < loose


def test_rows_that_a_reader_left_out_stay_with_the_evaluation():
    boxes = {"image_id": [1, 1], "category_id": [1, 1], "bbox": [[0.0, 0.0, 5.0, 5.0], [0.0, 0.0, -5.0, 5.0]]}
    data = cf.from_frames(
        ground_truth=boxes, predictions={**boxes, "score": [0.5, 0.5]}, box_format="xywh", on_invalid="drop"
    )
    assert cf.evaluate(data).data.rejected.equals(data.rejected)
    assert len(data.rejected) == 2
