"""WIDER FACE with the height of faces in bins."""

import functools

import polars as pl

import cvfail as cf
from cvfail.attributes.binning import bin_by_edges

HEIGHTS = (10, 20, 40, 80)
"""Edges in pixels."""

DETECTORS = ("det_yolov7face", "det_retinaface")
CONDITIONS = ["blur", "occlusion", "illumination", "pose", "invalid", "face_height"]
POLICY = cf.Policy(max_detections=(1, 10, 1000))


@functools.cache
def read_wider(folder, detector):
    """The whole set: 3,226 images."""
    truth = pl.read_parquet(folder / "gt.parquet").with_columns(category_id=pl.lit("face"))
    return cf.from_frames(
        ground_truth=truth.drop("event").with_columns(bin_by_edges(truth["h"], HEIGHTS).alias("face_height")),
        predictions=pl.read_parquet(folder / f"{detector}.parquet").with_columns(category_id=pl.lit("face")),
        images=truth.select("image", "event").unique(maintain_order=True),
        box_format="xywh",
        columns={"image_id": "image"},
        on_invalid="drop",
    )


@functools.cache
def evaluate_wider(folder, detector):
    return cf.evaluate(read_wider(folder, detector), POLICY)
