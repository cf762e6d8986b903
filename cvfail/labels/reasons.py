"""Why a label is suspected, as one sentence with its numbers."""

from __future__ import annotations

import polars as pl

_SCORE, _OVERLAP = pl.col("score").round(2), pl.col("overlap").round(2)

_IN_AN_IMAGE = pl.col("kind").eq("wrong_class") & pl.col("overlap").is_null()

_SENTENCES = (
    (
        _IN_AN_IMAGE,
        pl.format("labelled {}, but {} has a probability of {}", "label", "suggested", _SCORE),
    ),
    (
        pl.col("kind").eq("missing"),
        pl.format("{} with score {} where no label is", "suggested", _SCORE),
    ),
    (
        pl.col("kind").eq("wrong_class"),
        pl.format(
            "labelled {}, but {} with score {} overlaps it by {}", "label", "suggested", _SCORE, _OVERLAP
        ),
    ),
    (
        pl.col("kind").eq("bad_box"),
        pl.format("the box of {} overlaps the one found with score {} by only {}", "label", _SCORE, _OVERLAP),
    ),
    (
        pl.col("kind").eq("spurious") & pl.col("smaller").eq(0),
        pl.format("no prediction of any class touches this {}, no other label is smaller", "label"),
    ),
    (
        pl.col("kind").eq("spurious"),
        pl.format(
            "no prediction of any class touches this {}, but {} of {} labels no larger than it",
            "label",
            "seen",
            "smaller",
        ),
    ),
    (
        pl.col("kind").eq("duplicate"),
        pl.format("another {} label overlaps it by {}", "label", _OVERLAP),
    ),
    (
        pl.col("kind").eq("conflict"),
        pl.format("labelled {}, but a {} label overlaps it by {}", "label", "suggested", _OVERLAP),
    ),
)


def with_reasons(suspects: pl.DataFrame) -> pl.DataFrame:
    """Add `reason` to suspects.

    Args:
        suspects: kind, label, suggested, score, overlap, smaller, seen, as `cvfail.labels.suspects` makes them.

    Returns:
        The rows with a sentence each.
    """
    sentence = pl.coalesce(pl.when(holds).then(text) for holds, text in _SENTENCES)
    return suspects.with_columns(reason=sentence)
