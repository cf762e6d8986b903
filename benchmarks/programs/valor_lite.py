"""valor-lite: matching and metrics over Arrow tables, in Python. Its average precision is not COCO's."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from valor_lite.object_detection.annotation import BoundingBox, Detection
from valor_lite.object_detection.loader import Loader

from benchmarks.programs.answer import Answer


def summary_from_json(folder: Path) -> Answer:
    """Time only: it knows neither crowds nor a limit of detections, so that its numbers are others."""
    truth = json.loads((folder / "ground_truth.json").read_bytes())
    objects, found = defaultdict(list), defaultdict(list)
    for record in truth["annotations"]:
        objects[record["image_id"]].append(_box(record, len(objects)))
    for record in json.loads((folder / "predictions.json").read_bytes()):
        found[record["image_id"]].append(_box(record, len(found), scores=[record["score"]]))
    loader = Loader.in_memory()
    for image in truth["images"]:
        key = image["id"]
        if objects[key] and found[key]:  # it stumbles over images that lack either
            loader.add_bounding_boxes([Detection(str(key), objects[key], found[key])])
    ladder = [0.5 + step / 20 for step in range(10)]
    loader.finalize().compute_precision_recall(iou_thresholds=ladder, score_thresholds=[0.0])
    return Answer()


def _box(record: dict, number: int, **scores: list[float]) -> BoundingBox:
    x, y, width, height = record["bbox"]
    return BoundingBox(str(number), x, x + width, y, y + height, [str(record["category_id"])], **scores)
