"""Why failure modes happen: the shares of their causes in words, with the rows behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.report.choosing import choose
from cvfail.report.gallery import TakesExamples
from cvfail.report.schema import Cause, Estimate, Remedy
from cvfail.report.typeset import typeset

if TYPE_CHECKING:
    from cvfail.failures.causes.shares import CauseTable
    from cvfail.failures.mode_errors import ModeErrors

THIN_SHARE = 0.05
"""A cause with less of the errors is folded away."""

_NEGLIGIBLE = 0.005
_MOST_OF_IT = 0.5

INHERENT = "inherent"

CAUSES: Mapping[str, tuple[str, str, Remedy]] = {
    "label_noise": ("Label noise", "the label is suspect, not the model", "labels"),
    "threshold": ("Score threshold", "another threshold on the score would mend it", "settings"),
    "localisation": ("Poor boxes", "the object is found, its box is off", "model"),
    "duplicates": (
        "Duplicates",
        "another box is on the same object, or suppression took it away",
        "settings",
    ),
    "confusion": ("Confused classes", "the object is found and taken for another class", "model"),
    "crowding": ("Crowding", "objects that overlap others fail more often", "data"),
    "truncation": ("Cut by the border", "objects that the border cuts fail more often", "data"),
    "occlusion": ("Occlusion", "hidden objects fail more often", "data"),
    "size": ("Object size", "objects of this size fail more often", "data"),
    "coverage": ("Few examples", "the slice is rare in the data", "data"),
    "domain_shift": ("Another domain", "these images are unlike the rest", "data"),
    INHERENT: ("No known cause", "nothing that was looked at explains it", "unknown"),
}
"""What the causes are called, what they mean, and what would have to change."""


def mode_causes(
    table: CauseTable,
    errors: ModeErrors,
    rank: int,
    units: pl.DataFrame,
    gallery: TakesExamples,
    *,
    examples: int,
) -> list[Cause]:
    """The causes of one mode that have a share of its errors, the largest first, the unknown last.

    Args:
        table: The causes of all modes.
        errors: The mode with its rows.
        rank: Of the mode.
        units: Its errors in the order in which `choose` takes them; none for a mode that has no gallery.
        gallery: Takes the examples.
        examples: So many of each cause that is not thin.
    """
    rows = table.df.filter((pl.col("rank") == rank) & (pl.col("share") >= _NEGLIGIBLE)).sort(
        pl.col("cause") == INHERENT, -pl.col("share"), maintain_order=True
    )
    causes = [_cause(row, errors.rows.size) for row in rows.to_dicts()]
    key = "prediction_index" if errors.mode.unit == "predictions" else "ground_truth_index"
    for cause in causes:
        own = errors.rows[table.weights(rank, cause["name"]) >= _MOST_OF_IT]
        cause["rows"] = own.size
        if not cause["thin"] and not units.is_empty():
            behind = units.filter(pl.col(key).is_in(pl.Series(own, dtype=units[key].dtype).implode()))
            cause["examples"] = gallery.add(choose(behind, [], examples))
    return causes


def main_cause(causes: Sequence[Cause]) -> Cause | None:
    """The cause with the largest share, the unknown too; None where there are no causes."""
    return max(causes, key=lambda cause: cause["share"]["estimate"] or 0.0, default=None)


def _cause(row: Mapping[str, Any], errors: int) -> Cause:
    name = row["cause"]
    spelt = name.replace("_", " ").capitalize()
    title, explanation, remedy = CAUSES.get(name, (spelt, "", "unknown"))
    return Cause(
        name=name,
        title=title,
        explanation=explanation,
        remedy=remedy,
        share=Estimate(estimate=row["share"], lower=row["lower"], upper=row["upper"], support=errors),
        errors=row["errors"],
        rows=0,
        evidence=typeset(row["evidence"]),
        thin=row["share"] < THIN_SHARE,
        examples=[],
    )
