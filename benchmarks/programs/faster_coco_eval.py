"""faster-coco-eval: pycocotools with its loops in C++."""

from __future__ import annotations

from pathlib import Path

from faster_coco_eval import COCO, COCOeval_faster

from benchmarks.programs.answer import Answer


def summary_from_json(folder: Path) -> Answer:
    truth = COCO(str(folder / "ground_truth.json"))
    run = COCOeval_faster(truth, truth.loadRes(str(folder / "predictions.json")), "bbox")
    run.evaluate()
    run.accumulate()
    run.summarize()
    return Answer.of(run.stats[:12])
