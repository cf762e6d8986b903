"""Units of evidence as rows that a person can look at: image, labels, score, boxes of both sides."""

from __future__ import annotations

import polars as pl

from cvfail.evidence.evidence import Evidence

BOX = ("x", "y", "width", "height")

_FIRST = ("image_id", "file_name", "image_width", "image_height", "true", "predicted", "score")


def examples(evidence: Evidence, units: pl.DataFrame) -> pl.DataFrame:
    """Look up the rows behind some units.

    Args:
        evidence: The matched tables.
        units: prediction_index and ground_truth_index, either may be null; further columns ride along.

    Returns:
        image_id, file_name, image_width, image_height, true, predicted (category labels, null on a side that
        does not exist), score (of the prediction), the columns of `units`, gt_x … gt_height and pred_x …
        pred_height (null where there is no box), then the attributes of ground truth, predictions and images;
        one whose name is taken ends in ``_of_ground_truth``, ``_of_prediction`` or ``_of_image``. Rows in the
        order of `units`.
    """
    truth = _truth_side(evidence)
    prediction = _prediction_side(evidence)
    joined = units.join(truth, on="ground_truth_index", how="left", maintain_order="left")
    joined = joined.join(
        _with_free_names(prediction, joined.columns, "_of_prediction", key="prediction_index"),
        on="prediction_index",
        how="left",
        maintain_order="left",
    )
    joined = joined.with_columns(image_id=pl.coalesce("image_id", "image_id_of_prediction"))
    joined = joined.drop("image_id_of_prediction")
    size = {"width": "image_width", "height": "image_height"}
    core = evidence.images.select("image_id", "file_name", "width", "height").rename(size)
    extra = evidence.images.select(*evidence.attributes("images"), "cluster_id")
    images = core.hstack(_with_free_names(extra, [*joined.columns, *core.columns], "_of_image").get_columns())
    joined = joined.join(images, on="image_id", how="left", maintain_order="left")
    return joined.select(*_FIRST, pl.exclude(_FIRST))


def _truth_side(evidence: Evidence) -> pl.DataFrame:
    frame = evidence.ground_truth
    names = pl.Series("true", evidence.category_names, dtype=pl.String)
    core = frame.select(
        "ground_truth_index",
        "image_id",
        names.gather(evidence.coding.truth_category),
        *(pl.col(name).alias(f"gt_{name}") for name in BOX if name in frame.columns),
    )
    extra = frame.select(evidence.attributes("ground_truth"))
    return core.hstack(_with_free_names(extra, [*core.columns, *_FIRST], "_of_ground_truth").get_columns())


def _prediction_side(evidence: Evidence) -> pl.DataFrame:
    frame = evidence.predictions
    names = pl.Series("predicted", evidence.category_names, dtype=pl.String)
    return frame.select(
        "prediction_index",
        "image_id",
        names.gather(evidence.coding.category),
        "score",
        *(pl.col(name).alias(f"pred_{name}") for name in BOX if name in frame.columns),
        *evidence.attributes("predictions"),
    )


def _with_free_names(
    frame: pl.DataFrame, taken: list[str], suffix: str, *, key: str | None = None
) -> pl.DataFrame:
    """The frame, columns whose names are taken renamed; the key column stays."""
    used = set(taken) - {key}
    return frame.rename({name: f"{name}{suffix}" for name in frame.columns if name in used})
