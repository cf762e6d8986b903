"""ultrafast-pycocotools: pycocotools' interface over Rust."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from ultrafast_pycocotools import COCO, COCOeval

from benchmarks.programs.answer import Answer


def summary_from_json(folder: Path) -> Answer:
    truth = COCO(str(folder / "ground_truth.json"))
    run = _evaluated(truth, truth.loadRes(str(folder / "predictions.json")))
    run.summarize()
    return Answer.of(run.stats)


def summary_from_parquet(folder: Path) -> Answer:
    run = _evaluated(*_tables(folder))
    run.summarize()
    return Answer.of(run.stats)


def summary_of_loaded(folder: Path) -> Answer:
    """From JSON, whose handles it keeps in compact form: that is its fastest way."""
    truth, found = _files(folder)
    start = perf_counter()
    run = _evaluated(truth, found)
    seconds = perf_counter() - start
    run.summarize()
    return Answer(list(run.stats), seconds)


def precision_of_slices(folder: Path) -> Answer:
    """It has no slices: every one is evaluated anew, from handles that are loaded already."""
    from benchmarks.programs.slices import image_slices

    slices = image_slices(folder)
    truth, found = _files(folder)
    start = perf_counter()
    values = []
    for ids in slices.values():
        run = _evaluated(truth, found, ids)
        run.summarize()
        values.append(run.stats[0])
    return Answer.of(values, start)


def _files(folder: Path) -> tuple[COCO, COCO]:
    truth = COCO(str(folder / "ground_truth.json"))
    return truth, truth.loadRes(str(folder / "predictions.json"))


def _tables(folder: Path) -> tuple[COCO, COCO]:
    """Ground truth as dictionaries, for which there is no array form, and results as an array."""
    from benchmarks.programs import columns

    truth = COCO(
        {
            "images": columns.images(folder),
            "categories": columns.categories(folder),
            "annotations": columns.annotations(folder),
        }
    )
    return truth, truth.loadRes(columns.results(folder))


def _evaluated(truth: COCO, found: COCO, images: list[int] | None = None) -> COCOeval:
    run = COCOeval(truth, found, "bbox")
    if images is not None:
        run.params.imgIds = images
    run.evaluate()
    run.accumulate()
    return run
