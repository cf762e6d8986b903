"""Readers on annotations that nobody on this project made."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cvfail.errors import SchemaError
from cvfail.io.coco import read_coco
from cvfail.io.frames import from_frames
from cvfail.io.labels import from_labels


def test_coco_val100_is_read_whole(shared_data):
    folder = shared_data / "det_coco2014_val100"
    data = read_coco(
        folder / "instances_val2014_100.json", folder / "instances_val2014_fakebbox100_results.json"
    )
    assert [data.frame(t).height for t in ("images", "categories", "ground_truth", "predictions")] == [
        100,
        80,
        839,
        734,
    ]
    assert data.ground_truth["is_crowd"].sum() == 9
    assert (data.ground_truth["area"] != data.ground_truth["width"] * data.ground_truth["height"]).any()


def test_masks_without_boxes_are_refused_with_advice(shared_data):
    folder = shared_data / "det_coco2014_val100"
    with pytest.raises(SchemaError, match=r"734 of 734 .* look like masks"):
        read_coco(
            folder / "instances_val2014_100.json", folder / "instances_val2014_fakesegm100_results.json"
        )


@pytest.mark.parametrize(("detector", "rows", "bad"), [("yolov2_e150", 101139, 0), ("yolov3", 87765, 3)])
def test_voc_is_the_same_from_json_and_from_parquet(shared_data, detector, rows, bad):
    folder = shared_data / "det_voc2007_test"
    found = folder / f"dets_{detector}.parquet"
    options = {"ignore": "difficult", "on_invalid": "drop"}
    data = read_coco(folder / "gt_coco.json", found, **options)
    assert data.predictions.height == rows - bad
    assert data.rejected.height == bad
    assert data.ground_truth["is_ignored"].sum() == 2944
    assert data.attributes("ground_truth") == ["ignore", "difficult", "truncated", "pose"]
    frames = from_frames(
        ground_truth=pl.read_parquet(folder / "gt.parquet"),
        predictions=pl.scan_parquet(found),
        images=pl.read_parquet(folder / "images.parquet"),
        box_format="xywh",
        **options,
    )
    for table in ("images", "ground_truth", "predictions"):
        assert_frame_equal(frames.frame(table), data.frame(table), check_column_order=False, check_exact=True)


def test_float32_scores_of_voc_are_widened_and_not_rounded(shared_data):
    folder = shared_data / "det_voc2007_test"
    given = pl.read_parquet(folder / "dets_yolov2_e150.parquet")
    data = read_coco(folder / "gt_coco.json", folder / "dets_yolov2_e150.parquet")
    assert given.schema["score"] == pl.Float32
    assert data.predictions["score"].cast(pl.Float32).equals(given["score"])


@pytest.mark.parametrize(("detector", "rows"), [("yolov7face", 123525), ("retinaface", 369730)])
def test_wider_keeps_its_attributes_and_its_odd_boxes(shared_data, detector, rows):
    folder = shared_data / "det_widerface_val"
    face = pl.lit("face").alias("category_id")
    truth = pl.read_parquet(folder / "gt.parquet").with_columns(face)
    found = pl.read_parquet(folder / f"det_{detector}.parquet").with_columns(face)
    options = {"box_format": "xywh", "columns": {"image_id": "image"}}
    with pytest.raises(SchemaError, match="w must not be negative; 1 of 39708"):
        from_frames(ground_truth=truth, predictions=found, **options)
    data = from_frames(ground_truth=truth, predictions=found, **options, on_invalid="drop")
    assert data.images.height == 3226
    assert data.predictions.height == rows
    assert data.rejected["record"].to_list() == [30698]
    assert {"blur", "expression", "event", "occlusion"} <= set(data.attributes("ground_truth"))
    is_flat = (data.ground_truth["width"] == 0) | (data.ground_truth["height"] == 0)
    assert is_flat.sum() == 10


def test_lvis_is_read_without_results(shared_data):
    data = read_coco(shared_data / "det_lvis_val100_gt_only" / "lvis_val_100.json", [])
    assert data.categories["frequency"].unique().sort().to_list() == ["c", "f", "r"]
    assert data.ground_truth.height == 977


def test_degraded_photographs_are_a_classification_with_a_response_of_its_own(shared_data):
    trials = pl.read_parquet(shared_data / "cls_16class_degradations" / "trials.parquet")
    data = from_labels(trials["category"], trials["response"], attributes=trials.drop("category"))
    assert data.images.height == 343040
    assert data.categories["name"][-1] == "na"
    assert "condition" in data.attributes("images")


@pytest.mark.parametrize(("name", "accuracy"), [("cifar10", 0.9294), ("mnist", 0.9913)])
def test_probabilities_of_cifar_and_mnist_give_the_known_accuracy(shared_data, name, accuracy):
    np = pytest.importorskip("numpy")
    folder = shared_data / "cls_cifar10_mnist"
    data = from_labels(
        np.load(folder / f"{name}_test_set_original_labels.npy"),
        probabilities=np.load(folder / f"{name}_test_set_pyx.npy"),
    )
    right = (data.ground_truth["category_id"] == data.predictions["category_id"]).mean()
    assert right == pytest.approx(accuracy, abs=1e-12)
