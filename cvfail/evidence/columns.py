"""Outcome columns: what matching decided, written beside the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.matching.coding import regular_truths
from cvfail.matching.outcomes import Outcomes, Pairs
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset


def bits_column(kind: str, area: str) -> str:
    """The name of the column of packed outcomes of an area range: ``matched``, ``ignored_small``."""
    return kind if area == "all" else f"{kind}_{area}"


def prediction_outcome_names(policy: Policy) -> list[str]:
    """The columns that `predictions_with_outcomes` adds."""
    kinds = ("matched", "ignored")
    return [
        "prediction_index",
        "rank",
        *(bits_column(kind, area) for area in policy.area_ranges for kind in kinds),
    ]


def truth_outcome_names() -> list[str]:
    """The columns that `ground_truth_with_outcomes` adds."""
    return ["ground_truth_index", "is_regular", "matched_prediction", "matched_score"]


def predictions_with_outcomes(data: Dataset, outcomes: Outcomes, policy: Policy) -> pl.DataFrame:
    """The predictions with `prediction_index`, `rank` and, per area range, `matched` and `ignored` bits."""
    packed = [
        pl.Series(bits_column(kind, area), bits[index])
        for index, area in enumerate(policy.area_ranges)
        for kind, bits in (("matched", outcomes.matched), ("ignored", outcomes.ignored))
    ]
    return data.predictions.with_columns(
        pl.Series("prediction_index", np.arange(len(data.predictions), dtype=np.int64)),
        pl.Series("rank", outcomes.rank),
        *packed,
    )


def ground_truth_with_outcomes(data: Dataset, outcomes: Outcomes, policy: Policy) -> pl.DataFrame:
    """The ground truth with `ground_truth_index`, `is_regular` and, per threshold, the match and its score.

    `matched_prediction` and `matched_score` are arrays over the ladder; null where nothing matched.
    """
    truths, thresholds = len(data.ground_truth), len(policy.iou_thresholds)
    partner = _partners(outcomes.pairs, truths, thresholds)
    scores = data.predictions["score"].fill_null(1.0).to_numpy()
    scores = scores[partner] if scores.size else np.zeros(partner.shape)
    return data.ground_truth.with_columns(
        pl.Series("ground_truth_index", np.arange(truths, dtype=np.int64)),
        pl.Series("is_regular", regular_truths(data.ground_truth, area_range=policy.area_ranges["all"])),
        _ladder_column("matched_prediction", partner, partner >= 0),
        _ladder_column("matched_score", scores, partner >= 0),
    )


def pairs_frame(pairs: Pairs) -> pl.DataFrame:
    """The overlapping pairs as a table."""
    return pl.DataFrame(
        {
            "prediction_index": pairs.prediction,
            "ground_truth_index": pairs.truth,
            "overlap": pairs.overlap,
            "same_category": pairs.same_class,
            "matched": pairs.matched,
        }
    )


def _partners(pairs: Pairs, truths: int, thresholds: int) -> NDArray[np.int64]:
    """The matching prediction row of each ground truth at each threshold, -1 if none, shape (truths, thresholds)."""
    partner = np.full((truths, thresholds), -1, np.int64)
    hits = np.flatnonzero(pairs.matched)
    for t in range(thresholds):
        at = hits[(pairs.matched[hits] >> t) & 1 == 1]
        partner[pairs.truth[at], t] = pairs.prediction[at]
    return partner


def _ladder_column(name: str, values: NDArray[Any], known: NDArray[np.bool_]) -> pl.Series:
    """Values of shape (rows, thresholds) as a column of fixed-size arrays; null where not known."""
    flat = pl.DataFrame({name: values.ravel(), "known": known.ravel()})
    column = flat.select(pl.when("known").then(name)).to_series()
    if column.is_empty():
        return pl.Series(name, [], pl.Array(column.dtype, values.shape[1]))
    return column.reshape(values.shape).alias(name)
