"""Scenes: what the rest of the demo relies on."""

from datetime import datetime
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from cvfail.demo.annotations import IMAGE_ATTRIBUTES
from cvfail.demo.scenes.conditions import draw_conditions
from tests.demo.plain_boxes import intersection, overlap


def boxes_by_image(simulation):
    return [[item.box.tolist() for item in scene.objects] for scene in simulation.scenes]


def test_every_object_lies_inside_its_image_or_ends_at_its_left_or_right_border(plain):
    objects = plain.objects.filter(~pl.col("is_crowd"))
    assert objects["top"].min() >= 1
    assert objects["bottom"].max() <= 239
    whole = objects.filter(pl.col("truncation") == "none")
    assert whole["left"].min() >= 1
    assert whole["right"].max() <= 319
    ends = objects.filter(pl.col("truncation") == "partial").select(
        left=pl.col("left") == 0, right=pl.col("right") == 320
    )
    assert (ends["left"] != ends["right"]).all()


def test_a_tenth_of_objects_is_cut_in_every_slice_of_image_attributes(plain):
    objects = plain.objects.filter(~pl.col("is_crowd")).join(plain.images, on="image_id")
    cut = (pl.col("truncation") == "partial").mean().alias("cut")
    assert objects.select(cut).item() == pytest.approx(0.11, abs=0.02)
    for name in (*IMAGE_ATTRIBUTES, "category", "occlusion"):
        shares = objects.group_by(name).agg(cut)["cut"]
        assert 0.04 < shares.min() <= shares.max() < 0.18, name


def test_at_least_two_fifths_of_a_cut_object_is_visible(plain):
    for scene in plain.scenes:
        camera = scene.conditions.mounting
        objects = [thing for thing in scene.things if thing.category]
        for item in scene.objects:
            if item.truncation == "partial":
                own = next(t for t in objects if np.allclose(camera.visible_box(t.sides), item.box))
                left, _, right, _ = camera.box(own.outline)
                assert 0.4 <= (item.box[2] - item.box[0]) / (right - left) <= 0.85


def test_no_two_objects_overlap_enough_to_be_taken_for_each_other(plain):
    worst = max(overlap(a, b) for boxes in boxes_by_image(plain) for a, b in combinations(boxes, 2))
    assert worst <= 0.05


def test_no_object_is_within_a_crowd_region(plain):
    shares = [
        intersection(item.box, region.box) / intersection(item.box, item.box)
        for scene in plain.scenes
        for region in scene.regions
        for item in scene.objects
    ]
    assert shares
    assert max(shares) <= 0.35


def test_sizes_reach_from_small_to_large_and_occlusion_has_three_levels(planted):
    objects = planted.objects.filter(~pl.col("is_crowd"))
    assert (objects["area"] < 32**2).mean() == pytest.approx(0.55, abs=0.1)
    assert (objects["area"] > 96**2).sum() >= 5
    assert objects["area"].min() > 60
    assert set(objects["occlusion"]) == {"none", "partial", "heavy"}
    assert set(objects["category"]) == {"car", "truck", "bus", "pedestrian", "cyclist", "traffic_sign"}


def test_density_says_how_many_objects_there_are(plain):
    counted = plain.objects.filter(~pl.col("is_crowd")).group_by("image_id").len()
    dense = plain.images.join(counted, on="image_id", how="left").with_columns(pl.col("len").fill_null(0))
    assert dense.filter(pl.col("density") == "crowded")["len"].min() >= 7
    assert dense.filter(pl.col("density") == "sparse")["len"].max() < 7
    assert 0.15 < (dense["density"] == "crowded").mean() < 0.45


def test_the_time_of_capture_agrees_with_the_time_of_day(plain):
    for time_of_day, moment in plain.images.select("time_of_day", "captured").iter_rows():
        assert (8 <= datetime.fromisoformat(moment).hour < 18) == (time_of_day == "day")


def test_over_the_default_number_of_images_designed_attributes_do_not_go_together():
    conditions = draw_conditions(np.random.default_rng(0), 320)
    names = ("time_of_day", "camera", "blur", "annotator")
    table = pl.DataFrame([{name: getattr(c, name) for name in names} for c in conditions])
    for first, second in combinations(names, 2):
        shares = table.group_by(first, second).len().sort(first, second)
        alone = [dict(table.group_by(name).len().iter_rows()) for name in (first, second)]
        for a, b, together in shares.iter_rows():
            assert together == alone[0][a] * alone[1][b] / 320


def test_every_image_attribute_has_all_its_values(plain):
    values = {name: set(plain.images[name]) for name in IMAGE_ATTRIBUTES}
    assert values == {
        "time_of_day": {"day", "night"},
        "weather": {"clear", "cloudy", "rain"},
        "camera": {"cam_a", "cam_b", "cam_c", "cam_d"},
        "blur": {"sharp", "blurred"},
        "density": {"sparse", "crowded"},
        "annotator": {"anna", "ben", "chris", "dora"},
    }
