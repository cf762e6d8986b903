"""The same predictions with the scores before and after a map, compared on the same bootstrap weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.bin_errors import BinError, MeanDistance
from cvfail.calibration.binning import Cells, bin_of, equal_width_edges
from cvfail.calibration.class_measures import LAECE_BINS
from cvfail.calibration.forecast_groups import ForecastGroups
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.intervals import UNDEFINED, Measured, of_error, of_replicates
from cvfail.calibration.proper_scores import brier_losses, log_losses
from cvfail.calibration.recentring import BinReplicates, without_chance
from cvfail.calibration.replicated_bins import Draws, bin_replicates
from cvfail.statistics.newcombe import square_and_add
from cvfail.statistics.proportions import Interval

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A measure of one side.

    Attributes:
        measured: The number.
        drawn: Its replicates, shape (B,).
        without_chance: A calibration error without what chance adds; None for means, to which it adds nothing.
    """

    measured: Measured
    drawn: Numbers
    without_chance: float | None = None

    @property
    def interval(self) -> Interval:
        """Around the value without chance."""
        return Interval(
            *np.array([self.without_chance, self.measured.lower, self.measured.upper], np.float64)
        )


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
        The interval of the change of a mean is that of t with the variance of the difference of the replicates.
        Chance adds to calibration errors, and more to the smaller one. The interval of their change is that of
        `square_and_add`, from the errors without what chance adds, with the correlation of the replicates; where the
        smaller one can be 0, it reaches to what the change would be then.
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
        return {name: Judged(UNDEFINED, np.zeros(0)) for name in names}
    scores, outcomes, clusters = forecasts.scores, forecasts.outcomes, forecasts.cluster_count
    p, y = (forecasts.probabilities, forecasts.label) if forecasts.has_probabilities else (scores, outcomes)
    losses = {"brier": brier_losses(p, y), "nll": log_losses(p, y)}
    cells = Cells.of(bin_of(scores, equal_width_edges(bins)), np.arange(len(forecasts)))
    sums = draws.sums(cells, forecasts.clusters, [outcomes - scores, *losses.values()])
    replicated = bin_replicates(cells, scores, outcomes, sums[:, :2], clusters=clusters, binary=True)
    worlds = draws.gaps(cells, scores, forecasts.row)
    error = MeanDistance()
    band = error(np.broadcast_to(replicated.seen.counts[:, np.newaxis], worlds.shape), worlds)
    found = {"ece": _of_error(replicated, error, band, confidence)}
    weight = sums[:, 0].sum(axis=0)
    for place, (name, values) in enumerate(losses.items()):
        drawn = sums[:, 2 + place].sum(axis=0) / np.where(weight > 0, weight, np.nan)
        limits = (0.0, 2.0 if name == "brier" else np.inf)
        mean = of_replicates(float(values.mean()), drawn, clusters, confidence, within=limits)
        found[name] = Judged(mean, drawn)
    if with_overlap:
        found["laece"] = _laece(forecasts, draws, confidence)
    return found


def _laece(forecasts: Forecasts, draws: Draws, confidence: float) -> Judged:
    scores, overlaps = forecasts.scores, forecasts.overlaps
    bins = bin_of(scores, equal_width_edges(LAECE_BINS), closed="right")
    cells = Cells.of(forecasts.category.astype(np.int64) * LAECE_BINS + bins, np.arange(len(forecasts)))
    parts = np.flatnonzero(np.r_[True, np.diff(cells.code // LAECE_BINS) != 0])
    sums = draws.sums(cells, forecasts.clusters, [overlaps - scores])
    clusters = forecasts.cluster_count
    replicated = bin_replicates(cells, scores, overlaps, sums, clusters=clusters, binary=False)
    return _of_error(replicated, MeanDistance(parts), None, confidence)


def _of_error(bins: BinReplicates, error: BinError, band: Numbers | None, confidence: float) -> Judged:
    measured = of_error(bins, error, band, confidence)
    known = without_chance(bins, error) if bins.clusters > 1 else None
    return Judged(measured, error(bins.drawn.counts, bins.drawn.gaps), known)


def _record(before: Judged, after: Judged, clusters: int, confidence: float) -> dict[str, object]:
    stages: dict[str, object] = {}
    for stage, one in zip(_STAGES, (before.measured, after.measured), strict=True):
        stages |= {stage: one.estimate, f"{stage}_lower": one.lower, f"{stage}_upper": one.upper}
        stages[f"{stage}_beyond_chance"] = one.beyond_chance
    change = _change(before, after, clusters, confidence)
    verdict = None
    if not np.isnan(change.lower):
        verdict = "better" if change.upper < 0.0 else "worse" if change.lower > 0.0 else "unclear"
    bounds = {"change": change.estimate, "change_lower": change.lower, "change_upper": change.upper}
    return {**stages, **bounds, "verdict": verdict}


def _change(before: Judged, after: Judged, clusters: int, confidence: float) -> Measured:
    """What comes after less what was before."""
    difference = after.measured.estimate - before.measured.estimate
    if after.without_chance is None or before.without_chance is None:
        drawn = after.drawn - before.drawn
        return of_replicates(difference, drawn, clusters, confidence, within=(-np.inf, np.inf))
    one, other = after.interval, before.interval
    change = square_and_add(one, other, _correlation(before.drawn, after.drawn))
    lower, upper = min(float(change.lower), difference), max(float(change.upper), difference)
    return Measured(
        difference,
        lower if one.lower > 0.0 else min(lower, -float(other.upper)),
        upper if other.lower > 0.0 else max(upper, float(one.upper)),
    )


def _correlation(one: Numbers, other: Numbers) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    spread = one[known].std() * other[known].std() if known.any() else 0.0
    if spread <= 0.0:
        return 0.0
    return float(np.mean((one[known] - one[known].mean()) * (other[known] - other[known].mean())) / spread)
