"""Units of evidence as rows that a person can look at: image, labels, score, boxes of both sides."""

from __future__ import annotations

import polars as pl

from cvfail.evidence.evidence import Evidence

BOX = ("x", "y", "width", "height")


def examples(evidence: Evidence, units: pl.DataFrame) -> pl.DataFrame:
    """Look up the rows behind some units.

    Args:
        evidence: The matched tables.
        units: prediction_index and ground_truth_index, either may be null; further columns ride along.

    Returns:
        image_id, file_name, image_width, image_height, true, predicted (category labels, null on a side that
        does not exist), score, the columns of `units`, gt_x … gt_height and pred_x … pred_height (null where
        there is no box), then image attributes and the attributes of the ground truth. Rows in the order of
        `units`.
    """
    truth = _side(evidence, evidence.ground_truth, "ground_truth_index", "true", "gt")
    prediction = _side(evidence, evidence.predictions, "prediction_index", "predicted", "pred", score=True)
    joined = units.join(truth, on="ground_truth_index", how="left", maintain_order="left").join(
        prediction, on="prediction_index", how="left", maintain_order="left", suffix="_of_prediction"
    )
    joined = joined.with_columns(image_id=pl.coalesce("image_id", "image_id_of_prediction"))
    images = evidence.images.rename({"width": "image_width", "height": "image_height"})
    joined = joined.drop("image_id_of_prediction").join(
        images, on="image_id", how="left", maintain_order="left", suffix="_of_image"
    )
    first = ["image_id", "file_name", "image_width", "image_height", "true", "predicted", "score"]
    return joined.select(*first, pl.exclude(first))


def _side(
    evidence: Evidence, frame: pl.DataFrame, index: str, label: str, prefix: str, *, score: bool = False
) -> pl.DataFrame:
    names = pl.Series(label, evidence.category_names, dtype=pl.String)
    codes = evidence.coding.category if score else evidence.coding.truth_category
    boxes = [pl.col(name).alias(f"{prefix}_{name}") for name in BOX if name in frame.columns]
    extra = [pl.col("score")] if score else [pl.col(name) for name in evidence.attributes("ground_truth")]
    return frame.select(index, "image_id", *boxes, *extra, names.gather(codes))
