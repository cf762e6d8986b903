"""Quality of the labels of detection by ObjectLab: overlooked objects, badly drawn boxes, swapped classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.kernels.boxes import Boxes
from cvfail.labels.label_quality import Compat
from cvfail.matching.coding import group_offsets
from cvfail.tables.arrays import column_array, read_only
from cvfail.tables.parallel import image_blocks, run_in_order, worker_count
from cvfail.tables.result import ResultTable

LIKELY = 0.5
SURE = 0.95

LEAST_SIMILARITY = 1e-6
"""No similarity is below it, and it stands for that of an object whose class has no label in the image."""

_TEMPERATURE = 0.1
_NEARLY_ZERO = 1e-100
_BLOCKS_PER_THREAD = 8


class ObjectLabelQuality(ResultTable):
    """The quality of the labels of each image, the worst first.

    Attributes:
        df: One row per image: `rank`, `image_id`, `file_name`, `overlooked`, `location`, `swapped` (the softmin of
            the image's scores, 1 without any), `quality` (their geometric mean), all in [0, 1] and low where a
            label is suspect; `labels`, how many were judged.
        ground_truth: One row per label: `ground_truth_index`, `image_id`, `label`, `location`, `swapped`; null for
            ignored ones.
        predictions: One row per prediction that stands for an overlooked object: `prediction_index`, `image_id`,
            `predicted`, `score`, `overlooked`.
    """

    def __init__(
        self, df: pl.DataFrame, *, caption: str, ground_truth: pl.DataFrame, predictions: pl.DataFrame
    ) -> None:
        super().__init__(df, caption=caption)
        self.ground_truth = ground_truth
        self.predictions = predictions


def object_label_quality(
    evidence: Evidence,
    *,
    likely: float = LIKELY,
    sure: float = SURE,
    compat: Compat | None = None,
    threads: int | None = None,
) -> ObjectLabelQuality:
    """Score every label, and every image, by ObjectLab.

    Args:
        evidence: Detections.
        likely: Predictions with a score above it judge the boxes of labels.
        sure: Predictions with a score from here on may stand for overlooked objects, those above judge classes.
            The gates are fixed, so that an image's scores do not depend on others; lower them for a detector whose
            scores seldom get there.
        compat: ``"cleanlab"`` gives exactly what cleanlab 2.9 gives, see below.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        Scores by image, label and prediction.

    Raises:
        QueryError: The evaluation is not of a detector.

    Notes:
        Similarity of a label and a prediction is s = .9 IoU + .1 exp(-10 d / √A), with d the distance of the centres
        and A the area of the label's box, and at least 1e-6. A sure prediction that no label overlaps is overlooked:
        its largest s with a label of its class, 1e-6 (1 - score) if the image has none. location of a label is its
        largest s with likely predictions of its class that overlap it, 1 if there are none. swapped is 1 - its
        largest s with sure predictions of other classes, at least 1e-6, and 1e-6 if a label of another class
        overlaps it by .95. Image scores are Σ w s with w ∝ exp(-s / .1). Ignored labels are not judged; what they
        overlap is not overlooked.

        Nothing changes with resolution or with other images. With ``compat="cleanlab"`` the distance enters as
        exp(-.1 d) in pixels, the same for a label of 100 × 100, and the smallest similarity of all images takes
        the place of 1e-6; ignored labels are labels.

    Source: Tkachenko, Thyagarajan, Mueller, arXiv 2309.00832; cleanlab 2.9.0.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 2], "category_id": [1, 1], "bbox": [[0, 0, 10, 10], [0, 0, 10, 10]]}
        >>> found = {"image_id": [1, 2], "category_id": [1, 1], "score": [0.9] * 2}
        >>> found["bbox"] = [[5, 0, 10, 10], [0, 0, 10, 10]]
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> object_label_quality(cf.evaluate(data).evidence).df["location"].round(3).to_list()
        [0.301, 1.0]
    """
    if evidence.task != "detection":
        raise QueryError(
            "ObjectLab judges boxes. Hint: label_errors() and label_noise() judge classified images"
        )
    overlooked, location, swapped = _scores(evidence, likely, sure, compat, threads)
    coding = evidence.coding
    images = len(coding.image_keys)
    pooled = {
        "overlooked": _softmin(overlooked, coding.image, images),
        "location": _softmin(location, coding.truth_image, images),
        "swapped": _softmin(swapped, coding.truth_image, images),
    }
    quality = np.exp(np.log(np.stack(list(pooled.values())) + _NEARLY_ZERO).mean(axis=0))
    judged = np.bincount(coding.truth_image[~np.isnan(location)], minlength=images).astype(np.int64)
    frame = evidence.images.select("image_id", "file_name").with_columns(
        **{name: pl.Series(values) for name, values in pooled.items()},
        quality=pl.Series(quality),
        labels=pl.Series(judged),
    )
    ranked = frame.sort("quality", maintain_order=True).with_row_index("rank", offset=1)
    rule = "cleanlab's ObjectLab, in pixels" if compat == "cleanlab" else "ObjectLab, free of scale"
    return ObjectLabelQuality(
        ranked.cast({"rank": pl.Int64}),
        caption=f"quality of labels; {rule}, scores above {likely:g} judge boxes, above {sure:g} classes",
        ground_truth=_of_labels(evidence, location, swapped),
        predictions=_of_predictions(evidence, overlooked),
    )


def _scores(
    evidence: Evidence, likely: float, sure: float, compat: Compat | None, threads: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Scores of predictions (D,) and of labels (G,) twice; NaN where not judged."""
    from cvfail.kernels.object_label_quality import score_labels, smallest_similarity

    coding = evidence.coding
    images = len(coding.image_keys)
    truth_offsets, offsets = (group_offsets(codes, images) for codes in (coding.truth_image, coding.image))
    truth_boxes, boxes = _boxes(evidence, "ground_truth"), _boxes(evidence, "predictions")
    exact = compat == "cleanlab"
    least = smallest_similarity(truth_offsets, truth_boxes, offsets, boxes) if exact else LEAST_SIMILARITY
    counts = read_only(np.ones_like(evidence.regular())) if exact else evidence.regular()
    overlooked = np.full(coding.image.size, np.nan)
    location, swapped = (np.full(coding.truth_image.size, np.nan) for _ in range(2))
    workers = worker_count(threads)
    work = np.concatenate([[0], np.cumsum(np.diff(truth_offsets) * np.diff(offsets))])
    blocks = image_blocks(work, count=workers * _BLOCKS_PER_THREAD if workers > 1 else 1)

    def score(block: tuple[int, int]) -> None:
        score_labels(
            *block,
            truth_offsets,
            truth_boxes,
            coding.truth_category,
            counts,
            offsets,
            boxes,
            coding.category,
            evidence.scores,
            likely,
            sure,
            exact,
            least,
            0.0 if exact else least,
            overlooked,
            location,
            swapped,
        )

    run_in_order(score, blocks, threads=workers)
    return overlooked, location, swapped


def _boxes(evidence: Evidence, table: str) -> Boxes:
    frame = evidence.outcomes.columns(table, list(Boxes._fields))
    return Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))


def _softmin(scores: NDArray[np.float64], image: NDArray[np.int32], images: int) -> NDArray[np.float64]:
    """Σ w s of each image with w ∝ exp(-s / T), over scores that are known; 1 without any, shape (images,)."""
    known = ~np.isnan(scores)
    scores, image = scores[known], image[known]
    lowest = np.full(images, np.inf)
    np.minimum.at(lowest, image, scores)
    weights = np.exp(-(scores - lowest[image]) / _TEMPERATURE)
    total = np.bincount(image, weights, images)
    weighted = np.bincount(image, weights * scores, images)
    return np.divide(weighted, total, out=np.ones(images), where=total > 0)


def _of_labels(
    evidence: Evidence, location: NDArray[np.float64], swapped: NDArray[np.float64]
) -> pl.DataFrame:
    names = pl.Series("label", evidence.category_names, dtype=pl.String)
    return pl.DataFrame(
        {
            "ground_truth_index": np.arange(location.size, dtype=np.int64),
            "image_id": evidence.outcomes.column("ground_truth", "image_id"),
            "label": names.gather(_codes(evidence.coding.truth_category)),
            "location": location,
            "swapped": swapped,
        }
    ).with_columns(pl.col("location", "swapped").fill_nan(None))


def _of_predictions(evidence: Evidence, overlooked: NDArray[np.float64]) -> pl.DataFrame:
    rows = np.flatnonzero(~np.isnan(overlooked))
    names = pl.Series("predicted", evidence.category_names, dtype=pl.String)
    return pl.DataFrame(
        {
            "prediction_index": rows.astype(np.int64),
            "image_id": evidence.outcomes.column("predictions", "image_id").gather(pl.Series(rows)),
            "predicted": names.gather(_codes(evidence.coding.category[rows])),
            "score": evidence.scores[rows],
            "overlooked": overlooked[rows],
        }
    )


def _codes(codes: NDArray[Any]) -> pl.Series:
    return pl.Series(codes, dtype=pl.Int64)
