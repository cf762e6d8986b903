"""A slice against the rest: the difference of two error rates whose units share clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cvfail.statistics.grouping import attach
from cvfail.statistics.quantiles import t_p_value, t_quantile
from cvfail.statistics.slice_sums import SLICE_SUMS, TOTAL_SUMS, slice_sums, total_sums

_Y, _N = pl.col("errors"), pl.col("units")
_ALL_Y, _ALL_N = pl.col("all_errors"), pl.col("all_units")


def slice_against_rest(
    slices: pl.DataFrame,
    totals: pl.DataFrame,
    *,
    by: Sequence[str],
    confidence: float = 0.95,
) -> pl.DataFrame:
    """Compare the error rate of every slice with that of everything outside it.

    Args:
        slices: Columns ``by``, ``cluster``, ``errors`` and ``units``: what each slice holds of each cluster
            (image). Clusters without units in a slice need no row; several rows of one cluster are added up.
        totals: Columns ``cluster``, ``errors`` and ``units`` of every cluster, over all units of the same
            kind.
        by: Columns that name a slice; null is a value of its own.
        confidence: Coverage of the intervals, in (0, 1).

    Returns:
        One row per slice, sorted by ``by`` with nulls last: the columns of ``by`` and

        - units, errors, rate: The slice: Σ units, Σ errors, and their ratio.
        - rest_units, rest_errors, rest_rate: The same outside the slice.
        - difference, difference_lower, difference_upper: rate - rest_rate with its interval.
        - excess_errors, excess_lower, excess_upper: Errors beyond those expected at the rest's rate,
          errors - units · rest_rate, which is the difference times units.
        - clusters: Number of clusters with units in the slice.
        - p_value: Two-sided, of no difference.

        A rate is null without units, a difference if either rate is. Interval and p-value are null where
        slice or rest have units in fewer than two clusters, or where there are no errors (or nothing else)
        anywhere. No slice, no row.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        Clusters may lie on both sides. With y, n in the slice (S) and in the rest (R) of cluster i::

            z_i = (y_iS - p_S n_iS)/N_S - (y_iR - p_R n_iR)/N_R
            v   = max( m/(m-1) · Σ z_i² , p(1-p)(1/N_S + 1/N_R) )       p = rate of all units
            t   = (p_S - p_R)/√v  with m-1 degrees of freedom

        m = (Σ n_i)²/Σ n_i² is the number of clusters of one size that would tell as much, at least 2, on the side
        where it is lower, since that side makes most of the variance; it is the number of clusters where all have
        as many units. Where one image holds most of the objects there is hardly more than one, whatever their
        number: counted in full, up to 21 % of equal slices seemed different at the 5 % level where sizes spread over
        two orders of magnitude; with this m at most 8 % do (see the tests).
        The second value of v is the variance of independent units under no difference: a slice whose few
        clusters happen to agree (no errors at all, say) has no visible variance and would seem certain
        without it. With 3 to 10 images a plain m = all images and no floor calls 10 to 50 % of equal slices
        different at the 5 % level; this rule calls at most 5 %, and is cautious there (see the tests).

        Σ z_i² over all clusters is expanded into sums over the clusters of the slice and sums over
        ``totals``, so no image × slice table is made; for counts all sums are exact in any order. Cost: one
        join and two group-bys of ``slices``.

    Source: linearisation of a difference of ratios, Cochran, Sampling Techniques (1977) §6.

    Example:
        >>> totals = pl.DataFrame({"cluster": range(8), "errors": [2, 3, 2, 3, 0, 1, 0, 1], "units": [4] * 8})
        >>> slices = totals.head(4).with_columns(light=pl.lit("night"))
        >>> result = slice_against_rest(slices, totals, by=["light"])
        >>> result.select("light", "rate", "rest_rate", "excess_errors", "clusters").rows()
        [('night', 0.625, 0.125, 8.0, 4)]
        >>> result["p_value"].round(3).to_list()
        [0.061]
    """
    return contrast_from_sums(
        slice_sums(slices, totals, by=by), total_sums(totals), by=by, confidence=confidence
    )


def contrast_from_sums(
    sums: pl.DataFrame, totals: pl.DataFrame, *, by: Sequence[str], confidence: float = 0.95
) -> pl.DataFrame:
    """`slice_against_rest` from sums that were added up somewhere else.

    Args:
        sums: Columns ``by`` and those of `slice_sums`, one row per slice.
        totals: The columns of `total_sums`: one row; or, where each slice has a rest of its own, a row per slice
            with the columns ``by``.
        by: Columns that name a slice.
        confidence: Coverage of the intervals, in (0, 1).

    Returns:
        The columns of `slice_against_rest`, one row per row of ``sums`` in their order.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        Cost: about 2 µs per slice, whatever the number of images.

    Example:
        >>> totals = pl.DataFrame({"cluster": range(8), "errors": [2, 3, 2, 3, 0, 1, 0, 1], "units": [4] * 8})
        >>> slices = totals.head(4).with_columns(light=pl.lit("night"))
        >>> sums = slice_sums(slices, totals, by=["light"])
        >>> contrast_from_sums(sums, total_sums(totals), by=["light"])["excess_errors"].to_list()
        [8.0]
    """
    own = [name for name in by if name in totals.columns]
    return _inference(_rates(attach(sums, totals, own)), by, confidence)


def _rates(sums: pl.DataFrame) -> pl.DataFrame:
    """Add the rates of slice, rest and all, and the variance of the difference of the first two."""
    rest_y, rest_n = pl.col("rest_errors"), pl.col("rest_units")
    pooled = pl.col("_pooled")
    inside = pl.col("units_squared")
    outside = pl.col("all_units_squared") - 2.0 * pl.col("units_all_units") + inside
    return (
        sums.with_columns(rest_errors=_ALL_Y - _Y, rest_units=_ALL_N - _N)
        .with_columns(
            _ratio(_Y, _N).alias("rate"),
            _ratio(rest_y, rest_n).alias("rest_rate"),
            _ratio(_ALL_Y, _ALL_N).alias("_pooled"),
            _m=pl.min_horizontal("clusters", pl.col("all_clusters") - pl.col("clusters_inside")),
        )
        .with_columns(
            difference=pl.col("rate") - pl.col("rest_rate"),
            _effective=pl.min_horizontal(
                "_m", _effective_clusters(_N, inside), _effective_clusters(rest_n, outside)
            ).clip(2.0, None),
            _floor=(pooled * (1.0 - pooled)).clip(0.0, None) * (1.0 / _N + 1.0 / rest_n),
            _squares=_sum_of_squared_influences(),
        )
    )


def _effective_clusters(units: pl.Expr, squares: pl.Expr) -> pl.Expr:
    """The number of clusters of one size that tell as much as these: (Σn)² / Σn²."""
    return pl.when(squares > 0.0).then(units**2 / squares).otherwise(1.0)


def _sum_of_squared_influences() -> pl.Expr:
    """Σ z² from sums.

    With u = y_S - p_S n_S, d = y_S - p_R n_S and e = y - p_R n of a cluster, z = u/N_S - (e - d)/N_R.
    """
    p, q = pl.col("rate"), pl.col("rest_rate")
    yy, yn, nn, y_all_y, y_all_n, n_all_y, n_all_n = (pl.col(name) for name in SLICE_SUMS[4:])
    all_yy, all_yn, all_nn = (pl.col(name) for name in TOTAL_SUMS[3:])
    uu = yy - 2.0 * p * yn + p * p * nn
    ud = yy - (p + q) * yn + p * q * nn
    dd = yy - 2.0 * q * yn + q * q * nn
    ue = y_all_y - q * y_all_n - p * n_all_y + p * q * n_all_n
    de = y_all_y - q * y_all_n - q * n_all_y + q * q * n_all_n
    ee = all_yy - 2.0 * q * all_yn + q * q * all_nn
    inside, outside = _N, pl.col("rest_units")
    squares = uu / inside**2 - 2.0 * (ue - ud) / (inside * outside) + (ee - 2.0 * de + dd) / outside**2
    return squares.clip(0.0, None)


def _inference(rates: pl.DataFrame, by: Sequence[str], confidence: float) -> pl.DataFrame:
    """Add intervals and p-values and put the columns in order."""
    m = pl.col("_effective")
    rates = rates.with_columns(
        _error=pl.when(pl.col("_m") > 1).then(
            pl.max_horizontal(m / (m - 1) * pl.col("_squares"), "_floor").sqrt()
        )
    ).with_columns(_error=pl.when(pl.col("_error") > 0.0).then(pl.col("_error")))
    degrees = rates["_effective"].to_numpy() - 1
    statistic = (rates["difference"] / rates["_error"]).cast(pl.Float64).to_numpy()
    reach = pl.Series("_reach", t_quantile(confidence, degrees)).fill_nan(None) * rates["_error"]
    p_value = pl.Series("p_value", np.minimum(t_p_value(statistic, degrees), 1.0)).fill_nan(None)
    difference = pl.col("difference")
    return (
        rates.with_columns(p_value, reach)
        .with_columns(
            difference_lower=difference - pl.col("_reach"), difference_upper=difference + pl.col("_reach")
        )
        .with_columns(
            excess_errors=difference * _N,
            excess_lower=pl.col("difference_lower") * _N,
            excess_upper=pl.col("difference_upper") * _N,
        )
        .select(
            *(*by, "units", "errors", "rate", "rest_units", "rest_errors", "rest_rate"),
            *("difference", "difference_lower", "difference_upper"),
            *("excess_errors", "excess_lower", "excess_upper", "clusters", "p_value"),
        )
    )


def _ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return pl.when(denominator > 0.0).then(numerator / denominator)
