"""Reliability tables: what predictions of about one confidence come to."""

from __future__ import annotations

import numpy as np
import polars as pl

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
        The columns of `RELIABILITY_COLUMNS`; intervals are Wilson's with the effective number of predictions.

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
    gaps = question.draws.gaps(cells, scores, forecasts.row)
    hits = (gaps + cells.sums(scores)[:, np.newaxis]) / cells.counts[:, np.newaxis]
    tail = 0.5 - question.confidence / 2.0
    band = (
        np.clip(np.quantile(hits, [tail, 1.0 - tail], axis=1), 0.0, 1.0)
        if hits.size
        else np.full((2, len(cells)), np.nan)
    )
    return shares.with_columns(
        pl.col("support").cast(pl.Int64),
        low=pl.Series(edges[cells.code], dtype=pl.Float64),
        high=pl.Series(edges[cells.code + 1], dtype=pl.Float64),
        mean_score=pl.Series(cells.sums(scores) / np.maximum(cells.counts, 1), dtype=pl.Float64),
        chance_lower=pl.Series(band[0], dtype=pl.Float64).fill_nan(None),
        chance_upper=pl.Series(band[1], dtype=pl.Float64).fill_nan(None),
    ).select(RELIABILITY_COLUMNS)
