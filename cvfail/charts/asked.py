"""One call from an evaluation to a chart: each kind knows its question and its drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from cvfail import charts
from cvfail.charts.theme import LookOptions
from cvfail.errors import QueryError

if TYPE_CHECKING:
    import altair as alt

ChartKind = Literal[
    "confusion_matrix",
    "precision_recall",
    "score",
    "roc",
    "det",
    "froc",
    "cost",
    "reliability",
    "rates",
    "average_precision",
    "heatmap",
    "slices",
    "failure_modes",
    "error_types",
    "operating_points",
]
"""What can be drawn of one evaluation; each is a function of `cvfail.charts`."""

KINDS: tuple[ChartKind, ...] = get_args(ChartKind)

OF_DETECTORS = ("froc", "error_types", "average_precision")
"""Kinds that a classifier does not have."""

_QUESTION: dict[str, str] = {
    "precision_recall": "curve",
    "score": "curve",
    "roc": "curve",
    "det": "curve",
    "froc": "curve",
    "cost": "curve",
    "reliability": "calibration",
    "rates": "metrics",
    "heatmap": "metrics",
}
_CURVE = {"cost": "score"}


def chart_of(evaluation: Any, kind: ChartKind, **options: Any) -> alt.TopLevelMixin:  # noqa: ANN401
    """Ask an evaluation the question of a chart, and draw the answer.

    Args:
        evaluation: A `cvfail.Evaluation`.
        kind: One of `KINDS`.
        options: Those of the drawing (``theme``, ``width``, ``most`` …) and those of the question (``by``, ``iou``,
            ``replicates`` …), each by its name.

    Raises:
        QueryError: There is no such kind, or the question cannot be answered.
        MissingDependencyError: Altair is not installed.
    """
    if kind not in KINDS:
        raise QueryError(f"there is no chart {kind!r}. Hint: one of {', '.join(KINDS)}")
    draw: Callable[..., alt.TopLevelMixin] = getattr(charts, kind)
    own = {*(draw.__kwdefaults__ or {}), *LookOptions.__annotations__}
    drawing = {name: value for name, value in options.items() if name in own}
    asked = {name: value for name, value in options.items() if name not in own}
    question = getattr(evaluation, _QUESTION.get(kind, kind))
    if kind == "rates":
        asked.setdefault("by", "category")
        whole = {name: value for name, value in asked.items() if name != "by"}
        drawing.setdefault("overall", question(**whole))
        return draw(question(**asked), **drawing)
    if kind == "heatmap":
        asked.setdefault("by", _two_attributes(evaluation))
    if kind == "error_types":
        asked.setdefault("replicates", 200)
    if kind == "operating_points":
        asked.setdefault("by", "category")
    if kind == "slices":
        asked["slices"] = (
            _every_value(evaluation, asked.pop("by", ())) if "slices" not in asked else asked["slices"]
        )
    if kind == "reliability":
        return draw(question(**{"measures": ["ece"], **asked}).reliability(), **drawing)
    if question.__name__ == "curve":
        if kind in {"roc", "det"}:
            asked.setdefault("by", "category")
        return draw(question(_CURVE.get(kind, kind), **asked), **drawing)
    return draw(question(**asked), **drawing)


def _two_attributes(evaluation: Any) -> list[str]:  # noqa: ANN401
    """Size and the first attribute of the images, or what comes first."""
    names = evaluation.attribute_columns
    first = ["size"] if "size" in names else []
    rest = [name for name in names if name not in {"size", "category"}]
    return [*first, *rest, "category"][:2]


def _every_value(evaluation: Any, by: str | Sequence[str]) -> list[str]:  # noqa: ANN401
    """Every level of some attributes as slices; of size, if none is named."""
    names = (
        [by]
        if isinstance(by, str)
        else list(by) or ["size" if evaluation.task == "detection" else "category"]
    )
    levels = (evaluation.metrics(by=name).df[name].drop_nulls().cast(str).to_list() for name in names)
    return [f"{name}={level}" for name, values in zip(names, levels, strict=True) for level in values]
