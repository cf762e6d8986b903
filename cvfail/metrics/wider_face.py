"""Average precision by the protocol of WIDER FACE: levels of difficulty, and a thousand thresholds on the score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.kernels.ordering import descending_order
from cvfail.matching.first_choice import FirstChoices
from cvfail.metrics.area_under_curve import area_under_curve
from cvfail.metrics.ranking import (
    Claimed,
    Ranking,
    average_precision_columns,
    cluster_weights,
    describe_intervals,
)
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

_IOU = 0.5
_THRESHOLDS = 1.0 - np.arange(1, 1001) / 1000


def wider_face_average_precision(
    evidence: Evidence,
    *,
    keep: Mapping[str, str] | Sequence[str] = ("easy", "medium", "hard"),
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """Average precision at each level of difficulty as WIDER FACE computes it.

    Args:
        evidence: Detections of one class; all of them take part, whatever the limits of the policy.
        keep: The levels: names of ground-truth attributes that are true where a face belongs to the level, or a
            mapping from the name of each level to its attribute. Null is false.
        replicates: Bootstrap replicates for the intervals; 0 leaves the bounds null.
        confidence: Of the intervals.
        seed: Of the bootstrap weights; the same seed gives every model the same weights.
        threads: Threads over levels; all processors if not given. The result does not depend on it.

    Returns:
        One row per level: level, ap, ap_lower, ap_upper, support (its faces). Null where a level has no faces.

    Raises:
        QueryError: The evidence is of classification or has several classes, or a level's attribute is missing or
            not boolean.

    Notes:
        Boxes grow by one pixel in width and height. By descending score, a prediction claims the face that it
        overlaps most, the first on ties, if the overlap is at least .5. Claims on faces outside the level (or
        `is_ignored`) are left out, later claims on a face are wrong. Precision and recall are taken at the scores
        .999, .998, ..., 0 after all scores were scaled to [0, 1] by their minimum and maximum (to 1 if they are
        all the same); the area below is VOC's. Predictions on images without any face are left out, as the
        protocol does: they cost nothing. Bootstrap replicates keep the scaling. Cost: the overlaps of each image
        once, and one pass over the predictions per level and replicate.

    Source: wondervictor/WiderFace-Evaluation ``evaluation.py``. It expects files sorted by score; here they are
    sorted, stably.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 1], "category_id": ["face", "face"], "bbox": [[0, 0, 9, 9], [20, 20, 4, 4]]}
        >>> found = {"image_id": [1], "category_id": ["face"], "score": [0.9], "bbox": [[0, 0, 9, 9]]}
        >>> data = cf.from_frames(
        ...     ground_truth=truth | {"easy": [True, False], "hard": [True, True]},
        ...     predictions=found,
        ...     box_format="xywh",
        ... )
        >>> table = wider_face_average_precision(cf.evaluate(data).evidence, keep=["easy", "hard"])
        >>> table.df.select("level", "ap", "support").rows()
        [('easy', 1.0, 1), ('hard', 0.5, 2)]
    """
    columns = _columns(evidence, keep)
    parts = evidence.over_blocks(lambda block: _claimed(block.evidence, columns.values()), threads=threads)
    levels = [Claimed.joined(part) for part in zip(*parts, strict=True)]
    extremes = evidence.over_blocks(lambda block: _extremes(block.evidence.scores), threads=threads)
    low, high = min(part[0] for part in extremes), max(part[1] for part in extremes)
    weights = cluster_weights(evidence, replicates=replicates, seed=seed)
    by_level = run_in_order(
        lambda claimed: _summarise(claimed, low, high, weights), levels, threads=worker_count(threads)
    )
    samples = np.array(by_level).reshape(len(levels), len(weights))
    support = np.array([claimed.truth_clusters.size for claimed in levels], np.int64)
    names = pl.DataFrame({"level": pl.Series(list(columns), dtype=pl.String)})
    intervals = describe_intervals(replicates=replicates, confidence=confidence)
    return ResultTable(
        names.hstack(average_precision_columns(samples, support, confidence=confidence)),
        caption=f"WIDER FACE average precision; first choice only, IoU >= {_IOU:g}, one pixel added to widths "
        f"and heights; {intervals}",
    )


def _columns(evidence: Evidence, keep: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """The column of each level."""
    if evidence.task != "detection" or len(evidence.categories) > 1:
        raise QueryError(
            f"WIDER FACE average precision is for detections of one class; this is {evidence.task} with "
            f"{len(evidence.categories)} classes. Hint: voc_average_precision() answers by class"
        )
    names = [keep] if isinstance(keep, str) else keep
    return dict(names) if isinstance(names, Mapping) else {name: name for name in names}


def _flags(evidence: Evidence, column: str) -> NDArray[np.bool_]:
    """A boolean attribute of the ground truth; 0 and 1 will do."""
    known = evidence.attributes("ground_truth")
    if column not in known:
        raise QueryError(
            f"keep: {column!r} is not an attribute of the ground truth. Hint: one of {', '.join(known)}"
        )
    values = evidence.outcomes.column("ground_truth", column)
    if not (values.dtype == pl.Boolean or values.dtype.is_integer()):
        raise QueryError(f"keep: {column!r} must be boolean; its type is {values.dtype}")
    return values.cast(pl.Boolean).fill_null(False).to_numpy()


def _claimed(evidence: Evidence, columns: Iterable[str]) -> list[Claimed]:
    """What every prediction of some images is at each level."""
    choices = FirstChoices.of(evidence, evidence.coding, extra_pixel=True)
    levels = []
    for column in columns:
        counts = _flags(evidence, column) & evidence.regular()
        claims = choices.claims(choices.overlap >= _IOU, counts=counts, order=evidence.score_order)
        listed = ~claims.neutral & _on_images_with_faces(evidence)
        levels.append(Claimed.of(evidence, listed=listed, correct=claims.correct, counts=counts))
    return levels


def _summarise(claimed: Claimed, low: float, high: float, weights: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Average precision of one level under each row of weights; `low` and `high` are the extremes of all scores."""
    order = descending_order(read_only(claimed.scores), np.arange(claimed.scores.size))
    places = np.searchsorted(-_scaled(claimed.scores, low, high)[order], -_THRESHOLDS, side="right")
    ranking = Ranking(
        read_only(claimed.correct[order]), read_only(claimed.clusters[order]), claimed.truth_clusters
    )
    return ranking.summarise(area_under_curve, weights, places=places)


def _on_images_with_faces(evidence: Evidence) -> NDArray[np.bool_]:
    """Predictions on images with any ground truth, shape (D,)."""
    coding = evidence.coding
    faces = np.bincount(coding.truth_image, minlength=len(coding.image_keys))
    return np.asarray(faces[coding.image] > 0)


def _extremes(scores: NDArray[np.float64]) -> tuple[float, float]:
    return float(scores.min(initial=np.inf)), float(scores.max(initial=-np.inf))


def _scaled(scores: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Scores scaled to [0, 1]; 1 if they are all the same."""
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
