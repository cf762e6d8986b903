"""Receiver operating characteristic: scikit-learn, golden cases, images counted by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc_curve

import cvfail as cf
from cvfail.errors import PolicyError, QueryError
from cvfail.metrics.curves.roc_points import one_vs_one_area, roc_area, roc_points, step_average_precision
from cvfail.metrics.ranking import cluster_weights
from tests.scenes import detection
from tests.thresholds.scored import evaluation_of, random_images

scored = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.35, 0.5, 0.9]), st.booleans()), min_size=2, max_size=30
).filter(lambda rows: len({right for _, right in rows}) == 2)


@given(scored, st.booleans())
def test_points_and_area_are_those_of_scikit_learn(rows, collinear):
    scores, positive = [s for s, _ in rows], [r for _, r in rows]
    points = roc_points(scores, positive, collinear=collinear)
    expected = sklearn_roc_curve(positive, scores, drop_intermediate=not collinear)
    for own, other in zip(
        (points.false_positive_rate, points.true_positive_rate, points.thresholds), expected, strict=True
    ):
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-12)
    assert roc_area(scores, positive) == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


def test_the_golden_ties_and_the_golden_single_class(golden):
    case = golden["cls_roc_pr_ties"]
    points = roc_points(case["input"]["score"], case["input"]["y_true"])
    expected = case["expected"]
    assert points.false_positive_rate.tolist() == expected["fpr_full"]
    assert points.true_positive_rate.tolist() == expected["tpr_full"]
    assert points.thresholds.tolist() == [np.inf, *expected["thr_full"][1:]]
    assert roc_area(case["input"]["score"], case["input"]["y_true"]) == expected["roc_auc"]
    single = golden["cls_roc_one_class"]["input"]
    assert roc_area(single["score"], single["y_true"]) is None


def test_the_golden_areas_of_three_classes(golden):
    case = golden["cls_roc_multiclass"]
    truth, scores, expected = case["input"]["y_true"], case["input"]["score"], case["expected"]
    evaluation = classifier(truth, scores)
    by_class = evaluation.curve_area("roc", replicates=0).df
    assert by_class["area"].mean() == pytest.approx(expected["ovr_macro"], abs=1e-12)
    weighted = (by_class["area"] * by_class["support"]).sum() / by_class["support"].sum()
    assert weighted == pytest.approx(expected["ovr_weighted"], abs=1e-12)
    one_hot = np.array(truth)[:, None] == np.arange(3)
    each = [step_average_precision(np.array(scores)[:, c], one_hot[:, c]) for c in range(3)]
    assert np.mean(each) == pytest.approx(expected["ap_macro"], abs=1e-12)
    pooled = step_average_precision(np.ravel(scores), one_hot.ravel())
    assert pooled == pytest.approx(expected["ap_micro"], abs=1e-12)
    assert one_vs_one_area(scores, truth) == pytest.approx(expected["ovo_macro"], abs=1e-12)


def classifier(truth, probabilities, **columns):
    names = [f"c{i}" for i in range(len(probabilities[0]))]
    data = cf.from_labels([names[i] for i in truth], probabilities=probabilities, labels=names)
    if columns:
        images = data.images.with_columns(**{k: pl.Series(v) for k, v in columns.items()})
        data = data.__class__(
            **{**{name: getattr(data, name) for name in data.__dataclass_fields__}, "images": images}
        )
    return cf.evaluate(data)


def test_each_class_of_a_classifier_is_told_from_all_others():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 80)
    probabilities = random.dirichlet([1, 1, 1], 80).round(2)
    probabilities[:, 2] = 1 - probabilities[:, 0] - probabilities[:, 1]
    light = ["day", "night"] * 40
    evaluation = classifier(truth.tolist(), probabilities.tolist(), light=light)
    curve = evaluation.curve("roc", by=["light", "category"], points=None, replicates=0).df
    for value in ("day", "night"):
        own = np.array(light) == value
        for code in range(3):
            part = curve.filter(light=value, category=f"c{code}")
            expected = roc_points(probabilities[own, code], truth[own] == code)
            np.testing.assert_allclose(
                part["false_positive_rate"], expected.false_positive_rate[1:], rtol=0, atol=1e-12
            )
            np.testing.assert_allclose(
                part["true_positive_rate"], expected.true_positive_rate[1:], rtol=0, atol=1e-12
            )
    pooled = evaluation.curve_area("roc", by=[], replicates=0).df["area"].item()
    one_hot = truth[:, None] == np.arange(3)
    assert pooled == pytest.approx(roc_auc_score(one_hot, probabilities, average="micro"), abs=1e-12)


def test_images_of_a_detector_are_told_by_their_best_score():
    """An image with an ignored object alone is neither; a found object is not asked for, its class is."""
    box, far = [0, 0, 10, 10], [300, 0, 10, 10]
    truths = [
        {"image_id": 0, "category_id": 1, "bbox": box},
        {"image_id": 1, "category_id": 1, "bbox": box},
        {"image_id": 2, "category_id": 1, "bbox": box, "iscrowd": 1},
    ]
    found = [
        {"image_id": 0, "category_id": 1, "bbox": far, "score": 0.9},
        {"image_id": 2, "category_id": 1, "bbox": far, "score": 0.8},
        {"image_id": 3, "category_id": 1, "bbox": far, "score": 0.7},
        {"image_id": 3, "category_id": 1, "bbox": box, "score": 0.2},
        {"image_id": 4, "category_id": 2, "bbox": box, "score": 0.95},
    ]
    evaluation = cf.evaluate(detection(range(5), [1, 2], truths, found))
    curve = evaluation.curve("roc", by="category", points=None, replicates=0).df.filter(category="class 1")
    assert curve.select("threshold", "tp", "fp", "fn", "tn").rows() == [
        (0.9, 1, 0, 1, 2),
        (0.7, 1, 1, 1, 1),
        (-np.inf, 2, 2, 0, 0),
    ]
    area = evaluation.curve_area("roc", replicates=0).df
    assert area["area"].to_list() == [0.625, None], "no image has an object of the second class"


def test_the_tradeoff_of_detection_errors_has_normal_deviates():
    evaluation = evaluation_of(random_images(3, images=60, scores=30))
    curve = evaluation.curve("det", points=None, replicates=20).df
    inner = curve.filter(pl.col("false_positive_rate").is_between(0, 1, closed="none"))
    np.testing.assert_allclose(
        inner["false_positive_deviate"], ndtri(inner["false_positive_rate"]), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        curve["false_negative_rate"], 1 - curve["true_positive_rate"], rtol=0, atol=1e-12
    )
    assert curve["false_positive_deviate"].is_nan().sum() == 0
    known = curve.filter(pl.col("true_positive_rate_lower").is_not_null())
    assert (known["true_positive_rate_lower"] <= known["true_positive_rate"]).all()
    assert (known["true_positive_rate_upper"] >= known["true_positive_rate"]).all()


@pytest.mark.parametrize("seed", range(3))
def test_replicates_of_the_area_repeat_images(seed):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, 40)
    first = (0.5 * truth + random.random(40)).round(1) / 2
    evaluation = classifier(truth.tolist(), np.stack([1 - first, first], axis=1).tolist())
    table = evaluation.curve_area("roc", replicates=30, seed=1).df.filter(category="c1").row(0, named=True)
    weights = cluster_weights(evaluation.evidence, replicates=30, seed=1)
    samples = [roc_area(np.repeat(first, row), np.repeat(truth == 1, row)) for row in weights]
    assert table["area"] == pytest.approx(samples[0], abs=1e-12)
    from cvfail.statistics.replicates import wilson_of_replicates

    expected = wilson_of_replicates(samples[0], samples[1:], clusters=40, units=table["support"])
    assert table["lower"] == pytest.approx(float(np.ravel(expected.lower)[0]), abs=1e-12)


def test_one_side_alone_is_null():
    area = evaluation_of([[(1, 0.5, True)], [(1, 0.5, True)]]).curve_area("roc").df.row(0, named=True)
    assert (area["area"], area["lower"], area["support"]) == (None, None, 2)
    curve = evaluation_of([]).curve("roc", replicates=2).df
    assert curve.is_empty()


def test_what_cannot_be_answered_is_refused():
    labels = cf.evaluate(cf.from_labels(["a", "b"], ["a", "a"]))
    with pytest.raises(QueryError, match="needs the probability of every class"):
        labels.curve("roc")
    with pytest.raises(PolicyError, match="area must be one of"):
        labels.curve_area("lift")
    with pytest.raises(QueryError, match="not an attribute of the images"):
        evaluation_of([[(1, 0.5, True)]]).curve("roc", by="size")
