"""What to do about failure modes: the actions with what they are predicted to give, and what to watch meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.report.schema import Intervention
from cvfail.report.typeset import typeset

if TYPE_CHECKING:
    from cvfail.failures.interventions.interventions import Interventions

_ABBREVIATIONS = {"iou": "IoU", "nms": "NMS"}


def mode_interventions(table: Interventions, rank: int) -> list[Intervention]:
    """The actions for one mode, in their order; none for a mode that may well be chance."""
    return [_intervention(row) for row in table.df.filter(pl.col("rank") == rank).to_dicts()]


def watched(table: Interventions, rank: int) -> list[str]:
    """The names of the modes to look at again after any action on a mode; none where there is no action."""
    if table.df.filter(pl.col("rank") == rank).is_empty():
        return []
    return [mode.name for mode in table.watch(rank)]


def _intervention(row: Mapping[str, Any]) -> Intervention:
    return Intervention(
        title=_title(row["action"]),
        action=row["action"],
        kind=row["kind"],
        cause=row["cause"],
        text=typeset(row["text"]),
        errors_gone=row["errors_gone"],
        objects_found=row["objects_found"],
        false_positives=row["false_positives"],
        recall_gain=row["recall_gain"],
        precision_gain=row["precision_gain"],
        f1_gain=row["f1_gain"],
        basis=row["basis"],
        effort=row["effort"],
        images_needed=row["images_needed"],
        images_here=row["images_here"],
    )


def _title(action: str) -> str:
    """The name of a rule as a heading.

    Example:
        >>> _title("lower_nms_iou")
        'Lower NMS IoU'
    """
    words = action.split("_")
    return " ".join([words[0].capitalize(), *(_ABBREVIATIONS.get(word, word) for word in words[1:])])
