"""A whole simulation: determinism, labels, and what planting changes."""

import polars as pl
import pytest

from cvfail.demo.annotations import IMAGE_ATTRIBUTES
from cvfail.demo.simulation import simulate
from cvfail.errors import PolicyError

TABLES = ("images", "objects", "predictions", "retrained", "training")


def test_the_same_seed_gives_the_same_tables_and_another_seed_others():
    one, same, other = simulate(images=12, seed=5), simulate(images=12, seed=5), simulate(images=12, seed=6)
    for name in TABLES:
        assert getattr(one, name).equals(getattr(same, name))
        assert not getattr(one, name).equals(getattr(other, name))


def test_planting_changes_labels_and_predictions_but_not_the_scenes(plain, planted):
    assert plain.images.equals(planted.images)
    assert plain.objects.drop("label").equals(planted.objects.drop("label"))
    assert not plain.predictions.equals(planted.predictions)


def test_nights_are_rare_in_training_if_failures_are_planted(plain, planted):
    shares = [(s.training["time_of_day"] == "night").mean() for s in (plain, planted)]
    assert shares == pytest.approx([0.4, 0.12], abs=0.05)
    assert len(planted.training) == 4 * len(planted.images)


def test_training_images_are_otherwise_like_those_of_the_demo(planted):
    for name in set(IMAGE_ATTRIBUTES) - {"time_of_day"}:
        ours, theirs = (
            dict(table[name].value_counts(normalize=True).iter_rows())
            for table in (planted.images, planted.training)
        )
        assert theirs == pytest.approx(ours, abs=0.08)


def test_the_detectors_differ_in_their_chance_errors_if_nothing_is_planted(plain):
    assert not plain.predictions.equals(plain.retrained)
    assert len(plain.retrained) == pytest.approx(len(plain.predictions), rel=0.05)


def test_without_planting_every_label_is_right(plain):
    assert plain.modes == ()
    assert (plain.objects["label"] == plain.objects["category"]).all()


def test_only_one_annotator_gives_wrong_labels(planted):
    labels = planted.objects.join(planted.images, on="image_id").filter(~pl.col("is_crowd"))
    wrong = labels.group_by("annotator").agg((pl.col("label") != pl.col("category")).mean())
    shares = dict(wrong.iter_rows())
    assert shares.pop("dora") == pytest.approx(0.16, abs=0.01)
    assert set(shares.values()) == {0.0}


@pytest.mark.parametrize("planting", [True, False])
def test_no_images_give_empty_tables_with_the_usual_columns(planting, plain):
    empty = simulate(images=0, planted=planting)
    for name in TABLES:
        assert getattr(empty, name).schema == getattr(plain, name).schema
        assert getattr(empty, name).is_empty()


@pytest.mark.parametrize("wrong", [{"images": -1}, {"seed": -1}])
def test_negative_numbers_are_refused(wrong):
    with pytest.raises(PolicyError, match="must not be negative"):
        simulate(**wrong)
