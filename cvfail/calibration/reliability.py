"""Reliability tables: what predictions of about one confidence come to."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.binning import Cells, bin_of, equal_mass_edges, equal_width_edges
from cvfail.calibration.calibration_error import Binning
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.measures import Question
from cvfail.errors import PolicyError
from cvfail.statistics.clustered import clustered_ratio

RELIABILITY_COLUMNS = (
    *("bin", "low", "high", "support", "mean_score", "estimate", "lower", "upper"),
    *("chance_lower", "chance_upper", "clusters"),
)


def reliability_rows(forecasts: Forecasts, question: Question, *, binning: Binning) -> pl.DataFrame:
    """The bins of one group that have scores, ascending.

    Args:
        forecasts: Those in the group.
        question: Bins, confidence and worlds.
        binning: Of equal width or equal mass.

    Returns:
        The columns of `RELIABILITY_COLUMNS`; intervals are Wilson's with the effective number of predictions, and
        the band of chance is as much wider as that number says.

    Raises:
        PolicyError: There is no such binning.
    """
    if binning not in {"equal_width", "equal_mass"}:
        raise PolicyError(f"binning must be equal_width or equal_mass; found {binning!r}")
    scores = forecasts.scores
    is_even = binning == "equal_width"
    edges = equal_width_edges(question.bins) if is_even else equal_mass_edges(scores, question.bins)
    cells = Cells.of(bin_of(scores, edges, closed=question.closed), np.arange(len(forecasts)))
    units = pl.DataFrame(
        {
            "bin": np.repeat(cells.code, cells.counts),
            "right": forecasts.outcomes[cells.rows],
            "cluster": forecasts.clusters[cells.rows],
        }
    )
    shares = clustered_ratio(
        units,
        numerator="right",
        denominator=pl.lit(1.0),
        cluster="cluster",
        by=["bin"],
        confidence=question.confidence,
    )
    band = _chance(forecasts, cells, question, shares["design_effect"])
    return shares.with_columns(
        pl.col("support").cast(pl.Int64),
        low=pl.Series(edges[cells.code], dtype=pl.Float64),
        high=pl.Series(edges[cells.code + 1], dtype=pl.Float64),
        mean_score=pl.Series(cells.sums(scores) / np.maximum(cells.counts, 1), dtype=pl.Float64),
        chance_lower=pl.Series(band[0], dtype=pl.Float64).fill_nan(None),
        chance_upper=pl.Series(band[1], dtype=pl.Float64).fill_nan(None),
    ).select(RELIABILITY_COLUMNS)


def _chance(
    forecasts: Forecasts, cells: Cells, question: Question, design_effect: pl.Series
) -> NDArray[np.float64]:
    """The bounds of the share right of each bin if every score were right, shape (2, C)."""
    if not len(cells):
        return np.zeros((2, 0))
    gaps = question.draws.gaps(cells, forecasts.scores, forecasts.row)
    wider = np.sqrt(np.maximum(design_effect.fill_null(1.0).to_numpy(), 1.0))
    said = cells.sums(forecasts.scores)[:, np.newaxis]
    shares = (wider[:, np.newaxis] * gaps + said) / cells.counts[:, np.newaxis]
    tail = 0.5 - question.confidence / 2.0
    bounds = np.quantile(shares, [tail, 1.0 - tail], axis=1, method="weibull")
    return np.asarray(np.clip(bounds, 0.0, 1.0))
