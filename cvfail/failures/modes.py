"""Failure modes: error × slice, ranked by what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypedDict, get_args

import numpy as np

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute_names, dropped_attributes
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.conditions import conditions_of
from cvfail.failures.costs import Costs
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.failure_mode import ARROW, FailureMode
from cvfail.failures.mode_errors import ModeErrors
from cvfail.failures.mode_table import FailureModes, RankBy, Search, ranked_modes
from cvfail.failures.search import SearchedMode, search_modes
from cvfail.failures.value_pair import ValuePair

_ONE_PAIR = 0.8
"""Objects taken for another class are told as a→b if this share of them is of one pair."""


class ModeOptions(TypedDict, total=False):
    """Options of `failure_modes`."""

    max_order: int
    level: float
    min_support: int
    min_clusters: int
    costs: Costs | None
    rank_by: RankBy | None
    confidence: float
    insignificant: int
    replicates: int
    seed: int


def failure_modes(
    point: OperatingPoint,
    *,
    attributes: Sequence[str] | None = None,
    pair: ValuePair | None = None,
    max_order: int = 2,
    level: float = 0.05,
    min_support: int = 20,
    min_clusters: int = 10,
    costs: Costs | None = None,
    rank_by: RankBy | None = None,
    confidence: float = 0.95,
    insignificant: int = 5,
    replicates: int = 200,
    seed: int = 0,
) -> FailureModes:
    """Rank where the model fails more than elsewhere.

    Args:
        point: The evaluation at an overlap and a score threshold.
        attributes: What slices are made of; every attribute of images and ground truth, class and size if not
            given.
        pair: Two values of an attribute, of which the one is compared with the other instead of with the rest; see
            `cvfail.failures.contrast.failure_contrast`.
        max_order: How many attributes a slice may fix, 1 or more.
        level: Modes with a q-value below it are significant.
        min_support: Slices with fewer units are not looked at.
        min_clusters: Slices in fewer images (or clusters) are not tested.
        costs: What errors cost; 1 each if not given.
        rank_by: What is most: ``excess`` errors, ``risk`` (excess at its cost; the default if there are costs), or
            what repairing gives back of ``recall``, ``precision``, ``f1`` or ``ap``.
        confidence: Coverage of the intervals.
        insignificant: How many of the largest insignificant excesses are listed after the significant ones.
        replicates: Bootstrap replicates behind the intervals of `FailureModes.impact`.
        seed: Of their weights.

    Returns:
        The modes, the costliest first, significant ones before the others; see `FailureModes`.

    Raises:
        QueryError: An option has no meaning.

    Notes:
        Missed, classification and localisation are told of objects: rate is errors ÷ objects. Duplicate,
        background, both and redundant are told of false positives: rate is errors ÷ (objects + these errors), so
        that objects that are missed do not make false positives look more frequent. A slice is compared with the
        rest, never with a whole that contains it; excess errors are errors beyond those expected at the rest's
        rate. p-values are clustered by image, q-values are Benjamini and Hochberg's over all slices and errors
        tested. Slices that overlap are reported once, by the slice that explains the errors best. Objects taken
        for another class are told as a→b where 80 % of them are of one pair; p and q are of the slice as it was
        tested. Attributes that only ground truth has are not used for false positives.
    """
    if max_order < 1:
        raise QueryError(f"max_order must be at least 1; found {max_order}")
    rank_by = rank_by or ("excess" if costs is None else "risk")
    if rank_by not in get_args(RankBy):
        raise QueryError(f"modes cannot be ranked by {rank_by!r}. Hint: {', '.join(get_args(RankBy))}")
    evidence = point.evidence
    names = attribute_names(evidence) if attributes is None else list(dict.fromkeys(attributes))
    searched = search_modes(
        point,
        names,
        pair=pair,
        max_order=max_order,
        level=level,
        min_support=min_support,
        min_clusters=min_clusters,
        confidence=confidence,
        insignificant=insignificant,
    )
    search = Search(
        tuple(names), tuple(dropped_attributes(evidence)), searched.tested, level, min_support, min_clusters
    )
    known = RowErrors(point)
    of = "" if pair is None else f" of {pair}"
    order = "" if rank_by == "excess" else f" by {rank_by}"
    return ranked_modes(
        [(_mode_errors(known, one), one) for one in searched.modes],
        rank_by=rank_by,
        costs=costs,
        caption=f"failure modes{of}{order}; {point.describe()}; {searched.tested} slices tested",
        search=search,
        options={"replicates": replicates, "confidence": confidence, "seed": seed},
    )


def reevaluated(
    modes: Iterable[FailureMode],
    evidence: Evidence,
    *,
    costs: Costs | None = None,
    level: float = 0.05,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
) -> FailureModes:
    """The same modes on another evaluation, in their order.

    Args:
        modes: Frozen modes, such as `FailureModes.modes` or `read_modes` gives.
        evidence: The evaluation to look at; matched by the same policy.
        costs: What errors cost; 1 each if not given.
        level: A mode is significant if its slice still fails more than the rest, with a q-value below it.
        replicates: Bootstrap replicates behind the intervals of `FailureModes.impact`.
        confidence: Coverage of the intervals.
        seed: Of the weights.

    Returns:
        As `failure_modes`, in the order given; q-values are over these modes, for nothing else was looked at.

    Raises:
        PolicyError: The evaluation was matched in another way.
        QueryError: It lacks an attribute or a class.
    """
    known: dict[tuple[float, float], RowErrors] = {}
    found = []
    for mode in modes:
        own = known.setdefault((mode.iou, mode.score), RowErrors(mode.on(evidence)))
        found.append((ModeErrors.of(mode, own), None))
    return ranked_modes(
        found,
        rank_by=None,
        costs=costs,
        caption=f"{len(found)} failure modes looked at again; {_points(known.values(), evidence)}",
        search=Search((), (), len(found), level, 0, 0),
        options={"replicates": replicates, "confidence": confidence, "seed": seed},
    )


def _points(known: Iterable[RowErrors], evidence: Evidence) -> str:
    """At which operating point modes are, for captions."""
    told = sorted({own.point.describe() for own in known})
    return "each at its own operating point" if len(told) > 1 else told[0] if told else evidence.describe()


def frozen_mode(point: OperatingPoint, error: str, where: str = "") -> FailureMode:
    """A mode by its error and its slice, to be looked at by `reevaluated`.

    Args:
        point: The evaluation at an overlap and a score threshold.
        error: One of `cvfail.failures.failure_mode.ERRORS`, or ``a→b`` (also ``a->b``).
        where: ``category=car & size=small``, as tables write slices; everything if empty.

    Raises:
        FormatError: There is no such error.
        QueryError: An attribute or a value is unknown.
    """
    return FailureMode(
        error=error.replace("->", ARROW),
        conditions=conditions_of(point.evidence, where),
        iou=point.iou,
        score=point.score,
        policy=point.evidence.policy,
        task=point.evidence.task,
    )


def _mode_errors(known: RowErrors, searched: SearchedMode) -> ModeErrors:
    """A searched mode with its rows, told as a confusion of two classes where it is one."""
    frozen = frozen_mode(known.point, searched.error)
    mode = replace(frozen, conditions=searched.conditions, against=searched.against)
    errors = ModeErrors.of(mode, known)
    pair = _dominant_pair(errors) if mode.kind == "classification" else None
    return errors if pair is None else ModeErrors.of(replace(mode, error=ARROW.join(pair)), known)


def _dominant_pair(errors: ModeErrors) -> tuple[str, str] | None:
    """The true class and the predicted one of most of some objects taken for another class, if it is most."""
    point, rows = errors.point, errors.objects
    coding, names = point.evidence.coding, point.evidence.category_names
    pairs = coding.truth_category[rows].astype(np.int64) * len(names) + coding.category[point.repairs[rows]]
    numbers, counts = np.unique(pairs, return_counts=True)
    if not numbers.size or counts.max() < _ONE_PAIR * rows.size:
        return None
    true, predicted = divmod(int(numbers[counts.argmax()]), len(names))
    return names[true], names[predicted]
