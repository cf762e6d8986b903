"""A random evaluation with attributes of every kind, and the units of each question in plain Polars."""

import dataclasses

import numpy as np
import polars as pl

from cvfail.evaluation import evaluate
from cvfail.evidence.evidence import BACKGROUND
from cvfail.matching.policy import Policy
from tests.scenes import detection, random_records

OBJECT_TARGETS = (
    "recall",
    "missed",
    "classification",
    "localisation",
    "class 5→class 2",
    "class 2->class 5",
    "class 9 → (background)",
)
PREDICTION_TARGETS = ("precision", "duplicate", "background", "both", f"{BACKGROUND}→class 5")
COLUMN_TARGETS = {"hidden": "ground_truth", "damage": "ground_truth", "flicker": "predictions"}


def scene(*, images=120, seed=8):
    """Images of sequences of two with light and brightness; objects and predictions with columns and nulls."""
    ids, _, faces, found = random_records(seed, images=images)
    random = np.random.default_rng(seed)
    data = detection(
        ids,
        [2, 5, 9, 11],
        faces,
        found,
        light=random.choice(["day", "night", None], images).tolist(),
        brightness=random.random(images).tolist(),
        cluster_id=[f"sequence {k // 2}" for k in range(images)],
    )
    truth = data.ground_truth.with_columns(
        occlusion=_with_nulls(random, random.integers(0, 3, len(faces))),
        hidden=_with_nulls(random, random.random(len(faces)) < 0.3),
        damage=_with_nulls(random, random.integers(0, 5, len(faces)) / 2.0),
        cost=random.integers(1, 4, len(faces)),
    )
    predictions = data.predictions.with_columns(
        flicker=_with_nulls(random, random.random(len(found)) < 0.4), cost=random.random(len(found))
    )
    return dataclasses.replace(data, ground_truth=truth, predictions=predictions)


def evaluation(**options):
    return evaluate(scene(**options), Policy(score=0.2))


def _with_nulls(random, values):
    return pl.Series(values).set(pl.Series(random.random(values.size) < 0.1), None)


def plain_units(evaluation, target):
    """The rows that a question counts, with ``error`` and the attributes light, brightness, category and size."""
    confused = [side.strip() for side in target.replace("->", "→").split("→")]
    if target in COLUMN_TARGETS:
        table = COLUMN_TARGETS[target]
        units = (_objects if table == "ground_truth" else _predictions)(evaluation)
        return table, units.drop_nulls(target).with_columns(error=pl.col(target).cast(pl.Float64))
    if len(confused) == 2:
        return _confusion(evaluation, *confused)
    if target in OBJECT_TARGETS:
        wrong = pl.col("outcome") != "found" if target == "recall" else pl.col("outcome") == target
        return "ground_truth", _objects(evaluation).with_columns(error=wrong.cast(pl.Float64))
    wrong = pl.col("outcome") == "false_positive"
    if target != "precision":
        wrong = (pl.col("error_type") == target).fill_null(value=False)
    return "predictions", _predictions(evaluation).with_columns(error=wrong.cast(pl.Float64))


def _confusion(evaluation, true, predicted):
    examples = evaluation.confusion_matrix().examples(true, predicted)
    if true == BACKGROUND:
        table, units, own = "predictions", _predictions(evaluation), predicted
    else:
        table, units, own = "ground_truth", _objects(evaluation), true
    index = "prediction_index" if true == BACKGROUND else "ground_truth_index"
    wrong = pl.col(index).is_in(examples[index].implode())
    return table, units.filter(pl.col("category") == own).with_columns(error=wrong.cast(pl.Float64))


def _objects(evaluation):
    rows = evaluation.ground_truth_at().filter(pl.col("outcome") != "ignored")
    return _with_context(evaluation, rows, pl.col("area"))


def _predictions(evaluation):
    rows = evaluation.predictions_at().filter(pl.col("outcome").is_in(["true_positive", "false_positive"]))
    return _with_context(evaluation, rows, pl.col("width") * pl.col("height"))


def _with_context(evaluation, rows, area):
    images = evaluation.images.select("image_id", "light", "brightness")
    names = evaluation.categories.select("category_id", category="name")
    size = pl.when(area < 1024).then(pl.lit("small")).when(area < 9216).then(pl.lit("medium"))
    return (
        rows.join(images, on="image_id", how="left", maintain_order="left")
        .join(names, on="category_id", how="left", maintain_order="left")
        .with_columns(size=size.otherwise(pl.lit("large")))
    )


def of_slice(units, text):
    """The units that satisfy the predicates of a slice, read from its words."""
    for predicate in text.split(" & "):
        name, value = predicate.split("=", 1)
        units = units.filter(_satisfied(name, value))
    return units


def _satisfied(name, value):
    column = pl.col(name)
    if value == "(null)":
        return column.is_null()
    if name != "brightness":
        return column.cast(pl.String) == value
    if value.startswith("< "):
        return column < float(value[2:])
    if value.startswith("≥ "):
        return column >= float(value[2:])
    low, high = map(float, value.split(" – "))
    return (column >= low) & (column < high)
