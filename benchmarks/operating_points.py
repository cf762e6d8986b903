"""``python -m benchmarks.operating_points FOLDER``: do thresholds hold on images that they were not chosen on?

Images are divided in two halves, again and again. On one half thresholds are chosen, with the value that is
predicted for as many other images (``next_lower`` to ``next_upper``); on the other half the value is counted.
``inside`` is the share of divisions and classes whose value lies in that interval, ``in_confidence`` the share in the
narrower interval of the true value, ``too_good`` the mean of (value on the first half - value on the second).
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

import cvfail as cf
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.grouped_scores import GroupedScores

VOC_BUDGET = (
    "false positives <= 0.02 / image and class",
    "false_positives_per_image",
    {"best": "recall", "max_false_positives": 0.02},
)
WIDER_BUDGET = (
    "false positives <= 0.5 / image",
    "false_positives_per_image",
    {"best": "recall", "max_false_positives": 0.5},
)


def read_voc(folder: Path, detector: str) -> cf.tables.dataset.Dataset:
    voc = folder / "det_voc2007_test"
    truth, found = voc / "gt_coco.json", voc / f"{detector}.parquet"
    return cf.read_coco(truth, found, ignore="difficult", on_invalid="drop")


def read_wider(folder: Path) -> cf.tables.dataset.Dataset:
    wider = folder / "det_widerface_val"
    truth = pl.read_parquet(wider / "gt.parquet").with_columns(category_id=pl.lit("face"))
    found = pl.read_parquet(wider / "det_yolov7face.parquet").with_columns(category_id=pl.lit("face"))
    return cf.from_frames(
        ground_truth=truth.drop("event"),
        predictions=found,
        images=truth.select("image", "event").unique(maintain_order=True),
        box_format="xywh",
        columns={"image_id": "image"},
        on_invalid="drop",
    )


def part_of(data, images: pl.DataFrame, policy: cf.Policy) -> cf.Evaluation:
    """The evaluation of some of the images."""
    ids = images.select("image_id")
    tables = {
        name: getattr(data, name).join(ids, on="image_id", how="semi", maintain_order="left")
        for name in ("images", "ground_truth", "predictions")
    }
    return cf.evaluate(dataclasses.replace(data, **tables), policy, threads=1)


def value_of(group, threshold: float, measure: str) -> float | None:
    """What the threshold is worth on a group."""
    _, wrong, f1 = group.curve.at(threshold)
    return wrong / group.images if measure == "false_positives_per_image" else f1


def divisions(data, policy: cf.Policy, options: dict, measure: str, *, splits: int) -> list[dict]:
    """One row per division and class: what was predicted, and what came."""
    rows = []
    for split in range(splits):
        order = np.random.default_rng(split).permutation(len(data.images))
        half = len(order) // 2
        first, second = (
            part_of(data, data.images[np.sort(own).tolist()], policy) for own in (order[:half], order[half:])
        )
        table = first.operating_points(by="category", seed=split, **options)
        predicted = table.held_out.filter(measure=measure)
        groups = GroupedScores.of(OperatingPoint.of(second.evidence), ["category"]).groups
        for chosen, said, group in zip(
            table.df.iter_rows(named=True), predicted.iter_rows(named=True), groups, strict=True
        ):
            if chosen["source"] != "own" or not group.objects:
                continue
            rows.append({"actual": value_of(group, chosen["threshold"], measure), **said})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with det_voc2007_test and det_widerface_val")
    parser.add_argument("--splits", type=int, default=50)
    asked = parser.parse_args()
    detectors = {
        "VOC YOLOv2": (read_voc(asked.folder, "dets_yolov2_e150"), cf.Policy()),
        "VOC YOLOv3": (read_voc(asked.folder, "dets_yolov3"), cf.Policy()),
        "WIDER yolov7-face": (read_wider(asked.folder), cf.Policy(max_detections=(1, 10, 1000))),
    }
    print("detector | objective | cases | inside | in_confidence | too_good | held_out_off | seconds")
    for name, (data, policy) in detectors.items():
        budget = WIDER_BUDGET if name.startswith("WIDER") else VOC_BUDGET
        for objective, measure, options in (("F1", "f_score", {}), budget):
            start = perf_counter()
            frame = pl.DataFrame(divisions(data, policy, options, measure, splits=asked.splits))
            actual = pl.col("actual")
            shares = frame.select(
                inside=actual.is_between("next_lower", "next_upper").mean(),
                in_confidence=actual.is_between("held_out_lower", "held_out_upper").mean(),
                too_good=(pl.col("chosen_on") - actual).mean(),
                held_out_off=(pl.col("held_out") - actual).mean(),
            ).row(0)
            told = " | ".join(f"{share:.4f}" for share in shares)
            print(f"{name} | {objective} | {len(frame)} | {told} | {perf_counter() - start:.0f}", flush=True)


if __name__ == "__main__":
    main()
