import pytest

from cvfail.evaluation import evaluate
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.drawn_objects import MOST_NEIGHBOURS
from cvfail.report.layout import Unit, crop_window, lay_out
from tests.scenes import detection


def test_a_crop_is_four_to_three_and_holds_its_boxes():
    x, y, width, height = crop_window([(400, 300, 50, 200), (420, 310, 60, 60)], (1000, 800))
    assert width / height == pytest.approx(4 / 3, abs=1e-3)
    assert x <= 400
    assert y <= 300
    assert x + width >= 480
    assert y + height >= 500


@pytest.mark.parametrize("box", [(0, 0, 40, 40), (960, 760, 40, 40), (0, 700, 100, 100)])
def test_a_crop_that_fits_lies_inside_the_image(box):
    x, y, width, height = crop_window([box], (1000, 800))
    assert x >= 0
    assert y >= 0
    assert x + width <= 1000
    assert y + height <= 800


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (1000, 100), (30, 30)])
def test_a_crop_is_never_larger_than_the_whole_image_with_its_margins(size):
    x, y, width, height = crop_window([(0, 0, *size)], size)
    assert x + width / 2 == pytest.approx(size[0] / 2, abs=0.01)
    assert y + height / 2 == pytest.approx(size[1] / 2, abs=0.01)
    assert (width == pytest.approx(size[0], abs=0.01)) or (height == pytest.approx(size[1], abs=0.01))


def test_a_box_without_size_still_has_a_crop():
    assert crop_window([(10, 10, 0, 0)], (640, 480))[2] > 0


def laid_out(annotations, detections, units):
    point = OperatingPoint.of(evaluate(detection([1, 2], [1], annotations, detections)).evidence)
    return lay_out(point, units)


def truth(x, image=1):
    return {"image_id": image, "category_id": 1, "bbox": [x, 0, 10, 10]}


def found(x, score, image=1):
    return {**truth(x, image), "score": score}


def test_examples_of_one_image_share_it_and_point_at_their_objects():
    units = [Unit(0, 0, 1.0), Unit(None, 1, None), Unit(1, None, None)]
    examples, images = laid_out([truth(0), truth(100)], [found(0, 0.9), found(500, 0.8)], units)
    assert [example["image"] for example in examples] == [0, 0, 0]
    objects = images[0]["objects"]
    pair, missed, alone = examples
    assert objects[pair["truth"]]["box"] == objects[pair["prediction"]]["box"] == [0, 0, 10, 10]
    assert (missed["prediction"], objects[missed["truth"]]["box"]) == (None, [100, 0, 10, 10])
    assert (alone["truth"], objects[alone["prediction"]]["box"]) == (None, [500, 0, 10, 10])
    assert (pair["overlap"], missed["overlap"], alone["overlap"]) == (1.0, None, None)


def test_a_second_label_in_the_same_place_is_a_subject_and_in_the_crop():
    (example,), images = laid_out([truth(0), truth(400)], [], [Unit(None, 0, 0.0, 1)])
    objects = images[0]["objects"]
    assert [objects[example[side]]["box"][0] for side in ("truth", "other")] == [0, 400]
    assert example["window"][2] > 410
    assert (example["prediction"], example["overlap"]) == (None, 0.0)


def test_predictions_below_the_score_are_not_drawn():
    _, images = laid_out([truth(0)], [found(0, 0.9), found(50, 0.1)], [Unit(0, 0, 1.0)])
    assert [entry["score"] for entry in images[0]["objects"] if entry["kind"] == "prediction"] == [0.9]


def test_neighbours_are_limited_and_the_rest_is_counted_but_subjects_always_stay():
    crowd = [truth(15 * place) for place in range(MOST_NEIGHBOURS + 20)]
    units = [Unit(None, row, None) for row in range(5, 15)]
    examples, images = laid_out(crowd, [], units)
    assert len(images[0]["objects"]) == MOST_NEIGHBOURS + 10
    assert images[0]["hidden"] == 10
    assert all(images[0]["objects"][example["truth"]]["kind"] == "truth" for example in examples)


def test_images_are_those_of_the_examples_in_order_of_first_use():
    rows = [truth(0, image=1), truth(0, image=2)]
    _, images = laid_out(rows, [], [Unit(None, 1, None), Unit(None, 0, None)])
    assert [image["file_name"] for image in images] == ["2.jpg", "1.jpg"]


def test_no_units_need_no_images():
    assert laid_out([], [], []) == ([], [])
