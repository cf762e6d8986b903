"""The noise of each class: by hand, and where it is known."""

import numpy as np
import pytest
from polars.testing import assert_frame_equal

import cvfail as cf
from cvfail.labels.confident_learning import confident_learning
from cvfail.labels.label_noise import label_noise

PROBABILITIES = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]
LABELS = ["cat", "cat", "cat", "dog", "dog"]


def evaluated(labels=LABELS, probabilities=PROBABILITIES, classes=("cat", "dog"), **more):
    return cf.evaluate(cf.from_labels(labels, probabilities=probabilities, labels=list(classes), **more))


def test_by_hand():
    """Thresholds .6 and .75: images 0, 1 are cats, 2, 3 dogs, 4 neither; the three cats share 2 : 1."""
    noise = evaluated().label_noise()
    cat, dog = noise.df.to_dicts()
    assert (cat["labels"], cat["wrong_labels"], cat["support"]) == (3, pytest.approx(1.0), 3)
    assert (dog["labels"], dog["wrong_labels"], dog["support"]) == (2, 0.0, 1)
    assert cat["wrong_share"] == pytest.approx(1 / 3)
    assert dog["lost_share"] == pytest.approx(1 / 3)
    assert (cat["label_prior"], cat["true_prior"]) == (0.6, pytest.approx(0.4))
    assert cat["wrong_lower"] == pytest.approx(cf_wilson(1, 3)[0])
    assert noise.joint.df["confident"].to_list() == [2, 1, 0, 1]
    assert noise.joint.df["share"].to_list() == pytest.approx([2 / 3, 1 / 3, 0, 1])
    assert noise.overlaps.df.row(0) == ("cat", "dog", pytest.approx(0.2), pytest.approx(1.0), 0.0, 1.0)
    assert "out-of-sample" in noise.caption


def cf_wilson(k, n, z=1.959963984540054):
    centre, half = (k + z * z / 2) / (n + z * z), z * np.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return centre - half, centre + half


def test_probabilities_stand_in_the_order_of_the_given_classes():
    swapped = [row[::-1] for row in PROBABILITIES]
    turned = evaluated(probabilities=swapped, classes=("dog", "cat")).label_noise()
    assert turned.df.sort("category").equals(evaluated().label_noise().df.sort("category"))


def test_the_order_of_images_changes_nothing():
    order = [3, 1, 4, 0, 2]
    shuffled = evaluated(
        [LABELS[i] for i in order], [PROBABILITIES[i] for i in order], image_ids=[10 - i for i in order]
    )
    assert_frame_equal(shuffled.label_noise().df, evaluated().label_noise().df, abs_tol=1e-12)


def test_a_class_that_only_the_model_knows_has_no_noise():
    evaluation = evaluated(predicted=["cat", "cow", "dog", "dog", "dog"])
    last = evaluation.label_noise().df.filter(category="cow").to_dicts()[0]
    assert (last["labels"], last["wrong_labels"], last["support"]) == (0, 0.0, 0)
    assert last["wrong_share"] is last["wrong_lower"] is last["lost_share"] is last["threshold"] is None


def test_ignored_labels_do_not_count():
    data = cf.from_labels(LABELS, probabilities=PROBABILITIES)
    ignored = data.ground_truth.with_columns(is_ignored=data.ground_truth["image_id"] == 2)
    noise = label_noise(cf.evaluate(_with(data, ignored)).evidence)
    assert noise.df["wrong_labels"].to_list() == [0.0, 0.0]
    assert noise.df["labels"].to_list() == [2, 2]


def _with(data, ground_truth):
    from dataclasses import replace

    return replace(data, ground_truth=ground_truth)


def test_without_images_everything_is_null():
    frame = evaluated([], np.empty((0, 2))).label_noise().df
    assert frame["labels"].to_list() == [0, 0]
    assert frame["wrong_share"].null_count() == frame["label_prior"].null_count() == 2


def test_without_probabilities_the_question_is_refused():
    with pytest.raises(cf.CvfailError, match="probabilities"):
        cf.evaluate(cf.from_labels(["a", "b"], ["a", "b"])).label_noise()
    boxes = {"image_id": [1], "category_id": [1], "bbox": [[0, 0, 1, 1]], "score": [0.5]}
    detector = cf.evaluate(cf.from_frames(ground_truth=boxes, predictions=boxes, box_format="xywh"))
    with pytest.raises(cf.CvfailError, match="classification"):
        detector.label_noise()


def test_overlaps_hold_every_off_diagonal_cell_once():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(5, 0.3), 300)
    noise = evaluated(
        rng.integers(0, 5, 300).tolist(), probabilities, classes=range(5), predicted=[0] * 300
    ).label_noise()
    off_diagonal = noise.learnt.expected.sum() - np.trace(noise.learnt.expected)
    assert len(noise.overlaps) == 10
    assert noise.overlaps.df["expected"].sum() == pytest.approx(off_diagonal)
    assert noise.overlaps.df["expected"].is_sorted(descending=True)


@pytest.fixture(scope="module")
def cifar(shared_data):
    folder = shared_data / "cls_cifar10_mnist"
    labels = np.load(folder / "cifar10_test_set_original_labels.npy").astype(int)
    return labels, np.load(folder / "cifar10_test_set_pyx.npy")


def noisy_labels(true, shares, seed):
    """A label for each image, drawn with the given shares of its row."""
    drawn = np.random.default_rng(seed).random(len(true))
    return np.minimum((np.cumsum(shares, axis=1) < drawn[:, None]).sum(axis=1), shares.shape[1] - 1)


@pytest.mark.parametrize(
    ("noise", "most_apart", "least_agreement"),
    [("aggre_label", 0.08, 0.9), ("random_label1", 0.09, 0.93), ("worse_label", 0.05, 0.99)],
)
def test_noise_that_people_made_is_estimated_per_class(
    shared_data, cifar, noise, most_apart, least_agreement
):
    """CIFAR-10N's transitions applied to the test labels, whose out-of-sample probabilities there are."""
    true, probabilities = cifar
    people = np.load(shared_data / "cls_cifar10n" / "CIFAR-10_human.npz")
    counts = np.zeros((10, 10))
    np.add.at(counts, (people["clean_label"].astype(int), people[noise].astype(int)), 1)
    labels = noisy_labels(true, (counts / counts.sum(axis=1, keepdims=True))[true], seed=0)
    known = np.array([np.mean(true[labels == k] != k) for k in range(10)])
    shares = cf.evaluate(cf.from_labels(labels, probabilities=probabilities)).label_noise().df["wrong_share"]
    apart = shares.to_numpy() - known
    assert np.abs(apart).max() < most_apart
    assert np.abs(apart).mean() < 0.04
    assert np.corrcoef(shares, known)[0, 1] > least_agreement


def test_labels_drawn_from_people_who_looked_at_the_image_are_found(shared_data, cifar):
    true, probabilities = cifar
    people = np.load(shared_data / "cls_cifar10h" / "cifar10h-probs.npy")
    labels = noisy_labels(true, people, seed=0)
    learnt = confident_learning(labels, probabilities)
    suspects = np.flatnonzero(learnt.issues())
    ranked = suspects[np.argsort(learnt.quality()[suspects], kind="stable")]
    assert np.mean(labels[ranked[:100]] != true[ranked[:100]]) > 0.9
