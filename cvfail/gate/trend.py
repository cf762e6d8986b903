"""The same questions on many runs: each value with its interval, and the paired difference to the run before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from cvfail.gate.estimates import absolute_estimates, relative_estimates
from cvfail.gate.inference import with_interval
from cvfail.gate.measured import Measured
from cvfail.gate.question import Question
from cvfail.tables.result import ResultTable

TREND_SCHEMA: dict[str, pl.DataType] = {
    "slice": pl.String(),
    "category": pl.String(),
    "metric": pl.String(),
    "run": pl.String(),
    "date": pl.Datetime("us", "UTC"),
    "estimate": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "support": pl.Float64(),
    "clusters": pl.Int64(),
    "previous": pl.String(),
    "difference": pl.Float64(),
    "difference_lower": pl.Float64(),
    "difference_upper": pl.Float64(),
    "p_value": pl.Float64(),
}

_SHOWN = (
    *("slice", "category", "metric", "run", "estimate", "lower", "upper"),
    *("previous", "difference", "difference_lower", "difference_upper", "p_value"),
)


class Trend(ResultTable):
    """The same slices and failure modes on every run.

    Attributes:
        df: slice (or failure mode; null for everything), category (null for all), metric, run, date, estimate with
            lower and upper, support (units), clusters; previous (the last run before with the same images, labels
            and policy; null if there is none), difference to it with difference_lower and difference_upper (paired
            by image), p_value (of no difference, of this one by itself). Questions in the order in which they were
            put, runs in theirs.
    """

    def _shown(self) -> pl.DataFrame:
        return self.df.select(_SHOWN)


def trend_of(
    models: Sequence[tuple[str, datetime, Measured]], questions: Sequence[Question], *, confidence: float
) -> Trend:
    """Put what was measured in order.

    Args:
        models: Name and date of each run, and what is known of it.
        questions: What is told.
        confidence: Coverage of the intervals.
    """
    frames = [
        _of_run(number, models, questions, confidence).with_columns(run=pl.lit(name), date=pl.lit(date))
        for number, (name, date, _) in enumerate(models)
    ]
    numbered = [
        one.with_columns(_question=pl.int_range(pl.len()), _run=pl.lit(number))
        for number, one in enumerate(frames)
    ]
    told = pl.concat(numbered, how="diagonal_relaxed").sort("_question", "_run") if numbered else None
    frame = pl.DataFrame(schema=TREND_SCHEMA) if told is None else told
    policies = list(dict.fromkeys(model.described for *_, model in models))
    return Trend(
        frame.select(pl.col(name).cast(dtype) for name, dtype in TREND_SCHEMA.items()),
        caption=f"{'; or '.join(policies)}; {confidence:.6g} intervals, differences paired by image",
    )


def _of_run(
    number: int,
    models: Sequence[tuple[str, datetime, Measured]],
    questions: Sequence[Question],
    confidence: float,
) -> pl.DataFrame:
    """One row per question of one run, without its name."""
    own = models[number][2]
    rows = pl.DataFrame(
        {
            "slice": [question.place for question in questions],
            "category": [question.category for question in questions],
            "metric": [question.metric for question in questions],
            "question": [question.key for question in questions],
        },
        schema=dict.fromkeys(("slice", "category", "metric", "question"), pl.String),
    )
    values = with_interval(absolute_estimates(questions, own), confidence)
    rows = rows.join(
        values.select("question", "estimate", "lower", "upper", "support", "clusters"),
        on="question",
        how="left",
        maintain_order="left",
    )
    before = [(name, one) for name, _, one in models[:number] if not one.identity.differences(own.identity)]
    if not before:
        return rows.with_columns(previous=pl.lit(None, pl.String))
    name, previous = before[-1]
    differences = with_interval(relative_estimates(questions, previous, own), confidence).select(
        "question",
        "p_value",
        difference="estimate",
        difference_lower="lower",
        difference_upper="upper",
    )
    return rows.join(differences, on="question", how="left", maintain_order="left").with_columns(
        previous=pl.lit(name)
    )
