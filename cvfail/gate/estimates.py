"""Estimates with their errors, of the candidate alone and of its difference to the baseline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cvfail.gate.macro import macro_alone, macro_difference
from cvfail.gate.measured import Measured
from cvfail.gate.question import Question
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.paired_contrast import paired_contrast
from cvfail.statistics.replicates import skewness_of_replicates, variance_of_replicates

ESTIMATES_SCHEMA: dict[str, type[pl.DataType]] = {
    "question": pl.String,
    "baseline": pl.Float64,
    "candidate": pl.Float64,
    "estimate": pl.Float64,
    "error": pl.Float64,
    "skewness": pl.Float64,
    "trials": pl.Float64,
    "step": pl.Float64,
    "support": pl.Float64,
    "clusters": pl.Int64,
}
"""Columns of estimates: error is a standard error; skewness, of the estimate where replicates tell it; trials, of
shares, the number of independent units that have it; step, by how much one unit can move the estimate; support, units
of the smaller denominator; clusters, with any."""

_ESTIMATE = pl.col("estimate")
_SHARES = ("precision", "recall", "f1")


def relative_estimates(
    questions: Sequence[Question], baseline: Measured, candidate: Measured
) -> pl.DataFrame:
    """Candidate less baseline, with the clusters paired; columns of `ESTIMATES_SCHEMA`."""
    rates = [one for one in questions if not (one.is_precision or one.is_macro)]
    sides = [
        _of(measured, rates).select(
            "question",
            "cluster",
            pl.col("numerator").alias(f"y{side}"),
            pl.col("denominator").alias(f"n{side}"),
        )
        for side, measured in enumerate((baseline, candidate), 1)
    ]
    sums = pl.concat(sides, how="diagonal").with_columns(pl.col("y1", "n1", "y2", "n2").fill_null(0.0))
    told = paired_contrast(
        sums, numerators=("y1", "y2"), denominators=("n1", "n2"), cluster="cluster", by=["question"]
    )
    units = sums.group_by("question").agg(support=pl.min_horizontal(pl.col("n1").sum(), pl.col("n2").sum()))
    frame = (
        told.drop("support")
        .join(units, on="question", how="left")
        .rename({"first": "baseline", "second": "candidate"})
        .with_columns(step=_step(rates) / pl.col("support"))
    )
    precisions = [_difference(one, baseline, candidate) for one in questions if one.is_precision]
    macros = [macro_difference(one, baseline, candidate) for one in questions if one.is_macro]
    return _told([frame, *precisions, pl.DataFrame(macros, schema=ESTIMATES_SCHEMA)])


def absolute_estimates(questions: Sequence[Question], candidate: Measured) -> pl.DataFrame:
    """The candidate alone; columns of `ESTIMATES_SCHEMA`, baseline null."""
    shares = [one for one in questions if one.mode is not None or one.metric in _SHARES]
    counts = [one for one in questions if one.metric == "false_positives_per_image"]
    ratio = clustered_ratio(
        _of(candidate, shares),
        numerator="numerator",
        denominator="denominator",
        cluster="cluster",
        by=["question"],
    )
    effect = pl.col("design_effect").fill_null(1.0).clip(1.0, None)
    frame = ratio.with_columns(candidate=_ESTIMATE, trials=pl.col("support") / effect)
    nothing = {"y1": pl.lit(0.0), "n1": pl.col("denominator")}
    alone = paired_contrast(
        _of(candidate, counts).with_columns(**nothing),
        numerators=("y1", "numerator"),
        denominators=("n1", "denominator"),
        cluster="cluster",
        by=["question"],
    ).with_columns(candidate=pl.col("second"), step=1.0 / pl.col("support"))
    precisions = [_alone(one, candidate) for one in questions if one.is_precision]
    macros = [macro_alone(one, candidate) for one in questions if one.is_macro]
    return _told([frame, alone, *precisions, pl.DataFrame(macros, schema=ESTIMATES_SCHEMA)])


def _of(measured: Measured, questions: Sequence[Question]) -> pl.DataFrame:
    keys = pl.Series([question.key for question in questions], dtype=pl.String)
    return measured.sums.filter(pl.col("question").is_in(keys.implode()))


def _step(questions: Sequence[Question]) -> pl.Expr:
    """One object that is found or lost moves the numerator of F1 by 2."""
    twofold = pl.Series([one.key for one in questions if one.metric == "f1"], dtype=pl.String)
    return pl.when(pl.col("question").is_in(twofold.implode())).then(2.0).otherwise(1.0)


def _told(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """All frames with the same columns."""
    whole = pl.concat([pl.DataFrame(schema=ESTIMATES_SCHEMA), *frames], how="diagonal_relaxed")
    return whole.select(pl.col(name).cast(dtype) for name, dtype in ESTIMATES_SCHEMA.items())


def _objects(question: Question, measured: Measured) -> tuple[float, int]:
    """Objects in the place of a question, and clusters that have some."""
    own = measured.sums.filter(question=question.objects.key)
    return float(own["denominator"].sum()), own.height


def _difference(question: Question, baseline: Measured, candidate: Measured) -> pl.DataFrame:
    """Of average precision, from replicates in which both have the same images."""
    ours, theirs = baseline.values[question.key], candidate.values[question.key]
    objects, clusters = _objects(question, candidate)
    known = not np.isnan(theirs[0] - ours[0])
    return pl.DataFrame(
        {
            "question": [question.key],
            "baseline": [_number(ours[0])],
            "candidate": [_number(theirs[0])],
            "estimate": [_number(theirs[0] - ours[0])],
            "error": [_error(theirs[1:] - ours[1:], clusters) if known else None],
            "skewness": [_number(float(skewness_of_replicates(theirs[1:] - ours[1:]))) if known else None],
            "step": [1.0 / objects if objects else None],
            "support": [objects],
            "clusters": [clusters],
        },
        schema_overrides=ESTIMATES_SCHEMA,
    )


def _alone(question: Question, candidate: Measured) -> pl.DataFrame:
    values = candidate.values[question.key]
    objects, clusters = _objects(question, candidate)
    estimate, error = _number(values[0]), _error(values[1:], clusters)
    trials = None
    if estimate is not None and error is not None:
        spread = estimate * (1.0 - estimate)
        trials = min(objects, spread / error**2) if spread > 0.0 and error > 0.0 else objects
    return pl.DataFrame(
        {
            "question": [question.key],
            "candidate": [estimate],
            "estimate": [estimate],
            "error": [error],
            "trials": [trials],
            "support": [objects],
            "clusters": [clusters],
        },
        schema_overrides=ESTIMATES_SCHEMA,
    )


def _error(replicates: np.ndarray, clusters: int) -> float | None:
    """Standard deviation of replicates, for few clusters."""
    if clusters < 2:
        return None
    return _number(float(np.sqrt(variance_of_replicates(replicates) * clusters / (clusters - 1.0))))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
