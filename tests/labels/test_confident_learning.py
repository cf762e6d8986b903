"""Confident learning: the golden cases, a plain twin, and human audits of real labels."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.labels.confident_learning import FILTERS, confident_learning
from cvfail.labels.label_quality import QUALITIES, label_quality
from tests.labels import plain_confident_learning as plain


@st.composite
def labelled(draw):
    """Labels with probabilities of which many are equal."""
    k = draw(st.integers(2, 4))
    weights = draw(st.lists(st.lists(st.integers(0, 3), min_size=k, max_size=k), min_size=1, max_size=12))
    rows = np.array([[w + (not any(row)) for w in row] for row in weights], float)
    labels = draw(st.lists(st.integers(0, k - 1), min_size=len(rows), max_size=len(rows)))
    return labels, rows / rows.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("compat", [None, "cleanlab"])
def test_golden_confident_joint(golden, compat):
    case = golden["noise_confident_joint"]
    learnt = confident_learning(case["input"]["labels"], case["input"]["pred_probs"], compat=compat)
    expected = case["expected"]
    off = np.flatnonzero((learnt.confident >= 0) & (learnt.confident != learnt.labels))
    assert learnt.thresholds.tolist() == pytest.approx(expected["thresholds"], abs=1e-12)
    assert learnt.counts.tolist() == expected["confident_joint"]
    assert off.tolist() == expected["off_diagonal_idx"]
    assert learnt.expected.tolist() == expected["calibrated"]
    assert np.allclose(learnt.joint, expected["joint"], rtol=0, atol=1e-12)
    for by, name in zip(FILTERS, ("confident_learning", "prune_by_noise_rate", "pred_neq"), strict=True):
        assert learnt.issues(by).tolist() == expected[f"issues_{name}"]


def test_golden_argmax_of_all_classes_is_cleanlabs_and_that_of_confident_ones_the_papers(golden):
    case = golden["noise_cl_argmax_quirk"]
    arrays = case["input"]["labels"], case["input"]["pred_probs"]
    theirs = confident_learning(*arrays, compat="cleanlab")
    assert theirs.thresholds.tolist() == pytest.approx(case["expected"]["thresholds"], abs=1e-12)
    assert theirs.counts.tolist() == case["expected"]["confident_joint"]
    ours = confident_learning(*arrays)
    assert (theirs.confident[3], ours.confident[3]) == (0, 1)
    assert ours.counts.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


@given(labelled())
def test_thresholds_counts_and_issues_are_those_of_the_plain_rules(arrays):
    labels, probabilities = arrays
    for compat in (None, "cleanlab"):
        learnt = confident_learning(labels, probabilities, compat=compat)
        counts, off = plain.confident_joint(labels, probabilities.tolist(), compat)
        assert learnt.counts.tolist() == counts
        assert np.allclose(learnt.thresholds, plain.thresholds(labels, probabilities.tolist()))
        outvoted = [row[label] < max(row) for label, row in zip(labels, probabilities.tolist(), strict=True)]
        if compat is None:
            assert np.flatnonzero(learnt.issues()).tolist() == [i for i in off if outvoted[i]]
            assert np.allclose(learnt.expected, plain.expected(labels, probabilities.tolist()))
            assert learnt.issues("predicted_neq_given").tolist() == outvoted


@given(labelled())
def test_rows_of_the_joint_add_up_to_the_labels_and_all_of_it_to_one(arrays):
    for compat in (None, "cleanlab"):
        learnt = confident_learning(*arrays, compat=compat)
        numbers = np.bincount(arrays[0], minlength=arrays[1].shape[1])
        assert np.allclose(learnt.expected.sum(axis=1), numbers)
        assert learnt.joint.sum() == pytest.approx(1.0)
        pruned = learnt.issues("prune_by_noise_rate").sum()
        assert pruned <= numbers.sum() - np.floor(np.diagonal(learnt.expected)).sum()


@given(labelled())
def test_quality_is_that_of_the_formulas(arrays):
    labels, probabilities = np.array(arrays[0]), arrays[1]
    for method in QUALITIES:
        expected = [
            plain.quality(label, row, method)
            for label, row in zip(arrays[0], probabilities.tolist(), strict=True)
        ]
        assert np.allclose(label_quality(labels, probabilities, method=method), expected, atol=1e-12)


def test_the_entropy_score_has_its_limits_by_default_and_cleanlabs_zero_in_compat():
    labels, sure = np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]])
    method = "confidence_weighted_entropy"
    assert label_quality(labels, sure, method=method).tolist() == [1.0, 0.0]
    assert label_quality(labels, sure, method=method, compat="cleanlab").tolist() == [0.0, 0.0]


def test_the_order_of_images_changes_nothing_but_the_order():
    rng = np.random.default_rng(4)
    probabilities = rng.dirichlet(np.full(4, 0.4), 200)
    labels = np.where(rng.random(200) < 0.7, probabilities.argmax(axis=1), rng.integers(0, 4, 200))
    order = rng.permutation(200)
    for by in FILTERS:
        before = confident_learning(labels, probabilities).issues(by)
        after = confident_learning(labels[order], probabilities[order]).issues(by)
        assert before.any()
        assert np.array_equal(before[order], after)


def test_quality_does_not_depend_on_other_images():
    rng = np.random.default_rng(5)
    probabilities, labels = rng.dirichlet(np.ones(3), 50), rng.integers(0, 3, 50)
    for method in QUALITIES:
        whole = confident_learning(labels, probabilities).quality(method)
        part = confident_learning(labels[:7], probabilities[:7]).quality(method)
        assert np.array_equal(whole[:7], part)


def test_no_images_and_classes_without_labels_are_ordinary():
    nothing = confident_learning(np.empty(0, int), np.empty((0, 2)))
    assert nothing.issues().tolist() == []
    assert np.isnan(nothing.joint).all()
    one = confident_learning([1], [[0.3, 0.5, 0.2]])
    assert one.thresholds.tolist() == [2.0, 0.5, 2.0]
    assert one.expected.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("labels", "probabilities", "said"),
    [
        ([0, 1], [[0.5, 0.5]], "one row per label"),
        ([2], [[0.5, 0.5]], "a column for each label"),
        ([-1], [[0.5, 0.5]], "a column for each label"),
        ([0.0], [[0.5, 0.5]], "a column for each label"),
        ([0], [[float("nan"), 0.5]], r"in \[0, 1\]"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(labels, probabilities, said):
    with pytest.raises(cf.SchemaError, match=said):
        confident_learning(labels, probabilities)


def test_unknown_filters_and_scores_are_refused():
    learnt = confident_learning([0, 1], [[0.9, 0.1], [0.1, 0.9]])
    with pytest.raises(cf.CvfailError, match="prune_by_noise_rate"):
        learnt.issues("prune")
    with pytest.raises(cf.CvfailError, match="normalised_margin"):
        learnt.quality("margin")


def audited(folder, name):
    """The labels, the probabilities, and whether fewer than three of five people agreed with the label."""
    labels = np.load(folder / f"{name}_test_set_original_labels.npy").astype(int)
    audit = json.loads((folder / f"{name}_mturk.json").read_text())
    wrong = {row["id"]: row["mturk"]["given"] < 3 for row in audit}
    return labels, np.load(folder / f"{name}_test_set_pyx.npy"), wrong


@pytest.mark.parametrize(
    ("name", "issues", "joint_diagonal", "found"),
    [("cifar10", (244, 284), 9716, (17, 25)), ("mnist", (15, 15), 9985, (7, 7))],
)
def test_real_labels_that_people_reject_stand_at_the_top(shared_data, name, issues, joint_diagonal, found):
    labels, probabilities, wrong = audited(shared_data / "cls_cifar10_mnist", name)
    theirs = confident_learning(labels, probabilities, compat="cleanlab")
    assert (theirs.issues().sum(), theirs.issues("prune_by_noise_rate").sum()) == issues
    assert np.diagonal(theirs.expected).sum() == joint_diagonal
    ours = cf.evaluate(cf.from_labels(labels, probabilities=probabilities)).label_errors()
    ranked = ours.df["image_id"].to_list()
    assert tuple(sum(wrong.get(image, False) for image in ranked[:k]) for k in (50, 100)) == found
