"""pycocotools, the reference implementation."""

from __future__ import annotations

from pathlib import Path

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.programs.answer import Answer


def summary_from_json(folder: Path) -> Answer:
    truth = COCO(str(folder / "ground_truth.json"))
    run = COCOeval(truth, truth.loadRes(str(folder / "predictions.json")), "bbox")
    run.evaluate()
    run.accumulate()
    run.summarize()
    return Answer.of(run.stats)
