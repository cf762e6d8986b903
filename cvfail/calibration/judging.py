"""The same predictions with the scores before and after a map, compared on the same bootstrap weights."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.binning import Cells, bin_of, equal_width_edges
from cvfail.calibration.calibration_error import distance, mean_distance
from cvfail.calibration.class_measures import LAECE_BINS
from cvfail.calibration.forecast_groups import ForecastGroups
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.intervals import UNDEFINED, Measured, of_error, of_replicates
from cvfail.calibration.proper_scores import brier_losses, log_losses
from cvfail.calibration.replicated_bins import Draws, bin_replicates

Numbers = NDArray[np.float64]

Judged = tuple[Measured, Numbers]
"""A measure, and its replicates."""

_STAGES = ("before", "after")


def judged(
    before: Forecasts,
    after: Forecasts,
    groups: ForecastGroups,
    draws: Draws,
    *,
    bins: int,
    with_overlap: bool,
    confidence: float,
) -> pl.DataFrame:
    """What a map changes in every group.

    Args:
        before: Predictions that it was not fitted on.
        after: The same with new scores.
        groups: Of them.
        draws: Replicates and worlds.
        bins: Of the calibration error.
        with_overlap: Whether ``laece`` is judged as well.
        confidence: Of intervals and bands.

    Returns:
        The columns of `cvfail.calibration.fitting.FittedCalibration`.

    Notes:
        The interval of the change is that of t with the variance of the difference of the replicates.
    """
    records: list[dict[str, object]] = []
    for place, rows in enumerate(groups.rows):
        sides = [
            _measures(side.at(rows), draws, bins=bins, with_overlap=with_overlap, confidence=confidence)
            for side in (before, after)
        ]
        clusters = before.at(rows).cluster_count
        for name in sides[0]:
            record = _record(sides[0][name], sides[1][name], clusters, confidence)
            records.append(
                {"unit:group": place, "measure": name, **record, "support": rows.size, "clusters": clusters}
            )
    frame = pl.DataFrame(records, schema=_schema()).with_columns(pl.selectors.float().fill_nan(None))
    own = frame.drop("unit:group")
    keys = groups.keys
    return keys[frame["unit:group"].to_list()].hstack(own.get_columns()) if keys.width else own


def _schema() -> dict[str, type[pl.DataType]]:
    stages: dict[str, type[pl.DataType]] = {}
    for stage in _STAGES:
        stages |= {stage: pl.Float64, f"{stage}_lower": pl.Float64, f"{stage}_upper": pl.Float64}
        stages[f"{stage}_beyond_chance"] = pl.Boolean
    change = dict.fromkeys(("change", "change_lower", "change_upper"), pl.Float64)
    last = {"verdict": pl.String, "support": pl.Int64, "clusters": pl.Int64}
    return {"unit:group": pl.Int64, "measure": pl.String, **stages, **change, **last}


def _measures(
    forecasts: Forecasts, draws: Draws, *, bins: int, with_overlap: bool, confidence: float
) -> dict[str, Judged]:
    names = ["ece", "brier", "nll", *(["laece"] if with_overlap else [])]
    if not len(forecasts):
        return {name: (UNDEFINED, np.zeros(0)) for name in names}
    scores, outcomes, clusters = forecasts.scores, forecasts.outcomes, forecasts.cluster_count
    p, y = (forecasts.probabilities, forecasts.label) if forecasts.has_probabilities else (scores, outcomes)
    losses = {"brier": brier_losses(p, y), "nll": log_losses(p, y)}
    cells = Cells.of(bin_of(scores, equal_width_edges(bins)), np.arange(len(forecasts)))
    sums = draws.sums(cells, forecasts.clusters, [outcomes - scores, *losses.values()])
    replicated = bin_replicates(cells, scores, outcomes, sums[:, :2], binary=True)
    worlds = draws.gaps(cells, scores, forecasts.row)
    error = partial(distance, norm="l1")
    band = error(np.broadcast_to(replicated.counts[:, np.newaxis], worlds.shape), worlds)
    found: dict[str, Judged] = {
        "ece": (of_error(replicated, error, band, clusters, confidence), error(sums[:, 0], sums[:, 1]))
    }
    weight = sums[:, 0].sum(axis=0)
    for place, (name, values) in enumerate(losses.items()):
        drawn = sums[:, 2 + place].sum(axis=0) / np.where(weight > 0, weight, np.nan)
        limits = (0.0, 2.0 if name == "brier" else np.inf)
        found[name] = (of_replicates(float(values.mean()), drawn, clusters, confidence, within=limits), drawn)
    if with_overlap:
        found["laece"] = _laece(forecasts, draws, confidence)
    return found


def _laece(forecasts: Forecasts, draws: Draws, confidence: float) -> Judged:
    scores, overlaps = forecasts.scores, forecasts.overlaps
    bins = bin_of(scores, equal_width_edges(LAECE_BINS), closed="right")
    cells = Cells.of(forecasts.category.astype(np.int64) * LAECE_BINS + bins, np.arange(len(forecasts)))
    parts = np.flatnonzero(np.r_[True, np.diff(cells.code // LAECE_BINS) != 0])
    sums = draws.sums(cells, forecasts.clusters, [overlaps - scores])
    replicated = bin_replicates(cells, scores, overlaps, sums, binary=False)
    error = partial(mean_distance, parts=parts)
    found = of_error(replicated, error, None, forecasts.cluster_count, confidence)
    return found, error(sums[:, 0], sums[:, 1])


def _record(before: Judged, after: Judged, clusters: int, confidence: float) -> dict[str, object]:
    stages: dict[str, object] = {}
    for stage, (one, _) in zip(_STAGES, (before, after), strict=True):
        stages |= {stage: one.estimate, f"{stage}_lower": one.lower, f"{stage}_upper": one.upper}
        stages[f"{stage}_beyond_chance"] = one.beyond_chance
    difference = after[0].estimate - before[0].estimate
    limits = (-np.inf, np.inf)
    change = of_replicates(difference, after[1] - before[1], clusters, confidence, within=limits)
    verdict = None
    if not np.isnan(change.lower):
        verdict = "better" if change.upper < 0.0 else "worse" if change.lower > 0.0 else "unclear"
    bounds = {"change": change.estimate, "change_lower": change.lower, "change_upper": change.upper}
    return {**stages, **bounds, "verdict": verdict}
