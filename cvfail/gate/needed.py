"""How many images would tell where a gate cannot."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.gate.inference import is_count, rare_error
from cvfail.statistics.power_of_t import required_clusters

Numbers = NDArray[np.float64]


def clusters_needed(
    estimates: pl.DataFrame, limit: Numbers, is_floor: NDArray[np.bool_], *, level: Numbers, confidence: float
) -> Numbers:
    """Images (or clusters) with units with which an estimate would pass or fail in four of five cases.

    Args:
        estimates: See `cvfail.gate.estimates.ESTIMATES_SCHEMA`.
        limit: That each must keep, shape (n,).
        is_floor: Whether the limit is the lowest number allowed, not the highest.
        level: Below which the p-value of a row must be for it to fail among the others.
        confidence: One-sided, of the bound that must keep the limit for it to pass.

    Returns:
        Shape (n,): if the true value is the estimate and further images are like these; infinite where the estimate
        is the limit, NaN where it is not known.

    Notes:
        See `required_clusters`. The error of a share is that of its independent units; of counts per image the
        distance is that of logarithms.
    """
    columns = {name: estimates[name].to_numpy() for name in ("estimate", "error", "trials", "step")}
    estimate, trials = columns["estimate"], columns["trials"]
    is_share = ~np.isnan(trials)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_share = np.sqrt(np.maximum(estimate * (1.0 - estimate), 0.0) / trials)
        log_excess = np.abs(np.log(estimate / limit)) * estimate
        step = np.where(is_share, 1.0 / trials, columns["step"])
    by_log = is_count(estimates) & (estimate > 0.0) & (limit > 0.0)
    keeps = np.where(is_floor, estimate >= limit, estimate <= limit)
    return np.asarray(
        required_clusters(
            np.where(by_log, log_excess, estimate - limit),
            np.where(is_share, of_share, columns["error"]),
            estimates["clusters"].fill_null(0).to_numpy(),
            rare=rare_error(step, confidence),
            level=np.where(keeps, 1.0 - confidence, np.clip(level, 1e-9, 0.5)),
            sides=1,
        )
    )
