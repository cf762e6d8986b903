"""Who gets the ground truth that several predictions aim at, worked by hand."""

import numpy as np

from cvfail.matching.coding import Coding
from cvfail.matching.first_choice import FirstChoices
from tests.scenes import detection

BOX = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}


def test_the_first_in_order_gets_it_and_ground_truth_that_does_not_count_absorbs_all():
    choices = FirstChoices(np.array([0, 0, 1, 1, -1]), np.array([0.6, 0.9, 0.7, 0.7, 0.0]))
    claims = choices.claims(
        choices.overlap > 0.5, counts=np.array([True, False]), order=np.array([1, 0, 2, 3, 4])
    )
    assert claims.correct.tolist() == [False, True, False, False, False]
    assert claims.neutral.tolist() == [False, False, True, True, False]


def test_the_extra_pixel_grows_widths_and_heights_to_the_right_and_bottom():
    data = detection([1], [1], [BOX], [{**BOX, "bbox": [0, 0, 10, 4], "score": 0.9}])
    coding = Coding.of(data)
    assert FirstChoices.of(data, coding, extra_pixel=False).overlap.tolist() == [4 / 10]
    assert FirstChoices.of(data, coding, extra_pixel=True).overlap.tolist() == [5 / 11]
