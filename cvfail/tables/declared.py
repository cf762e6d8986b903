"""Every table of cvfail, said once: what a row is, what its columns hold, what null means."""

from __future__ import annotations

import polars as pl

from cvfail.tables.schema import NULL, ROW_NUMBER, Column, Default, Table

_FALSE = Default("false", pl.lit(value=False))
_IMAGE_ID = Column(name="image_id", dtype="id", meaning="the image")
_CATEGORY_ID = Column(name="category_id", dtype="id", meaning="the class")

_BOX = (
    Column(name="x", dtype=pl.Float64, unit="px", meaning="left edge of the box, as given"),
    Column(name="y", dtype=pl.Float64, unit="px", meaning="top edge of the box, as given"),
    Column(name="width", dtype=pl.Float64, unit="px", minimum=0, meaning="width of the box, as given"),
    Column(name="height", dtype=pl.Float64, unit="px", minimum=0, meaning="height of the box, as given"),
)

IMAGES = Table(
    "images",
    "an image (or item)",
    (
        Column(name="image_id", dtype="id", unique=True, meaning="the id that the other tables refer to"),
        Column(
            name="file_name",
            dtype=pl.String,
            default=NULL,
            meaning="path of the image inside the image folder",
            null="not known",
        ),
        Column(
            name="width",
            dtype=pl.Int64,
            unit="px",
            minimum=0,
            default=NULL,
            meaning="width of the image",
            null="not known",
        ),
        Column(
            name="height",
            dtype=pl.Int64,
            unit="px",
            minimum=0,
            default=NULL,
            meaning="height of the image",
            null="not known",
        ),
        Column(
            name="cluster_id",
            dtype="id",
            default=Default("image_id", pl.col("image_id")),
            meaning="what images that are not independent share: a video, a scene, a patient",
        ),
    ),
)

CATEGORIES = Table(
    "categories",
    "a class",
    (
        Column(name="category_id", dtype="id", unique=True, meaning="the id that the other tables refer to"),
        Column(
            name="name",
            dtype=pl.String,
            default=Default("category_id as text", pl.col("category_id").cast(pl.String)),
            meaning="the name that tables and reports show",
        ),
        Column(
            name="supercategory",
            dtype=pl.String,
            default=NULL,
            meaning="the group that the class belongs to",
            null="no group",
        ),
        Column(
            name="frequency",
            dtype=pl.String,
            default=NULL,
            meaning="how common the class was in training, as LVIS says it: r, c or f",
            null="not known",
        ),
    ),
)

_GROUND_TRUTH_ID = Column(
    name="ground_truth_id",
    dtype="id",
    unique=True,
    default=ROW_NUMBER,
    meaning="the id of the annotation",
)
_FLAGS = (
    Column(
        name="is_crowd",
        dtype=pl.Boolean,
        default=_FALSE,
        meaning="whether it stands for many objects at once: absorbs predictions and is never missed",
    ),
    Column(
        name="is_ignored",
        dtype=pl.Boolean,
        default=_FALSE,
        meaning="whether the annotation counts neither for nor against the model",
    ),
)
_PREDICTION_ID = Column(
    name="prediction_id",
    dtype="id",
    unique=True,
    default=ROW_NUMBER,
    meaning="the id of the prediction",
)

DETECTION_GROUND_TRUTH = Table(
    "ground_truth",
    "an annotated object",
    (
        _GROUND_TRUTH_ID,
        _IMAGE_ID,
        _CATEGORY_ID,
        *_BOX,
        Column(
            name="area",
            dtype=pl.Float64,
            unit="px²",
            minimum=0,
            default=Default("width × height", pl.col("width") * pl.col("height")),
            meaning="area of the object, which decides its size class; of the mask where one was drawn",
        ),
        *_FLAGS,
    ),
)

DETECTION_PREDICTIONS = Table(
    "predictions",
    "a predicted object",
    (
        _PREDICTION_ID,
        _IMAGE_ID,
        _CATEGORY_ID,
        Column(
            name="score",
            dtype=pl.Float64,
            minimum=0,
            maximum=1,
            meaning="the model's confidence",
        ),
        *_BOX,
    ),
)

_CLASSIFIED_IMAGE_ID = Column(name="image_id", dtype="id", unique=True, meaning="the image")

CLASSIFICATION_GROUND_TRUTH = Table(
    "ground_truth",
    "the label of an image",
    (_GROUND_TRUTH_ID, _CLASSIFIED_IMAGE_ID, _CATEGORY_ID, *_FLAGS),
)

CLASSIFICATION_PREDICTIONS = Table(
    "predictions",
    "the predicted class of an image",
    (
        _PREDICTION_ID,
        _CLASSIFIED_IMAGE_ID,
        _CATEGORY_ID,
        Column(
            name="score",
            dtype=pl.Float64,
            minimum=0,
            maximum=1,
            default=NULL,
            meaning="the model's confidence in the predicted class",
            null="the model gave none",
        ),
        Column(
            name="probabilities",
            dtype=pl.List(pl.Float64),
            optional=True,
            meaning="probability of each class, in the order of the categories",
        ),
    ),
)

PAIRS = Table(
    "pairs",
    "a prediction and a ground truth of one image whose boxes overlap, same class or not",
    (
        Column(name="prediction_index", dtype=pl.Int64, meaning="row number in predictions"),
        Column(name="ground_truth_index", dtype=pl.Int64, meaning="row number in ground_truth"),
        Column(
            name="overlap",
            dtype=pl.Float64,
            minimum=0,
            maximum=1,
            meaning="intersection over union; over the prediction's area where the ground truth is a crowd",
        ),
        Column(name="same_category", dtype=pl.Boolean, meaning="whether both have the same class"),
        Column(
            name="matched",
            dtype=pl.UInt16,
            meaning="bit t is set where the two are matched at threshold t of the IoU ladder",
        ),
    ),
)

PREDICTION_OUTCOMES = (
    Column(name="prediction_index", dtype=pl.Int64, meaning="row number in predictions"),
    Column(name="rank", dtype=pl.Int32, meaning="position by score in its image and class, from 0"),
    Column(name="matched", dtype=pl.UInt16, meaning="bit t is set where it is matched at IoU threshold t"),
    Column(
        name="ignored",
        dtype=pl.UInt16,
        meaning="bit t is set where it counts neither as right nor as wrong at IoU threshold t",
    ),
)
"""`matched` and `ignored` are about all sizes; `matched_small`, `ignored_small` and so on about one."""

GROUND_TRUTH_OUTCOMES = (
    Column(name="ground_truth_index", dtype=pl.Int64, meaning="row number in ground_truth"),
    Column(
        name="is_regular",
        dtype=pl.Boolean,
        meaning="whether it counts: neither crowd nor ignored",
    ),
    Column(
        name="matched_prediction",
        dtype=pl.Array(pl.Int64, 10),
        meaning="row number of the matching prediction at each IoU threshold",
        null="missed at that threshold",
    ),
    Column(
        name="matched_score",
        dtype=pl.Array(pl.Float64, 10),
        meaning="score of the matching prediction at each IoU threshold: missed at score s if below s",
        null="missed at that threshold",
    ),
)

PREDICTION_POINT_OUTCOMES = (
    Column(name="outcome", dtype=pl.String, meaning="what became of the row at this IoU and score"),
    Column(name="error_type", dtype=pl.String, meaning="the kind of error", null="no error"),
    Column(
        name="target_index",
        dtype=pl.Int64,
        meaning="row number of the ground truth that the prediction hits or aims at",
        null="none",
    ),
    Column(
        name="overlap",
        dtype=pl.Float64,
        meaning="overlap with the ground truth of target_index",
        null="none",
    ),
)

TRUTH_POINT_OUTCOMES = (
    Column(name="outcome", dtype=pl.String, meaning="found, missed, or which error nearly found it; ignored"),
    Column(
        name="nearest_prediction",
        dtype=pl.Int64,
        meaning="row number of the prediction that found it, or would if its class or box were right",
        null="missed",
    ),
)

INPUT_TABLES = {
    "detection": (IMAGES, CATEGORIES, DETECTION_GROUND_TRUTH, DETECTION_PREDICTIONS),
    "classification": (IMAGES, CATEGORIES, CLASSIFICATION_GROUND_TRUTH, CLASSIFICATION_PREDICTIONS),
}
"""The tables of a dataset by task, in the order in which problems are told."""

DERIVED_ATTRIBUTES = ("category", "size")
"""Names by which results can be grouped without being columns of the input."""

RESERVED_NAMES = frozenset(
    column.name
    for columns in (
        PAIRS.columns,
        PREDICTION_OUTCOMES,
        GROUND_TRUTH_OUTCOMES,
        PREDICTION_POINT_OUTCOMES,
        TRUTH_POINT_OUTCOMES,
    )
    for column in columns
) | frozenset({*DERIVED_ATTRIBUTES, "image_width", "image_height"})
"""Names that an evaluation adds to the tables; no attribute may have one of them."""

RESERVED_PREFIXES = ("matched_", "ignored_")
"""Outcomes per size range add names that begin like this."""
