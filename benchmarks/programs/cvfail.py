"""cvfail."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from time import perf_counter

import cvfail as cf
from benchmarks.programs.answer import Answer

SAVED = "evaluation"
"""The saved evaluation that later questions read, inside the dataset's folder."""


def summary_from_json(folder: Path) -> Answer:
    data = cf.read_coco(folder / "ground_truth.json", folder / "predictions.json")
    return Answer.of(_summary(cf.evaluate(data)))


def summary_from_parquet(folder: Path) -> Answer:
    return Answer.of(_summary(cf.evaluate(cf.read_parquet(folder))))


def summary_of_loaded(folder: Path) -> Answer:
    """After one evaluation of a single box, which loads the cached kernels."""
    data = cf.read_parquet(folder)
    _summary(_of_one_box())
    start = perf_counter()
    return Answer.of(_summary(cf.evaluate(data)), start)


def outcomes_saved(folder: Path) -> Answer:
    """Predictions, ground truth and all pairs with their outcomes, as Parquet."""
    evaluation = cf.evaluate(cf.read_parquet(folder))
    with tempfile.TemporaryDirectory(dir=folder) as place:
        evaluation.save(Path(place) / SAVED)
    return Answer.of(_summary(evaluation))


def save_evaluation(folder: Path) -> Answer:
    """Not timed: what the next program opens."""
    cf.evaluate(cf.read_parquet(folder)).save(folder / SAVED)
    return Answer()


def confusion_of_saved(folder: Path) -> Answer:
    """After the matrix of a single box, which loads the cached kernels."""
    _of_one_box().confusion_matrix()
    start = perf_counter()
    cf.open(folder / SAVED).confusion_matrix(iou=0.5, score=0.4)
    return Answer.of((), start)


def precision_of_slices(folder: Path) -> Answer:
    """AP of every class in every slice, from one match; the mean over classes is what the others give."""
    import polars as pl

    from benchmarks.programs.slices import ATTRIBUTES

    evaluation = cf.evaluate(cf.read_parquet(folder))
    start = perf_counter()
    values: list[float] = []
    for name in ATTRIBUTES:
        table = evaluation.average_precision(by=name, replicates=0).df
        values += table.group_by(name).agg(pl.mean("ap")).sort(name)["ap"].to_list()
    return Answer.of(values, start)


def summary_out_of_core(folder: Path) -> Answer:
    """From nothing: what a stopped run left would be gone on with."""
    for old in (SAVED, f".{SAVED}.draft"):
        shutil.rmtree(folder / old, ignore_errors=True)
    scan = cf.scan_parquet(folder)
    return Answer.of(_summary(cf.evaluate(scan, folder=folder / SAVED, memory="4GB")))


def questions_out_of_core(folder: Path) -> Answer:
    """Confusion matrix, and metrics by an attribute of the images, of what `summary_out_of_core` left."""
    evaluation = cf.open(folder / SAVED)
    evaluation.confusion_matrix(iou=0.5, score=0.4)
    return Answer.of(evaluation.metrics(by="time_of_day", score=0.4).df["recall"])


def _of_one_box() -> cf.Evaluation:
    box = {"image_id": [1], "category_id": [1], "bbox": [[0, 0, 9, 9]]}
    return cf.evaluate(
        cf.from_frames(ground_truth=box, predictions={**box, "score": [0.5]}, box_format="xywh")
    )


def _summary(evaluation: cf.Evaluation) -> list[float | None]:
    return evaluation.coco_summary(replicates=0).df["estimate"].to_list()
