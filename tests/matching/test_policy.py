"""The policy: every value is checked, shown, and survives being written down."""

import numpy as np
import pytest

from cvfail.errors import PolicyError
from cvfail.matching.policy import COCO_IOU_THRESHOLDS, Policy


def test_the_default_ladder_is_linspace_bit_for_bit():
    assert tuple(np.linspace(0.5, 0.95, 10)) == COCO_IOU_THRESHOLDS
    assert Policy().threshold_index(0.9) == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"iou_thresholds": ()}, "1 to 16 values; found 0"),
        ({"iou_thresholds": tuple(np.linspace(0.1, 0.9, 17))}, "found 17"),
        ({"iou_thresholds": (0.0, 0.5)}, r"must be in \(0, 1\]"),
        ({"iou_thresholds": (0.75, 0.5)}, "must ascend"),
        ({"iou": 0.42}, "not on the ladder"),
        ({"max_detections": (0, 10)}, "must be positive"),
        ({"max_detections": (100, 10)}, "ascend"),
        ({"area_ranges": {"tiny": (0, 9)}}, "must start with 'all'"),
        ({"area_ranges": {"all": (5, 1)}}, "low <= high"),
        ({"background_iou": 0.0}, "background_iou"),
        ({"score": float("nan")}, "finite"),
    ],
)
def test_values_without_meaning_are_refused(options, message):
    with pytest.raises(PolicyError, match=message):
        Policy(**options)


def test_a_policy_survives_being_written_down():
    policy = Policy(iou_thresholds=[0.3, 0.5], area_ranges={"all": [0, 1e10], "tiny": [0, 256]}, score=0.4)
    assert Policy.from_dict(policy.to_dict()) == policy


def test_the_description_states_the_operating_point():
    assert Policy().describe(score=0.6).startswith("COCO matching per class, IoU >= 0.5, score >= 0.6")
