"""Classification from labels, scores or probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from cvfail.errors import PolicyError, Problem, SchemaError
from cvfail.io.adapters import ColumnLike, TableLike, as_column, as_polars
from cvfail.io.answers import Answers, positive_or_negative, probable_classes, said_classes
from cvfail.tables.dataset import Dataset
from cvfail.tables.findings import Findings
from cvfail.tables.raw import RawTable
from cvfail.tables.validation import OnInvalid, validated

Labels = Sequence[Any] | Mapping[Any, str]
"""The classes in order, or the name of each class."""


def from_labels(
    true: ColumnLike,
    predicted: ColumnLike | None = None,
    *,
    scores: ColumnLike | None = None,
    probabilities: ColumnLike | None = None,
    labels: Labels | None = None,
    image_ids: ColumnLike | None = None,
    attributes: TableLike | None = None,
    threshold: float = 0.5,
    on_invalid: OnInvalid = "raise",
) -> Dataset:
    """Read the labels and the predicted classes of images, binary or multiclass.

    Say what the model gave: its classes (`predicted`), its classes and their confidence (`predicted` and
    `scores`), a score of the positive class (`scores` alone), or a probability for each class
    (`probabilities`, with `predicted` where the class is not the most probable one).

    Args:
        true: The label of each image, integers or strings, shape (n,).
        predicted: The predicted class of each image, of the same type, shape (n,).
        scores: Confidence in [0, 1], shape (n,): in the predicted class where `predicted` is given, else in
            the positive class, which is the second of two labels.
        probabilities: One row per image, one column per class in the order of `labels`, shape (n, k). Rows
            sum to 1. Among equal probabilities the first class wins.
        labels: The classes in order, ``["cat", "dog"]``, or with names, ``{0: "cat", 1: "dog"}``. Default:
            the values of `true`, ascending; for integers with `probabilities` 0 to k - 1.
        image_ids: Integers or strings, shape (n,). Default: the row number.
        attributes: A table with one row per image, in the same order. `file_name`, `width`, `height` and
            `cluster_id` mean what they mean in `from_frames`; the other columns are attributes of the images.
        threshold: With `scores` alone: the image is positive if its score reaches this.
        on_invalid: ``"raise"`` all problems at once, or ``"drop"`` the images that have one and keep the
            reason in `Dataset.rejected`.

    Returns:
        A `Dataset` for classification with one row per image in `images`, `ground_truth` and `predictions`;
        `score` is the confidence in the predicted class, null where the model gave none. A predicted class
        that is no label becomes a category of its own.

    Raises:
        SchemaError: Values break the rules; every problem is in `problems`.
        PolicyError: The arguments do not say what the model predicted.

    Example:
        >>> data = from_labels(["cat", "dog"], probabilities=[[0.9, 0.1], [0.6, 0.4]])
        >>> data.predictions.select("category_id", "score").rows()
        [('cat', 0.9), ('cat', 0.6)]
    """
    truth = as_column(true, "true")
    said = _column(predicted, "predicted", truth)
    confidence = _column(scores, "scores", truth)
    classes = None if labels is None else list(labels)
    findings = Findings()
    if probabilities is not None:
        answers = probable_classes(probabilities, truth, said, classes, findings)
    elif said is not None:
        answers = said_classes(said, confidence)
    elif confidence is not None:
        answers = positive_or_negative(confidence, truth, classes, threshold)
    else:
        raise PolicyError(
            "nothing says what the model answered. Hint: pass predicted, scores or probabilities"
        )
    images = _images(_column(image_ids, "image_ids", truth), attributes, truth.len())
    tables = _tables(truth, answers, images, labels)
    return _complete(validated(tables, task="classification", on_invalid=on_invalid, findings=findings))


def _column(values: ColumnLike | None, name: str, truth: pl.Series) -> pl.Series | None:
    """An argument as a column, which must be as long as the labels."""
    if values is None:
        return None
    column = as_column(values, name)
    if column.len() != truth.len():
        raise _wrong_length(name, column.len(), truth.len())
    return column


def _images(ids: pl.Series | None, attributes: TableLike | None, number: int) -> pl.DataFrame:
    """One row per image: its id and its attributes."""
    ids = pl.int_range(number, eager=True) if ids is None else ids
    frame = pl.DataFrame([ids.alias("image_id")])
    if attributes is None:
        return frame
    given = as_polars(attributes, "attributes")
    if given.height != number:
        raise _wrong_length("attributes", given.height, number)
    return frame.hstack(given.drop("image_id", strict=False))


def _tables(
    truth: pl.Series, answers: Answers, images: pl.DataFrame, labels: Labels | None
) -> dict[str, RawTable]:
    ids = images["image_id"]
    fields = {"image_id": "image_ids", "category_id": "true"}
    said = {**fields, "category_id": "predicted", "score": "scores"}
    told = {"image_id": ids.is_null() | ~ids.is_first_distinct()}
    tables = {
        "images": RawTable(images, section="attributes", fields=fields),
        "ground_truth": RawTable(
            pl.DataFrame([ids, truth.alias("category_id")]), section="labels", fields=fields, told=told
        ),
        "predictions": RawTable(
            pl.DataFrame([ids, *answers.columns]), section="labels", fields=said, told=answers.told | told
        ),
    }
    classes = list(labels) if labels is not None else answers.classes
    if classes is not None:
        names = [labels[c] for c in labels] if isinstance(labels, Mapping) else [str(c) for c in classes]
        frame = pl.DataFrame({"category_id": list(classes), "name": names})
        tables["categories"] = RawTable(frame, section="labels", fields={"category_id": "labels"})
    return tables


def _complete(data: Dataset) -> Dataset:
    """The dataset without images of which the label or the answer was dropped."""
    if data.rejected.is_empty():
        return data
    labelled = data.ground_truth.join(data.predictions, on="image_id", how="semi")
    return replace(
        data,
        images=data.images.join(labelled, on="image_id", how="semi"),
        ground_truth=labelled,
        predictions=data.predictions.join(labelled, on="image_id", how="semi"),
    )


def _wrong_length(name: str, length: int, images: int) -> SchemaError:
    problem = Problem(
        source="labels",
        field=name,
        rule=f"{name} must have one value per image",
        found=f"{length} values for {images} labels",
        hint="pass columns of the same table, in the same order",
    )
    return SchemaError([problem])
