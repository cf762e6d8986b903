"""hotcoco: an evaluator in Rust."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from hotcoco import COCO, COCOeval

from benchmarks.programs.answer import Answer


def summary_from_json(folder: Path) -> Answer:
    truth = COCO(str(folder / "ground_truth.json"))
    return _summary(truth, truth.load_res(str(folder / "predictions.json")))


def summary_from_parquet(folder: Path) -> Answer:
    return _summary(*_tables(folder))


def summary_of_loaded(folder: Path) -> Answer:
    truth, found = _tables(folder)
    start = perf_counter()
    run = COCOeval(truth, found, "bbox")
    run.evaluate()
    run.accumulate()
    seconds = perf_counter() - start
    run.summarize()
    return Answer(list(run.stats), seconds)


def precision_of_slices(folder: Path) -> Answer:
    from benchmarks.programs.slices import image_slices

    slices = image_slices(folder)
    run = COCOeval(*_tables(folder), "bbox")
    run.evaluate()
    start = perf_counter()
    answer = run.slice_by(slices)
    return Answer.of((answer[name]["AP"] for name in slices), start)


def confusion_of_saved(folder: Path) -> Answer:
    """hotcoco saves no evaluation: the matrix is that of an evaluation in memory, of hotcoco's own definition."""
    run = COCOeval(*_tables(folder), "bbox")
    run.evaluate()
    start = perf_counter()
    run.confusion_matrix(iou_thr=0.5, min_score=0.4)
    return Answer.of((), start)


def _tables(folder: Path) -> tuple[COCO, COCO]:
    from benchmarks.programs import columns

    frame = columns.ground_truth(folder)
    truth = COCO.from_arrays(
        columns.images(folder),
        columns.categories(folder),
        frame["image_id"].to_numpy(),
        frame["category_id"].to_numpy(),
        columns.boxes(frame),
        ids=frame["ground_truth_id"].to_numpy(),
        area=frame["area"].to_numpy(),
        iscrowd=frame["is_crowd"].to_numpy(),
    )
    return truth, truth.load_res(columns.results(folder))


def _summary(truth: COCO, found: COCO) -> Answer:
    run = COCOeval(truth, found, "bbox")
    run.run()
    return Answer.of(run.stats)
