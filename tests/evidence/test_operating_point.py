"""One match serves every score threshold: thresholding and matching can be swapped."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvfail.errors import PolicyError
from cvfail.evaluation import evaluate
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from tests.scenes import detection, random_records


@given(seed=st.integers(0, 10_000), score=st.floats(0, 1), iou=st.sampled_from([0.5, 0.75, 0.95]))
def test_dropping_low_scores_before_or_after_matching_is_the_same(seed, score, iou):
    images, categories, annotations, detections = random_records(seed)
    high = [row for row, d in enumerate(detections) if d["score"] >= score]
    late = OperatingPoint.of(
        make_evidence(detection(images, categories, annotations, detections), Policy()), iou=iou, score=score
    )
    early = OperatingPoint.of(
        make_evidence(
            detection(images, categories, annotations, [detections[row] for row in high]), Policy()
        ),
        iou=iou,
        score=0.0,
    )
    kept = late.kept
    np.testing.assert_array_equal(late.correct[kept], early.correct)
    np.testing.assert_array_equal(late.neutral[kept], early.neutral)
    np.testing.assert_array_equal(late.found, early.found)
    np.testing.assert_array_equal(late.typed[0][kept], early.typed[0])
    columns = ["outcome", "nearest_score"]
    assert with_score(late).select(columns).equals(with_score(early).select(columns))


def with_score(point):
    scores = point.evidence.predictions["score"]
    return point.ground_truth.with_columns(
        nearest_score=scores.gather(point.ground_truth["nearest_prediction"])
    )


@given(seed=st.integers(0, 10_000), limit=st.integers(1, 4))
def test_a_smaller_limit_before_or_after_matching_is_the_same(seed, limit):
    records = random_records(seed, images=2, categories=1)
    wide, narrow = (make_evidence(detection(*records), Policy(max_detections=(n,))) for n in (100, limit))
    inside = wide.ranks < limit
    bits = [evidence.outcomes.column("predictions", "matched").to_numpy() for evidence in (wide, narrow)]
    np.testing.assert_array_equal(bits[0][inside], bits[1][inside])
    assert not bits[1][~inside].any()


@given(seed=st.integers(0, 10_000))
def test_every_row_has_one_outcome_and_both_sides_agree(seed):
    point = OperatingPoint.of(make_evidence(detection(*random_records(seed)), Policy()))
    predictions, truth = point.predictions, point.ground_truth
    assert predictions["outcome"].null_count() == 0
    assert predictions.filter(pl.col("outcome") == "false_positive")["error_type"].null_count() == 0
    assert predictions.filter(pl.col("outcome") != "false_positive")["error_type"].is_null().all()
    assert (predictions["outcome"] == "true_positive").sum() == (truth["outcome"] == "found").sum()
    assert (truth["outcome"] == "ignored").sum() == (~truth["is_regular"]).sum()
    aimed = predictions.filter(pl.col("target_index").is_not_null())
    assert aimed["overlap"].null_count() == 0


def test_scores_of_exactly_the_threshold_count():
    data = detection(
        [1],
        [1],
        [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]}],
        [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.25}],
    )
    evidence = make_evidence(data, Policy())
    assert OperatingPoint.of(evidence, score=0.25).correct.tolist() == [True]
    assert OperatingPoint.of(evidence, score=0.2500001).correct.tolist() == [False]


def test_an_evaluation_moved_to_another_point_answers_there_and_leaves_the_first_alone():
    evaluation = evaluate(detection(*random_records(8)))
    moved = evaluation.at(iou=0.75, score=0.5)
    assert moved.metrics().df.equals(evaluation.metrics(iou=0.75, score=0.5).df)
    assert moved.policy != evaluation.policy == Policy()
    with pytest.raises(PolicyError, match="not on the ladder"):
        evaluation.at(iou=0.42)


def test_an_overlap_off_the_ladder_is_refused_with_the_ladder():
    evidence = make_evidence(detection([1], [1], [], []), Policy())
    with pytest.raises(PolicyError, match=r"iou=0\.52 is not on the ladder of this policy \(0\.5, 0\.55"):
        OperatingPoint.of(evidence, iou=0.52)
