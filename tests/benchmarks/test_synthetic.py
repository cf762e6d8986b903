"""A block depends on its number and the seed alone."""

import numpy as np
import polars as pl
import pytest

from benchmarks.datasets import Recipe, batches
from benchmarks.synthetic import CATEGORIES, DETECTIONS_PER_IMAGE, IMAGES_PER_BLOCK, block

TABLES = ("images", "ground_truth", "predictions")


@pytest.fixture(scope="module")
def second():
    return block(1, seed=7)


def test_a_block_is_the_same_whatever_was_drawn_before(second):
    np.random.default_rng(0).random(1000)
    block(0, seed=7)
    assert block(1, seed=7) == second


def test_another_seed_and_another_number_make_other_rows(second):
    assert block(1, seed=8).predictions != second.predictions
    boxes = ["x", "y", "width", "height", "score"]
    assert block(0, seed=7).predictions.select(boxes) != second.predictions.select(boxes)


def test_a_block_that_is_cut_short_is_the_beginning_of_the_whole_one(second):
    short = block(1, seed=7, images=300)
    for name in TABLES:
        whole, cut = pl.from_arrow(getattr(second, name)), pl.from_arrow(getattr(short, name))
        assert cut.equals(whole.filter(pl.col("image_id") <= IMAGES_PER_BLOCK + 300))
        assert 0 < cut.height < whole.height


def test_images_are_numbered_on_from_block_to_block(second):
    ids = second.images["image_id"].to_numpy()
    assert ids.tolist() == list(range(IMAGES_PER_BLOCK + 1, 2 * IMAGES_PER_BLOCK + 1))


def test_fewer_classes_fold_the_others_and_leave_the_boxes(second):
    folded = block(1, seed=7, categories=5)
    for name in TABLES[1:]:
        whole, few = getattr(second, name), getattr(folded, name)
        assert few.drop(["category_id"]) == whole.drop(["category_id"])
        expected = (whole["category_id"].to_numpy() - 1) % 5 + 1
        assert few["category_id"].to_numpy().tolist() == expected.tolist()


def test_more_classes_leave_the_boxes_and_are_all_there(second):
    many = block(1, seed=7, categories=1_203)
    for name in TABLES[1:]:
        assert getattr(many, name).drop(["category_id"]) == getattr(second, name).drop(["category_id"])
    found = many.predictions["category_id"].to_numpy()
    assert found.min() >= 1
    assert found.max() <= 1_203
    assert len(np.unique(found)) > 1_100
    counts = np.sort(np.bincount(found))[::-1]
    assert counts[0] > 20 * counts[600], "few are frequent, as by Zipf's law"


def test_a_dataset_is_the_same_whatever_the_number_of_blocks_made_at_a_time():
    recipe = Recipe(2_500)
    one, three = list(batches(recipe, blocks=1)), list(batches(recipe, blocks=3))
    assert [batch.images.num_rows for batch in one] == [1000, 1000, 500]
    assert [batch.images.num_rows for batch in three] == [2500]
    for name in TABLES:
        joined = pl.concat(pl.from_arrow(getattr(batch, name)) for batch in one)
        assert joined.equals(pl.from_arrow(getattr(three[0], name)))


def test_a_small_dataset_is_the_beginning_of_a_large_one():
    small, large = (next(batches(Recipe(images), blocks=2)) for images in (1_200, 2_000))
    for name in TABLES:
        whole, start = pl.from_arrow(getattr(large, name)), pl.from_arrow(getattr(small, name))
        assert start.equals(whole.filter(pl.col("image_id") <= 1_200))


def test_rows_are_what_readers_accept(second):
    predictions, truth = pl.from_arrow(second.predictions), pl.from_arrow(second.ground_truth)
    sizes = pl.from_arrow(second.images).select("image_id", W="width", H="height")
    assert predictions.group_by("image_id").len()["len"].max() <= DETECTIONS_PER_IMAGE
    assert truth["ground_truth_id"].is_unique().all()
    for frame in (predictions, truth):
        assert frame["image_id"].is_sorted()
        assert frame["category_id"].is_between(1, CATEGORIES).all()
        boxes = frame.join(sizes, on="image_id", how="left")
        inside = (pl.col("x") >= 0) & (pl.col("x") + pl.col("width") <= pl.col("W") + 0.01)
        assert boxes.select((inside & (pl.col("height") > 0)).all()).item()
    ordered = predictions.with_columns(before=pl.col("score").shift(1).over("image_id"))
    assert ordered.select((pl.col("before") >= pl.col("score")).all()).item()
