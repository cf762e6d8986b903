"""The rows of a comparison: one metric of two models somewhere, and a frozen mode of two models."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.comparison.difference import Difference
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.paired_modes import PairedModes
from cvfail.statistics.paired_contrast import paired_contrast
from cvfail.statistics.power_of_t import detectable_difference
from cvfail.statistics.resampling import bootstrap_difference

Answer = dict[str, object]

COMPARISON_SCHEMA: dict[str, type[pl.DataType]] = {
    "model": pl.String,
    "level": pl.String,
    "slice": pl.String,
    "category": pl.String,
    "metric": pl.String,
    "baseline": pl.Float64,
    "candidate": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "detectable": pl.Float64,
    "support": pl.Float64,
    "clusters": pl.Int64,
}

_ERROR = "error"
_MADE_LATER = ("model", "q_value", "detectable")


def answers(place: Answer, metric: str, one: Difference) -> list[Answer]:
    """The rows of every group of a metric; `place` says where it was measured."""
    columns = {
        "baseline": one.first,
        "candidate": one.second,
        "difference": one.second - one.first,
        "lower": one.lower,
        "upper": one.upper,
        "p_value": one.p_values,
        _ERROR: one.error,
        "support": one.support,
        "clusters": one.clusters,
    }
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [{**place, "metric": metric, **dict(zip(columns, row, strict=True))} for row in rows]


def mode_answers(
    mode: FailureMode, known: PairedModes, *, replicates: int, confidence: float, seed: int
) -> pl.DataFrame:
    """The error rate of a frozen mode as one row."""
    sums = known.sums(mode)
    rates, of = ("y1", "y2"), ("n1", "n2")
    told = paired_contrast(sums, numerators=rates, denominators=of, cluster="cluster", confidence=confidence)
    drawn = bootstrap_difference(
        sums,
        numerators=rates,
        denominators=of,
        cluster="cluster",
        replicates=replicates,
        confidence=confidence,
        seed=seed,
    )
    floor = 2.0 ** (1 - pl.col("unlike").cast(pl.Float64))
    return told.select(
        pl.lit("failure mode").alias("level"),
        pl.lit(mode.name).alias("slice"),
        pl.lit("error_rate").alias("metric"),
        pl.col("first").alias("baseline"),
        pl.col("second").alias("candidate"),
        pl.col("estimate").alias("difference"),
        drawn["lower"],
        drawn["upper"],
        pl.when(pl.col("p_value").is_not_null())
        .then(pl.max_horizontal("p_value", floor).clip(upper_bound=1.0))
        .alias("p_value"),
        _ERROR,
        "support",
        "clusters",
    )


def as_table(rows: list[Answer], modes: list[pl.DataFrame]) -> pl.DataFrame:
    """All rows of one candidate, with what it takes to see a difference; null where undefined."""
    schema = {name: dtype for name, dtype in COMPARISON_SCHEMA.items() if name not in _MADE_LATER}
    frame = pl.concat([pl.DataFrame(rows, schema={**schema, _ERROR: pl.Float64}), *modes], how="diagonal")
    errors = frame[_ERROR].to_numpy().astype(np.float64)
    found = detectable_difference(np.where(errors > 0.0, errors, np.nan), frame["clusters"].to_numpy())
    detectable = pl.Series("detectable", found, dtype=pl.Float64)
    return (
        frame.with_columns(detectable)
        .with_columns(pl.selectors.float().fill_nan(None))
        .select(*schema, "detectable")
    )


def error_of(rows: pl.DataFrame) -> NDArray[np.float64]:
    """The standard error of every difference, from what is detectable with it; NaN where unknown."""
    unit = detectable_difference(np.ones(len(rows)), rows["clusters"].to_numpy())
    return np.asarray(rows["detectable"].to_numpy().astype(np.float64) / unit)
