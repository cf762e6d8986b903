"""Reports of the demo, of many classes and of real models; names of a class and of files attack the page."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

import cvfail as cf
from benchmarks.synthetic import block
from cvfail.report.html import render
from cvfail.report.summary import summarise
from tests.demo_models import FILES, demo_models

CLASS = "<script>alert(1)</script>"
FILE = '"><img src=x>'

EVERY = {"voc": 4, "wider": 4, "cifar10": 2}
"""Every so many images are taken; with 1 for each, all tests held as well."""

NAMES = ("demo", "many_classes", "voc", "wider", "cifar10")


@dataclass(frozen=True)
class RealReport:
    """An evaluation, its summary, and the page."""

    name: str
    evaluation: cf.Evaluation
    summary: dict
    path: Path

    @property
    def detection(self):
        return self.evaluation.task == "detection"


def real_report(name, shared_data, folder) -> RealReport:
    """Evaluate, summarise and write; `shared_data` is called for the folder of real data where it is needed."""
    evaluation = cf.evaluate(attacking(_READERS[name](shared_data)))
    summary = summarise(evaluation)
    path = folder / f"{name}.html"
    path.write_text(render(summary), encoding="utf-8")
    return RealReport(name, evaluation, summary, path)


def attacking(data):
    """The class with most objects and every tenth file, with other names."""
    place = pl.int_range(pl.len())
    frequent = data.ground_truth["category_id"].mode().sort()[0]
    named = pl.coalesce("file_name", pl.format("{}.png", "image_id"))
    attack = pl.when(place % 10 == 0).then(pl.format("{}{}", pl.lit(FILE), place)).otherwise(named)
    return replace(
        data,
        images=data.images.with_columns(file_name=attack),
        categories=data.categories.with_columns(
            name=pl.when(category_id=frequent).then(pl.lit(CLASS)).otherwise(pl.col("name"))
        ),
    )


def _demo(_):
    with tempfile.TemporaryDirectory() as folder:
        demo_models(Path(folder), images=160, seed=7)
        return cf.read_coco(*(Path(folder) / name for name in FILES[:2]))


def _many_classes(_):
    """As many classes as LVIS has; at night nothing is found."""
    made = block(0, seed=1, images=60, categories=1_203)
    tables = {name: pl.from_arrow(getattr(made, name)) for name in ("images", "ground_truth", "predictions")}
    tables["images"] = tables["images"].select("image_id", "file_name", "width", "height", "time_of_day")
    night = tables["images"].filter(time_of_day="night")["image_id"]
    tables["predictions"] = tables["predictions"].filter(~pl.col("image_id").is_in(night.implode()))
    categories = pl.DataFrame({"category_id": range(1, 1_204)}).with_columns(
        name=pl.format("class {}", "category_id")
    )
    return cf.from_frames(**tables, categories=categories, box_format="xywh")


def _voc(shared_data):
    folder = shared_data() / "det_voc2007_test"
    data = cf.read_coco(folder / "gt_coco.json", folder / "dets_yolov3.parquet", on_invalid="drop")
    return _thinned(data, EVERY["voc"])


def _wider(shared_data):
    folder = shared_data() / "det_widerface_val"
    truth, found = (
        pl.read_parquet(folder / f"{name}.parquet").with_columns(category_id=pl.lit("face"))
        for name in ("gt", "det_yolov7face")
    )
    data = cf.from_frames(
        ground_truth=truth.drop("event"),
        predictions=found,
        images=truth.select("image", "event").unique(maintain_order=True),
        box_format="xywh",
        columns={"image_id": "image"},
        on_invalid="drop",
    )
    return _thinned(data, EVERY["wider"])


def _cifar10(shared_data):
    """With the most frequent label that people gave as attribute: whether it is the label of the set."""
    folder = shared_data() / "cls_cifar10_mnist"
    labels = np.load(folder / "cifar10_test_set_original_labels.npy")
    people = np.load(shared_data() / "cls_cifar10h" / "cifar10h-counts.npy").argmax(axis=1)
    data = cf.from_labels(labels, probabilities=np.load(folder / "cifar10_test_set_pyx.npy"))
    agreed = pl.Series("people_agree", np.where(people == labels, "yes", "no"))
    return _thinned(replace(data, images=data.images.with_columns(agreed)), EVERY["cifar10"])


def _thinned(data, every):
    images = data.images.gather_every(every)
    kept = pl.col("image_id").is_in(images["image_id"].implode())
    return replace(
        data,
        images=images,
        ground_truth=data.ground_truth.filter(kept),
        predictions=data.predictions.filter(kept),
    )


_READERS = {"demo": _demo, "many_classes": _many_classes, "voc": _voc, "wider": _wider, "cifar10": _cifar10}
