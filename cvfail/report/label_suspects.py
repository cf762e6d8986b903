"""Labels that are probably wrong: how many of each kind, what they cost, and the most suspect of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.evidence.evidence import Evidence
from cvfail.report.gallery import Gallery
from cvfail.report.schema import LabelSuspects, Suspect, SuspectKind

if TYPE_CHECKING:
    from cvfail.labels.suspects import LabelErrors
    from cvfail.tables.result import ResultTable

MOST_SUSPECTS = 60
MOST_OF_A_KIND = 20
"""The most suspect of all are shown, and the most suspect of each kind."""

KINDS: Mapping[str, tuple[str, str]] = {
    "missing": ("Missing label", "a sure prediction where no label is"),
    "wrong_class": ("Wrong class", "a sure prediction of another class in the place of the label"),
    "bad_box": ("Poor box", "a sure prediction of the class whose box differs from the label's"),
    "spurious": ("No object", "nothing that the model reports touches the label"),
    "duplicate": ("Labelled twice", "two labels of one class in the same place"),
    "conflict": ("Two classes", "labels of two classes in the same place"),
}
"""What the kinds are called and what is suspect."""

_OF_CLASSIFIERS = {
    "wrong_class": ("Wrong class", "the model is sure of another class than the label"),
}
_EVERYTHING = ("All of them", "every suspect of every kind")
_GAIN = "_gain"

_NO_PROBABILITIES = (
    "The labels of a classifier are judged by the probabilities of all classes, which are not known here."
)


def label_suspects(suspects: LabelErrors, gains: ResultTable, gallery: Gallery) -> LabelSuspects:
    """The suspects of an evaluation, with examples.

    Args:
        suspects: All of them.
        gains: Their `LabelErrors.correction_gain`.
        gallery: Takes the examples.
    """
    evidence = suspects.point.evidence
    of_kind = {row["kind"]: row for row in gains.df.to_dicts()}
    kinds = KINDS if evidence.task == "detection" else _OF_CLASSIFIERS
    counts = dict(suspects.counts.df.select("kind", "suspects").iter_rows())
    return LabelSuspects(
        kinds=[_kind(name, words, counts[name], of_kind) for name, words in kinds.items()],
        together=_kind("all", _EVERYTHING, len(suspects), of_kind),
        suspects=_shown(suspects.df, evidence, gallery),
        note="",
    )


def no_label_suspects() -> LabelSuspects:
    """What is said of a classifier whose labels cannot be judged."""
    nothing = SuspectKind(name="all", title=_EVERYTHING[0], explanation=_EVERYTHING[1], suspects=0, gains={})
    return LabelSuspects(kinds=[], together=nothing, suspects=[], note=_NO_PROBABILITIES)


def _kind(
    name: str, words: tuple[str, str], suspects: int, gains: Mapping[str, Mapping[str, Any]]
) -> SuspectKind:
    title, explanation = words
    row = gains.get(name, {})
    return SuspectKind(
        name=name,
        title=title,
        explanation=explanation,
        suspects=suspects,
        gains={key.removesuffix(_GAIN): gain for key, gain in row.items() if key.endswith(_GAIN)},
    )


def _shown(table: pl.DataFrame, evidence: Evidence, gallery: Gallery) -> list[Suspect]:
    of_kind = pl.int_range(pl.len()).over("kind")
    shown = table.filter((pl.col("rank") <= MOST_SUSPECTS) | (of_kind < MOST_OF_A_KIND))
    codes = {name: code for code, name in reversed(list(enumerate(evidence.category_names)))}
    return [
        Suspect(
            rank=row["rank"],
            kind=row["kind"],
            reason=row["reason"],
            file_name=str(row["image_id"]) if row["file_name"] is None else row["file_name"],
            label=None if row["label"] is None else codes[row["label"]],
            suggested=None if row["suggested"] is None else codes[row["suggested"]],
            suspicion=row["suspicion"],
            score=row["score"],
            example=example,
        )
        for row, example in zip(shown.to_dicts(), gallery.places(shown), strict=True)
    ]
