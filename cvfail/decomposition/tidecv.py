"""Error types exactly as tidecv 1.0.1 counts and repairs them, with what deviates from the paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.repaired_curves import Mask
from cvfail.decomposition.replay import CLASSIFICATION, LOCALISATION
from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.tables.arrays import column_array, read_only

_NOTHING = -1
_RECALLS = np.array([step / 100 for step in range(101)])


def tidecv_error_types(
    evidence: Evidence, *, iou: float | None = None, score: float | None = None, progressive: bool = False
) -> tuple[pl.DataFrame, str]:
    """Counts and gains as tidecv gives them; average precision in percent.

    Args:
        evidence: Matched detections; their pairs are used, their match is not.
        iou: Overlap threshold (``pos_threshold``); the policy's if not given.
        score: Predictions below it are left out as if they were not in the file; none if not given.
        progressive: As of ``fix_main_errors``.

    Returns:
        The columns of `error_types` without groups, and a caption.

    Notes:
        The match is tidecv's own: at most `Policy.limit` predictions per image over all classes; of equal overlaps
        the first object. A prediction with more than `iou` of its area in a crowd of its class is ignored, but has
        an error type, and a repair can make it right. A class with predictions but no ground truth is in the mean
        with 0; one that loses all ground truth by the repair scores 0, or leaves the mean if it has no predictions
        either. Where scores tie, false positives stand in image order before repairs and ahead of true positives
        after, so that gains are not exactly 0 where nothing is repaired. Images go by ascending id (tidecv's go by
        their order in the file, which matters for tied scores only). Ground truth that is ignored without being a
        crowd, which tidecv does not know, is a region as well, by intersection over union.

    Source: tidecv 1.0.1 quantify.py, ap.py, errors/.
    """
    from cvfail.decomposition.error_types import ROWS

    floor = -np.inf if score is None else score
    run = _Run.of(OperatingPoint.of(evidence, iou=iou, score=floor))
    base = run.average_precision(_Points.as_matched(run), run.positives)
    gains = dict(_gains(run, base, progressive))
    counts = run.counts()
    total = sum(counts[:6])
    frame = pl.DataFrame(
        {
            "error_type": ROWS,
            "count": counts,
            "share": [counts[i] / total if total and i < 6 else None for i in range(len(ROWS))],
            "delta_ap": [gains[i] for i in range(len(ROWS))],
            "delta_ap_lower": None,
            "delta_ap_upper": None,
            "ap": base,
            "count_all": counts,
            "fp_rule": "exact",
        },
        schema_overrides=dict.fromkeys(
            ("share", "delta_ap", "delta_ap_lower", "delta_ap_upper", "ap"), pl.Float64
        ),
    )
    shown = evidence.policy.iou if iou is None else iou
    limit = f"{evidence.policy.limit} predictions per image" + (
        "" if score is None else f", score >= {score:g}"
    )
    order = "progressive " if progressive else ""
    return frame, f"{order}error types as of tidecv 1.0.1; IoU >= {shown:g}, at most {limit}; AP in percent"


@dataclass(frozen=True)
class _Run:
    """What became of every prediction and object in tidecv's match.

    Attributes:
        evidence: The matched tables.
        kind: Error type, 0 where there is none, shape (D,).
        right: True positives, shape (D,).
        wrong: False positives, shape (D,); errors that are neither are on ignored regions.
        finder: The prediction whose repair would find each object, -1 if none, shape (G,).
        found: Objects that are found, shape (G,).
        unfound: Objects that are not, shape (G,).
    """

    evidence: Evidence
    kind: NDArray[np.int8]
    right: Mask
    wrong: Mask
    finder: NDArray[np.int64]
    found: Mask
    unfound: Mask

    @classmethod
    def of(cls, point: OperatingPoint) -> _Run:
        """Match and type the predictions of all blocks."""

        def run(block: Block) -> _Run:
            part = _of_block(point.on(block))
            shifted = np.where(part.finder >= 0, part.finder + block.first_prediction, _NOTHING)
            return replace(part, finder=shifted)

        parts = point.evidence.over_blocks(run)
        names = ("kind", "right", "wrong", "finder", "found", "unfound")
        return cls(
            point.evidence,
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
        )

    @property
    def missed(self) -> Mask:
        """Objects that no repair would find."""
        return np.asarray(self.unfound & (self.finder == _NOTHING))

    def per_class(self, objects: Mask) -> NDArray[np.int64]:
        """How many of some objects each class has."""
        kinds = self.evidence.categories.height
        return np.bincount(self.evidence.coding.truth_category[objects], minlength=kinds)

    @property
    def positives(self) -> NDArray[np.int64]:
        """Objects of each class."""
        return self.per_class(self.found | self.unfound)

    def counts(self) -> list[int]:
        """Errors by row of the table."""
        types = np.bincount(self.kind, minlength=len(ERROR_TYPES) + 1)[1:].tolist()
        return [*types, int(self.missed.sum()), int(self.wrong.sum()), int(self.unfound.sum())]

    @cached_property
    def becomes(self) -> NDArray[np.int32]:
        """The class that a repair makes each prediction right in, -1 if it makes it gone, shape (D,)."""
        becomes = np.full(self.kind.size, _NOTHING, np.int32)
        truths = np.flatnonzero(self.finder != _NOTHING)
        becomes[self.finder[truths]] = self.evidence.coding.truth_category[truths]
        return becomes

    def average_precision(self, points: _Points, positives: NDArray[np.int64]) -> float | None:
        """Mean over the classes that have points or ground truth, in percent; null if there is none."""
        order = np.lexsort((points.late, -points.scores, points.category))
        edges = np.searchsorted(points.category[order], np.arange(positives.size + 1))
        values = [
            _average_precision(points.right[order[edges[code] : edges[code + 1]]], int(positives[code]))
            for code in range(positives.size)
            if edges[code] < edges[code + 1] or positives[code]
        ]
        return sum(values) / len(values) if values else None


@dataclass(frozen=True)
class _Points:
    """Points of the curves, in the order in which equal scores stay unless some are late.

    Attributes:
        category: Class code, shape (n,).
        scores: Shape (n,).
        right: True positives, shape (n,).
        late: Points that stand behind others of their score, shape (n,).
    """

    category: NDArray[np.int32]
    scores: NDArray[np.float64]
    right: Mask
    late: Mask

    @classmethod
    def as_matched(cls, run: _Run) -> _Points:
        """All true and false positives, in image order."""
        return cls._made(run, run.evidence.coding.category, run.right, run.wrong, np.zeros_like(run.right))

    @classmethod
    def repaired(cls, run: _Run, now: Mask, before: Mask) -> _Points:
        """After repairs, those of this step among the errors and those of earlier ones among the true positives."""
        mended = (now | before) & (run.becomes != _NOTHING)
        category = np.where(mended, run.becomes, run.evidence.coding.category)
        return cls._made(
            run, category, run.right | mended, run.wrong & ~now & ~before, run.right | (mended & before)
        )

    @classmethod
    def _made(cls, run: _Run, category: NDArray[np.int32], right: Mask, wrong: Mask, late: Mask) -> _Points:
        rows = run.evidence.score_order
        rows = rows[(right | wrong)[rows]]
        return cls(category[rows], run.evidence.scores[rows], right[rows], late[rows])


def _average_precision(right: Mask, positives: int) -> float:
    """Of one class, with points by descending score; 0 without ground truth."""
    if positives == 0:
        return 0.0
    found = np.cumsum(right)
    precision = np.maximum.accumulate((found / np.arange(1, right.size + 1))[::-1])[::-1]
    places = np.searchsorted(found / positives, _RECALLS, side="left")
    reached = [float(precision[place]) for place in places if place < precision.size]
    return sum(reached) / len(_RECALLS) * 100


def _gains(run: _Run, base: float | None, progressive: bool) -> Iterator[tuple[int, float | None]]:
    """The gain of each row of the table; null if there is no class."""
    if base is None:
        yield from ((row, None) for row in range(len(ERROR_TYPES) + 3))
        return
    nothing = np.zeros_like(run.right)
    last, before, positives = base, nothing, run.positives

    def after(now: Mask, counted: NDArray[np.int64]) -> float:
        value = run.average_precision(_Points.repaired(run, now, before), counted)
        return 0.0 if value is None else value

    for row, _ in enumerate(ERROR_TYPES):
        now = run.kind == row + 1
        value = after(now, positives)
        yield row, max(value - last, 0.0)
        if progressive:
            last, before = value, before | now
    yield len(ERROR_TYPES), max(after(nothing, positives - run.per_class(run.missed)) - last, 0.0)
    before = nothing
    points = _Points.repaired(run, nothing, nothing)
    perfect = run.average_precision(replace(points, scores=points.right.astype(np.float64)), positives)
    yield len(ERROR_TYPES) + 1, (perfect or 0.0) - base
    yield len(ERROR_TYPES) + 2, after(nothing, positives - run.per_class(run.unfound)) - base


def _of_block(point: OperatingPoint) -> _Run:
    """Match and type the predictions of some images."""
    from cvfail.kernels.error_types import BACKGROUND, type_errors
    from cvfail.kernels.tidecv import match_first_best

    evidence = point.evidence
    threshold = evidence.policy.iou_thresholds[point.threshold]
    rows = _first_of_images(point)
    regular = evidence.regular()
    taking_part = np.zeros(evidence.scores.size, np.bool_)
    taking_part[rows] = True
    names = ["prediction_index", "ground_truth_index", "overlap", "same_category"]
    pairs = evidence.outcomes.columns("pairs", names)
    pairs = pairs.filter(pl.Series(taking_part[pairs["prediction_index"].to_numpy()]))
    pairs = pairs.sort("prediction_index", maintain_order=True)
    predictions, truths = (column_array(pairs, name, np.int64) for name in names[:2])
    overlaps, same = (
        column_array(pairs, "overlap", np.float64),
        column_array(pairs, "same_category", np.bool_),
    )
    found, partner = np.zeros(regular.size, np.bool_), np.full(taking_part.size, _NOTHING, np.int64)
    offsets = np.searchsorted(predictions, np.arange(taking_part.size + 1))
    match_first_best(
        read_only(rows),
        read_only(offsets),
        truths,
        overlaps,
        read_only(same & regular[truths]),
        threshold,
        found,
        partner,
    )
    right = partner != _NOTHING
    on_region = np.zeros(taking_part.size, np.bool_)
    on_region[predictions[same & ~regular[truths] & (overlaps > threshold)]] = True
    errors = taking_part & ~right
    kind = np.where(errors, BACKGROUND, 0).astype(np.int8)
    target = np.full(kind.size, _NOTHING, np.int64)
    type_errors(
        predictions,
        truths,
        overlaps,
        same,
        errors,
        regular,
        found,
        threshold,
        evidence.policy.background_iou,
        kind,
        target,
    )
    return _Run(
        evidence=evidence,
        kind=kind,
        right=right,
        wrong=errors & ~on_region,
        finder=_finders(evidence, kind, target, found),
        found=found,
        unfound=regular & ~found,
    )


def _first_of_images(point: OperatingPoint) -> NDArray[np.int64]:
    """The predictions of the highest scores of each image over all classes, by image and descending score."""
    evidence = point.evidence
    order = evidence.score_order[(evidence.scores >= point.score)[evidence.score_order]]
    image = evidence.coding.image[order]
    by_image = np.argsort(image, kind="stable")
    rows, image = order[by_image], image[by_image]
    rank = np.arange(rows.size) - np.searchsorted(image, image, side="left")
    return np.asarray(rows[rank < evidence.policy.limit])


def _finders(
    evidence: Evidence, kind: NDArray[np.int8], target: NDArray[np.int64], found: Mask
) -> NDArray[np.int64]:
    """The best-scored classification or localisation error that aims at each object; the first one on ties."""
    near = np.flatnonzero((kind == CLASSIFICATION) | (kind == LOCALISATION))
    near = near[~found[target[near]]]
    order = near[np.lexsort((near, -evidence.scores[near]))][::-1]
    finder = np.full(found.size, _NOTHING, np.int64)
    finder[target[order]] = order
    return finder
