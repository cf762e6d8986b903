"""Reference tools behind one call each."""

from __future__ import annotations

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def pycocotools(images, categories, annotations, detections, *, max_detections=None, iou_thresholds=None):
    """Run COCOeval on records; returns the evaluated object (precision, recall and stats filled)."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": i, "width": 1000, "height": 1000} for i in images],
            "categories": [{"id": c, "name": str(c)} for c in categories],
            "annotations": [
                {
                    "id": n + 1,
                    "area": a["bbox"][2] * a["bbox"][3],
                    "iscrowd": 0,
                    **{key: value for key, value in a.items() if key != "id"},
                }
                for n, a in enumerate(annotations)
            ],
        }
        truth.createIndex()
        found = truth.loadRes([dict(d) for d in detections])
        evaluation = COCOeval(truth, found, "bbox")
        if max_detections is not None:
            evaluation.params.maxDets = list(max_detections)
        if iou_thresholds is not None:
            evaluation.params.iouThrs = np.asarray(iou_thresholds)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation
