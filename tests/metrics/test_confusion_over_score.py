"""Confusion matrices over scores equal the matrix that is made at each score by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.errors import PolicyError
from cvfail.evaluation import evaluate
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.io.labels import from_labels
from cvfail.matching.policy import Policy
from cvfail.metrics.confusion_over_score import confusion_over_score
from tests.scenes import detection, random_records


def assert_each_step_is_the_matrix_there(point, scores):
    changes = confusion_over_score(point, scores)
    for step, score in enumerate(scores):
        alone = OperatingPoint.of(point.evidence, iou=point.iou, score=score).cell_counts
        assert changes.at(step).tolist() == alone.tolist(), score


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scores=st.lists(st.integers(0, 20).map(lambda n: n / 20), min_size=1, max_size=8, unique=True).map(
        sorted
    ),
    iou=st.sampled_from([0.5, 0.75]),
)
def test_each_step_is_the_matrix_at_its_score(seed, scores, iou):
    evidence = make_evidence(detection(*random_records(seed)), Policy())
    assert_each_step_is_the_matrix_there(OperatingPoint.of(evidence, iou=iou), scores)


def test_a_score_of_the_predictions_is_reached_by_them():
    evidence = make_evidence(detection(*random_records(3, images=20)), Policy())
    scores = evidence.predictions["score"].unique().sort().to_list()
    assert_each_step_is_the_matrix_there(OperatingPoint.of(evidence), scores)


def test_a_better_box_that_goes_lets_a_pair_come_back():
    """An object is taken for two classes; without the surer box its confusion is with the other one."""
    truths = [{"image_id": 1, "category_id": 0, "bbox": [0, 0, 100, 100]}]
    found = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 100, 100], "score": 0.3},
        {"image_id": 1, "category_id": 2, "bbox": [0, 0, 100, 80], "score": 0.8},
    ]
    point = OperatingPoint.of(make_evidence(detection([1], [0, 1, 2], truths, found), Policy()))
    changes = confusion_over_score(point, [0.1, 0.5, 0.9])
    assert [changes.at(step)[0].tolist() for step in range(3)] == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_a_classifier_loses_images_below_the_score():
    data = from_labels(["a", "b", "b", "c"], ["a", "a", "b", "c"], scores=[0.9, 0.4, 0.6, 0.2])
    point = OperatingPoint.of(evaluate(data).evidence)
    assert_each_step_is_the_matrix_there(point, [0.0, 0.3, 0.5, 0.7, 1.0])
    assert confusion_over_score(point, [0.5]).at(0).sum() == 4


def test_some_of_the_steps_count_the_same():
    point = OperatingPoint.of(make_evidence(detection(*random_records(5, images=20)), Policy()))
    changes = confusion_over_score(point, np.arange(0, 20) / 20)
    fewer = changes.only([0, 7, 12, 19])
    assert [fewer.at(place).tolist() for place in range(4)] == [
        changes.at(s).tolist() for s in (0, 7, 12, 19)
    ]
    assert np.all(fewer.change != 0)


@pytest.mark.parametrize("images", [[], [1]])
def test_nothing_at_all_has_no_changes(images):
    point = OperatingPoint.of(make_evidence(detection(images, [1, 2], [], []), Policy()))
    changes = confusion_over_score(point, [0.0, 0.5])
    assert changes.change.size == 0
    assert changes.at(1).tolist() == np.zeros((3, 3)).tolist()


def test_scores_must_ascend():
    point = OperatingPoint.of(make_evidence(detection([1], [1], [], []), Policy()))
    with pytest.raises(PolicyError, match="must ascend"):
        confusion_over_score(point, [0.5, 0.5])


def test_blocks_that_are_read_one_after_the_other_add_up(tmp_path):
    import cvfail as cf

    evaluation = evaluate(detection(*random_records(11, images=30)))
    opened = cf.open(evaluation.save(tmp_path / "run"))
    scores = [0.0, 0.25, 0.5, 0.75]
    one, other = (confusion_over_score(OperatingPoint.of(e.evidence), scores) for e in (evaluation, opened))
    assert [one.at(step).tolist() for step in range(4)] == [other.at(step).tolist() for step in range(4)]
