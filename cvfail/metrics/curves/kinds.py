"""All curves by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypedDict, Unpack

from cvfail.errors import QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.froc import froc
from cvfail.metrics.curves.rates_over_score import score_curve
from cvfail.metrics.curves.roc import roc_curve
from cvfail.tables.result import ResultTable

CurveKind = Literal["score", "precision_recall", "roc", "det", "froc"]
"""Rates over the score, which hold precision against recall; images by their score, which hold the detection error
tradeoff; sensitivity at false positives per image."""


class CurveOptions(TypedDict, total=False):
    """Options of curves; see each of them for those that it takes."""

    beta: float
    false_positive_cost: float
    missed_cost: float
    targets: Sequence[float]
    interpolate: bool
    points: int | None
    replicates: int
    confidence: float
    seed: int


_KINDS: dict[CurveKind, Callable[..., ResultTable]] = {
    "score": score_curve,
    "precision_recall": score_curve,
    "roc": roc_curve,
    "det": roc_curve,
    "froc": froc,
}


def curve(
    point: OperatingPoint, kind: CurveKind, *, by: Sequence[str] = (), **options: Unpack[CurveOptions]
) -> ResultTable:
    """A curve over all score thresholds.

    Args:
        point: The evaluation; its score threshold is not looked at.
        kind: ``score`` or ``precision_recall``, see `score_curve`; ``roc`` or ``det``, see `roc_curve`; ``froc``, see
            `cvfail.metrics.curves.froc.froc`.
        by: A curve for each combination of levels.
        options: Of that function.

    Raises:
        QueryError: There is no such kind, or it has no such option.
    """
    if kind not in _KINDS:
        raise QueryError(f"there is no curve {kind!r}. Hint: one of {', '.join(_KINDS)}")
    answer = _KINDS[kind]
    unknown = [name for name in options if name not in (answer.__kwdefaults__ or {})]
    if unknown:
        known = ", ".join(name for name in answer.__kwdefaults__ or {} if name != "threads")
        raise QueryError(f"the curve {kind!r} has no option {unknown[0]!r}. Hint: one of {known}")
    return answer(point, by=by, **options)
