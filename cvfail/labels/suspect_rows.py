"""Which labels contradict the model, or each other, and by which rule: as arrays over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.labels.trusted_scores import trusted_scores
from cvfail.matching.coding import group_offsets
from cvfail.tables.arrays import column_array, read_only

if TYPE_CHECKING:
    from cvfail.kernels.boxes import Boxes

KINDS = ("missing", "wrong_class", "bad_box", "spurious", "duplicate", "conflict")
"""Kinds of label errors; the code of a kind is its position plus 1."""

MISSING, WRONG_CLASS, BAD_BOX, SPURIOUS, DUPLICATE, CONFLICT = range(1, 7)

NEAR_MISS = 0.3
"""A box that overlaps the label by less is not an attempt at the same object."""

SEEN_SCORE = 0.01
"""A prediction of this score says that the model sees something."""

UNSEEN_SUSPICION = 0.5
"""A label that nothing touches is suspect from here: where the model sees at least half of the smaller ones."""

DUPLICATE_OVERLAP = 0.9
CONFLICT_OVERLAP = 0.95

_NOTHING = -1
_PRECEDENCE = (DUPLICATE, CONFLICT, WRONG_CLASS, BAD_BOX, SPURIOUS)


@dataclass(frozen=True)
class SuspectRows:
    """Suspected label errors, one per row; all of shape (n,), row numbers -1 where there is none.

    Attributes:
        kind: Code of the kind.
        truth: The suspected label, a row of the ground truth.
        prediction: The prediction that speaks against it.
        other: The other label in the same place.
        suggested: Category code that the label should perhaps have, -1 if its class is not in doubt.
        score: The score of the prediction, or its probability of the suggested class; NaN where there is none.
        suspicion: In [0, 1], higher is more suspect; does not depend on the unit of length or on other images.
        overlap: Overlap of the label with the prediction or with the other label; NaN where there is neither.
        smaller: For spurious labels, how many labels of the image are no larger; else 0.
        seen: How many of these some prediction touches.
    """

    kind: NDArray[np.int8]
    truth: NDArray[np.int64]
    prediction: NDArray[np.int64]
    other: NDArray[np.int64]
    suggested: NDArray[np.int64]
    score: NDArray[np.float64]
    suspicion: NDArray[np.float64]
    overlap: NDArray[np.float64]
    smaller: NDArray[np.int64]
    seen: NDArray[np.int64]

    def taken(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> SuspectRows:
        """Some of the suspects, in the order given."""
        return SuspectRows(**{name: values[places] for name, values in vars(self).items()})


def suspect_rows(
    point: OperatingPoint, *, min_score: float | None = None, min_suspicion: float = 0.0
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The kind of label error that each ground truth and each prediction is suspected to be part of.

    Args:
        point: The evaluation at an overlap and a score threshold.
        min_score: Trust predictions from this score; that of `trusted_scores` per class if not given.
        min_suspicion: Leave out suspects of less suspicion.

    Returns:
        Codes of kinds (0 for none, else position in `KINDS` plus 1), shapes (G,) and (D,). Ground truth is
        ``wrong_class``, ``bad_box``, ``spurious``, ``duplicate`` or ``conflict``; a prediction is ``missing``
        where it hit an object that has no label, ``wrong_class`` or ``bad_box`` where it speaks against one.

    Notes:
        For classification only confident learning suspects labels, which needs probabilities; nothing is
        suspect without them.
    """
    suspects = find_suspects(point, min_score=min_score)
    suspects = suspects.taken(suspects.suspicion >= min_suspicion)
    truth_kind = np.zeros(point.evidence.outcomes.rows("ground_truth"), np.int8)
    prediction_kind = np.zeros(point.evidence.outcomes.rows("predictions"), np.int8)
    for rows, kinds in ((suspects.truth, truth_kind), (suspects.prediction, prediction_kind)):
        known = rows != _NOTHING
        kinds[rows[known]] = suspects.kind[known]
    return truth_kind, prediction_kind


def find_suspects(point: OperatingPoint, *, min_score: float | None = None) -> SuspectRows:
    """Find every suspected label error of detections; see `cvfail.labels.suspects` for the rules.

    Returns:
        At most one suspect per label: a duplicate or a conflict comes before a wrong class, that before a bad
        box, that before a spurious label. Ordered by descending suspicion; ties by kind, image and row.
    """
    if point.evidence.task == "classification":
        from cvfail.labels.classified_suspects import classified_suspects_if_known

        return classified_suspects_if_known(point.evidence)
    scores = trusted_scores(point)
    trusted = scores if min_score is None else np.full_like(scores, min_score)
    convincing = point.wrong & (point.scores >= trusted[point.evidence.coding.category])
    parts = {
        DUPLICATE: _beside_labels(point, DUPLICATE),
        CONFLICT: _beside_labels(point, CONFLICT),
        WRONG_CLASS: _wrong_class(point, convincing),
        BAD_BOX: _bad_box(point, convincing),
        SPURIOUS: _spurious(point),
    }
    taken = np.zeros(point.evidence.outcomes.rows("ground_truth"), np.bool_)
    kept = [_missing(point, convincing)]
    for kind in _PRECEDENCE:
        part = parts[kind].taken(~taken[parts[kind].truth])
        taken[part.truth] = True
        kept.append(part)
    return by_suspicion(joined(kept), point.evidence)


def by_suspicion(suspects: SuspectRows, evidence: Evidence) -> SuspectRows:
    """Suspects by descending suspicion; ties by kind, image, label and prediction."""
    coding = evidence.coding
    image = np.where(
        suspects.truth != _NOTHING,
        np.append(coding.truth_image, 0)[suspects.truth],
        np.append(coding.image, 0)[suspects.prediction],
    )
    order = np.lexsort((suspects.prediction, suspects.truth, image, suspects.kind, -suspects.suspicion))
    return suspects.taken(order)


def _missing(point: OperatingPoint, convincing: NDArray[np.bool_]) -> SuspectRows:
    """Convincing predictions that overlap no label of any kind; the best one of each place."""
    from cvfail.kernels.label_places import first_of_each_place

    rows, _, overlaps, _ = point.pair_arrays
    alone = convincing.copy()
    alone[rows[overlaps >= point.evidence.policy.background_iou]] = False
    image = point.evidence.coding.image
    found = np.flatnonzero(alone)
    found = read_only(found[np.lexsort((found, -point.scores[found], image[found]))])
    reach = point.evidence.policy.iou_thresholds[point.threshold]
    found = found[first_of_each_place(found, image, _boxes(point, "predictions"), reach)]
    return suspects_of_kind(
        MISSING,
        prediction=found,
        suggested=_class_of(point, found),
        score=point.scores[found],
        suspicion=point.scores[found],
    )


def _wrong_class(point: OperatingPoint, convincing: NDArray[np.bool_]) -> SuspectRows:
    """Unfound labels that a convincing prediction of another class covers, paired one to one."""
    pairs = point.leftovers
    rows, truths, overlaps = (
        pairs[name].to_numpy() for name in ("prediction_index", "ground_truth_index", "overlap")
    )
    kept = convincing[rows]
    rows, truths, overlaps = rows[kept], truths[kept], overlaps[kept]
    return suspects_of_kind(
        WRONG_CLASS,
        truth=truths,
        prediction=rows,
        suggested=_class_of(point, rows),
        score=point.scores[rows],
        suspicion=point.scores[rows] * overlaps,
        overlap=overlaps,
    )


def _bad_box(point: OperatingPoint, convincing: NDArray[np.bool_]) -> SuspectRows:
    """Unfound labels at which a convincing prediction of their class aims with a box that differs much."""
    from cvfail.kernels.error_types import LOCALISATION

    rows, truths, overlaps, _ = point.pair_arrays
    kind, target = point.typed
    near = (kind[rows] == LOCALISATION) & (target[rows] == truths) & convincing[rows] & ~point.found[truths]
    near &= (overlaps >= NEAR_MISS) & (overlaps < point.evidence.policy.iou_thresholds[point.threshold])
    rows, truths, overlaps = rows[near], truths[near], overlaps[near]
    order = np.lexsort((rows, -overlaps, -point.scores[rows], truths))
    best = order[np.diff(truths[order], prepend=_NOTHING) != 0]
    rows, truths, overlaps = rows[best], truths[best], overlaps[best]
    return suspects_of_kind(
        BAD_BOX,
        truth=truths,
        prediction=rows,
        score=point.scores[rows],
        suspicion=point.scores[rows] * (1.0 - overlaps),
        overlap=overlaps,
    )


def _spurious(point: OperatingPoint) -> SuspectRows:
    """Regular labels that no prediction of any class touches, where it touches most of those no larger.

    The suspicion is (seen + 1) / (smaller + 2), the expected share of such labels that the model sees.
    """
    from cvfail.kernels.label_places import seen_among_smaller

    evidence = point.evidence
    pairs = evidence.outcomes.columns("pairs", ["prediction_index", "ground_truth_index", "overlap"])
    touches = evidence.scores[column_array(pairs, "prediction_index", np.int64)] >= SEEN_SCORE
    touches &= column_array(pairs, "overlap", np.float64) >= evidence.policy.background_iou
    regular = evidence.regular()
    seen = np.zeros(regular.size, np.bool_)
    seen[column_array(pairs, "ground_truth_index", np.int64)[touches]] = True
    truths = read_only(np.flatnonzero(regular & ~seen))
    images, offsets = evidence.coding.truth_image, _truth_offsets(point)
    boxes = _boxes(point, "ground_truth")
    smaller, known = seen_among_smaller(truths, images, offsets, boxes, regular, read_only(seen))
    suspicion = (known + 1) / (smaller + 2)
    found = suspects_of_kind(SPURIOUS, truth=truths, suspicion=suspicion, smaller=smaller, seen=known)
    return found.taken(suspicion >= UNSEEN_SUSPICION)


def _beside_labels(point: OperatingPoint, kind: int) -> SuspectRows:
    """Labels that repeat another label of the image (duplicate) or contradict it (conflict)."""
    from cvfail.kernels.label_places import labels_in_one_place

    evidence = point.evidence
    truths = evidence.outcomes.rows("ground_truth")
    partner, overlap = np.full((2, truths), _NOTHING, np.int64), np.zeros((2, truths))
    labels_in_one_place(
        _truth_offsets(point),
        _boxes(point, "ground_truth"),
        evidence.coding.truth_category,
        evidence.regular(),
        read_only(point.found),
        DUPLICATE_OVERLAP,
        CONFLICT_OVERLAP,
        partner,
        overlap,
    )
    group = 0 if kind == DUPLICATE else 1
    rows = np.flatnonzero(partner[group] != _NOTHING)
    other, shared = partner[group, rows], overlap[group, rows]
    suggested = evidence.coding.truth_category[other].astype(np.int64) if kind == CONFLICT else None
    return suspects_of_kind(
        kind, truth=rows, other=other, suggested=suggested, suspicion=shared, overlap=shared
    )


def _class_of(point: OperatingPoint, predictions: NDArray[np.int64]) -> NDArray[np.int64]:
    return point.evidence.coding.category[predictions].astype(np.int64)


def _truth_offsets(point: OperatingPoint) -> NDArray[np.int64]:
    coding = point.evidence.coding
    return group_offsets(coding.truth_image, len(coding.image_keys))


def _boxes(point: OperatingPoint, table: str) -> Boxes:
    from cvfail.kernels.boxes import Boxes

    frame = point.evidence.outcomes.columns(table, list(Boxes._fields))
    return Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))


def suspects_of_kind(kind: int, **given: NDArray[np.int64] | NDArray[np.float64] | None) -> SuspectRows:
    """Suspects of one kind from the attributes of `SuspectRows` that there are; `suspicion` is one of them."""
    known = {name: values for name, values in given.items() if values is not None}
    number = known["suspicion"].size
    absent = {
        **dict.fromkeys(("truth", "prediction", "other", "suggested"), np.full(number, _NOTHING, np.int64)),
        **dict.fromkeys(("score", "overlap"), np.full(number, np.nan)),
        **dict.fromkeys(("smaller", "seen"), np.zeros(number, np.int64)),
    }
    return SuspectRows(kind=np.full(number, kind, np.int8), **(absent | known))


def joined(parts: Sequence[SuspectRows]) -> SuspectRows:
    """Suspects of all parts, one after the other."""
    names = vars(parts[0])
    return SuspectRows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
