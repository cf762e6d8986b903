"""What a comparison can show: how often a true difference would be seen, and how many images that takes."""

from __future__ import annotations

import numpy as np
import polars as pl

from cvfail.comparison.answers import error_of
from cvfail.errors import PolicyError
from cvfail.statistics.power_of_t import power_of_t, required_clusters

POWER_SCHEMA: dict[str, type[pl.DataType]] = {
    "model": pl.String,
    "level": pl.String,
    "slice": pl.String,
    "category": pl.String,
    "metric": pl.String,
    "difference": pl.Float64,
    "asked": pl.Float64,
    "power": pl.Float64,
    "clusters": pl.Int64,
    "required_clusters": pl.Float64,
}


def power_of_rows(
    rows: pl.DataFrame, difference: float, *, level: float = 0.05, power: float = 0.8
) -> pl.DataFrame:
    """How often p would be below a level if the true difference of every row were this.

    Args:
        rows: Of `cvfail.comparison.comparison.Comparison.df`.
        difference: True difference of the two models, not 0.
        level: Of the two-sided test of one row by itself; divide it by the number of rows for one among many.
        power: How often it is to be seen.

    Returns:
        The columns of `POWER_SCHEMA`, in the order of the rows: difference (as it was seen), asked, power (that of
        as many images as these), clusters, required_clusters (the images, or clusters, with units that give the power
        asked for, if further ones are like these; infinite if more than 10⁹). Null where nothing varies.

    Raises:
        PolicyError: A number has no meaning.
    """
    if not np.isfinite(difference) or difference == 0.0:
        raise PolicyError(f"difference must be a number other than 0; found {difference}. Hint: 0.02")
    clusters, error = rows["clusters"].to_numpy().astype(np.float64), error_of(rows)
    found = power_of_t(difference, error, clusters, level=level)
    needed = required_clusters(difference, error, clusters, level=level, power=power)
    return rows.with_columns(
        pl.lit(float(difference)).alias("asked"),
        pl.Series("power", found, dtype=pl.Float64).fill_nan(None),
        pl.Series("required_clusters", needed, dtype=pl.Float64).fill_nan(None),
    ).select(pl.col(name).cast(dtype) for name, dtype in POWER_SCHEMA.items())
