"""Charts: one function for each, from a result table to an Altair chart whose title states the policy.

The functions load when they are first used; they need the extra ``report``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cvfail.errors import MissingDependencyError

if TYPE_CHECKING:
    from cvfail.charts.attribute_heatmap import heatmap
    from cvfail.charts.confusion_heat import confusion_matrix
    from cvfail.charts.cost_over_score import cost
    from cvfail.charts.differences import comparison
    from cvfail.charts.free_response import froc
    from cvfail.charts.gain_bars import error_types
    from cvfail.charts.images_by_score import det, roc
    from cvfail.charts.precision_against_recall import precision_recall
    from cvfail.charts.ranked_modes import failure_modes
    from cvfail.charts.rate_dots import average_precision, rates
    from cvfail.charts.rates_over_score import score
    from cvfail.charts.reliability_diagram import reliability
    from cvfail.charts.saving import save
    from cvfail.charts.slice_dots import slices
    from cvfail.charts.threshold_dots import operating_points

_HOME = {
    "average_precision": "rate_dots",
    "comparison": "differences",
    "confusion_matrix": "confusion_heat",
    "cost": "cost_over_score",
    "det": "images_by_score",
    "error_types": "gain_bars",
    "failure_modes": "ranked_modes",
    "froc": "free_response",
    "heatmap": "attribute_heatmap",
    "operating_points": "threshold_dots",
    "precision_recall": "precision_against_recall",
    "rates": "rate_dots",
    "reliability": "reliability_diagram",
    "roc": "images_by_score",
    "save": "saving",
    "score": "rates_over_score",
    "slices": "slice_dots",
}

__all__ = [
    "average_precision",
    "comparison",
    "confusion_matrix",
    "cost",
    "det",
    "error_types",
    "failure_modes",
    "froc",
    "heatmap",
    "operating_points",
    "precision_recall",
    "rates",
    "reliability",
    "roc",
    "save",
    "score",
    "slices",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'cvfail.charts' has no attribute {name!r}")
    try:
        home = import_module(f"cvfail.charts.{_HOME[name]}")
    except ModuleNotFoundError as error:
        if error.name != "altair":
            raise
        raise MissingDependencyError("Altair", "report", "a chart") from error
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
