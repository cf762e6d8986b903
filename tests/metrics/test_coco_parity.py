"""Precision, recall and the summary equal pycocotools to the last bit on sets full of edge cases."""

import numpy as np
import pytest

from cvfail.evidence.making import make_evidence
from cvfail.matching.policy import Policy
from cvfail.metrics.coco_summary import coco_summary
from cvfail.metrics.precision_recall import precision_recall
from tests.oracles import pycocotools
from tests.scenes import detection, random_records


@pytest.mark.parametrize("seed", range(60))
def test_precision_and_recall_arrays_equal_pycocotools_exactly(seed):
    records = random_records(seed)
    if not records[3]:
        pytest.skip("pycocotools cannot load an empty result")
    reference = pycocotools(*records)
    evidence = make_evidence(detection(*records), Policy())
    for a, area in enumerate(evidence.policy.area_ranges):
        for m, limit in enumerate(evidence.policy.max_detections):
            ours = precision_recall(evidence, area=area, limit=limit)
            expected = reference.eval["precision"][:, :, :, a, m].transpose(2, 0, 1)
            np.testing.assert_array_equal(np.nan_to_num(ours.precision, nan=-1.0), expected)
            expected = reference.eval["recall"][:, :, a, m].T
            np.testing.assert_array_equal(np.nan_to_num(ours.recall, nan=-1.0), expected)


@pytest.mark.parametrize("seed", range(60, 70))
def test_small_limits_cut_predictions_as_pycocotools_does(seed):
    records = random_records(seed, images=3, categories=2)
    reference = pycocotools(*records, max_detections=[1, 2, 3])
    evidence = make_evidence(detection(*records), Policy(max_detections=(1, 2, 3)))
    for m, limit in enumerate((1, 2, 3)):
        ours = precision_recall(evidence, limit=limit)
        expected = reference.eval["precision"][:, :, :, 0, m].transpose(2, 0, 1)
        np.testing.assert_array_equal(np.nan_to_num(ours.precision, nan=-1.0), expected)


@pytest.mark.parametrize("seed", range(70, 80))
def test_the_summary_equals_pycocotools(seed):
    records = random_records(seed)
    expected = pycocotools(*records).stats
    summary = coco_summary(make_evidence(detection(*records), Policy()), replicates=0).df
    np.testing.assert_allclose(summary["estimate"].fill_null(-1.0).to_numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_outcomes_do_not_depend_on_the_number_of_threads(threads):
    data = detection(*random_records(5, images=40))
    one, many = (make_evidence(data, Policy(), threads=n) for n in (1, threads))
    assert one.predictions.equals(many.predictions)
    assert one.ground_truth.equals(many.ground_truth)
    assert one.pairs.equals(many.pairs)
