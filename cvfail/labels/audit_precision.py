"""The share of suspects that are label errors, from a stratified sample without replacement."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.statistics.proportions import wilson, wilson_from_variance
from cvfail.statistics.quantiles import normal_quantile

ALL = "all"


def trials_of(reviewed: NDArray[np.int64], suspects: int | NDArray[np.int64]) -> NDArray[np.float64]:
    """Independent trials that tell as much as reviews without replacement; very many where all are reviewed."""
    rest = np.maximum(suspects - reviewed, 1e-9)
    return np.asarray(reviewed * np.maximum(suspects - 1.0, 1e-9) / rest, np.float64)


def estimated_precision(counts: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Precision with its interval by stratum and of all.

    Args:
        counts: `stratum`, `suspects`, `reviewed`, `unsure`, `confirmed`.
        confidence: Of the intervals.

    Returns:
        The rows and one for all, with `precision`, `lower`, `upper` and the label errors that follow; see
        `AuditPlan.estimate`.
    """
    suspects, reviewed, confirmed = (
        counts[name].to_numpy().astype(np.int64) for name in ("suspects", "reviewed", "confirmed")
    )
    some = reviewed > 0
    precision = np.divide(confirmed, reviewed, out=np.full(some.size, np.nan), where=some)
    trials = trials_of(reviewed, suspects)
    _, lower, upper = wilson(np.where(some, precision, 0.0) * trials, trials, confidence=confidence)
    whole = reviewed == suspects
    lower, upper = np.where(whole, precision, lower), np.where(whole, precision, upper)
    total = int(suspects.sum())
    weight = suspects / max(total, 1)
    inner = precision * (1.0 - precision) / np.maximum(reviewed - 1, 1)
    inner = np.where(reviewed == 1, 0.25, inner)
    variance = np.sum(weight**2 * (1.0 - reviewed / np.maximum(suspects, 1)) * inner)
    mean = np.sum(weight * precision) if total else np.nan
    if whole.all() and total:
        together = (mean, mean, mean)
    else:
        effective = float(trials_of(np.array(reviewed.sum()), total)) if total else 0.0
        together = wilson_from_variance(mean, variance, units=effective, quantile=normal_quantile(confidence))
    sums = {name: [int(counts[name].sum())] for name in ("suspects", "reviewed", "unsure", "confirmed")}
    table = pl.concat([counts, pl.DataFrame({"stratum": [ALL], **sums})])
    bounds = {
        "precision": np.append(precision, together[0]),
        "lower": np.append(np.where(some, lower, np.nan), together[1]),
        "upper": np.append(np.where(some, upper, np.nan), together[2]),
    }
    table = table.with_columns(**{name: pl.Series(values).fill_nan(None) for name, values in bounds.items()})
    return table.with_columns(
        label_errors=pl.col("precision") * pl.col("suspects"),
        label_errors_lower=pl.col("lower") * pl.col("suspects"),
        label_errors_upper=pl.col("upper") * pl.col("suspects"),
    )
