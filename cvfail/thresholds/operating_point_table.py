"""Operating points as a table: one row per group, and every measure on other images beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.result import ResultTable
from cvfail.thresholds.choosing import MEASURES, Tallies
from cvfail.thresholds.held_out import Judgement
from cvfail.thresholds.objective import Objective
from cvfail.thresholds.thresholds import Thresholds, describe_without_score

Numbers = NDArray[np.float64]

SHOWN = (
    *("threshold", "threshold_lower", "threshold_upper", "precision", "recall", "f_score"),
    *("false_positives_per_image", "held_out", "held_out_lower", "held_out_upper", "support"),
)
"""What is shown first, after the group."""

_HELD_OUT = ("held_out", "held_out_lower", "held_out_upper", "next_lower", "next_upper")


@dataclass(frozen=True)
class Chosen:
    """The threshold of one group.

    Attributes:
        threshold: NaN if there is none.
        bounds: Where it lies in the bootstrap replicates; NaN without any.
        between: Halfway to the next lower score.
        now: Counts at the threshold, shape (1,).
        judgement: What it is worth on other images.
        source: ``own``, ``everything``, or None without a threshold.
        reason: Why it is not the group's own, or why there is none.
    """

    threshold: float
    bounds: tuple[float, float]
    between: float
    now: Tallies
    judgement: Judgement
    source: str | None
    reason: str | None


class OperatingPoints(ResultTable):
    """Thresholds with what they are worth; `thresholds` makes them a file.

    Attributes:
        df: One row per group; see `operating_points`.
        caption: Objective and policy.
        held_out: Every measure on images that were not used to choose: one row per group and measure, ``measure``,
            ``chosen_on`` (the value on the images that the threshold was chosen on), ``held_out`` with
            ``held_out_lower`` and ``held_out_upper``, ``next_lower`` and ``next_upper``, as in `df`.
        thresholds: The same as an object that can be written, applied and tried out.
    """

    def __init__(
        self, df: pl.DataFrame, *, caption: str, held_out: pl.DataFrame, thresholds: Thresholds
    ) -> None:
        super().__init__(df, caption=caption)
        self.held_out = held_out
        self.thresholds = thresholds

    def _shown(self) -> pl.DataFrame:
        keys = self.df.columns[: self.df.columns.index("threshold")]
        reasons = ["reason"] if self.df["reason"].null_count() < len(self.df) else []
        return self.df.select(*keys, *SHOWN, *reasons)


def table_of(
    point: OperatingPoint,
    keys: pl.DataFrame,
    chosen: Sequence[Chosen],
    *,
    objective: Objective,
    default: float,
    how: str,
) -> OperatingPoints:
    """Put the thresholds of all groups together.

    Args:
        point: The evaluation.
        keys: One row per group.
        chosen: What was chosen for each of them.
        objective: What for.
        default: The threshold of everything, for what is in no group; NaN if there is none.
        how: How intervals were made, for the caption.
    """
    frame = pl.concat([keys, _numbers_now(chosen, objective), _worth(chosen, objective)], how="horizontal")
    said = f"{objective.describe()}; {describe_without_score(point)}"
    return OperatingPoints(
        frame,
        caption=f"{said}; {how}",
        held_out=_every_measure(keys, chosen),
        thresholds=Thresholds.of_groups(
            point, frame.select(*keys.columns, "threshold"), default=default, objective=objective.describe()
        ),
    )


def describe_judging(*, replicates: int, folds: int, splits: int, confidence: float) -> str:
    """How intervals and values on other images were made, for captions."""
    held_out = f"held out: {splits} × {folds} parts of the images" if splits else "not judged on other images"
    if not replicates:
        return f"{held_out}; no intervals"
    return f"{held_out}; {confidence:.0%} intervals from {replicates} bootstrap replicates of the images"


def halfway(scores: Numbers, threshold: float) -> float:
    """Halfway from a threshold to the next lower of some descending scores; the threshold if there is none."""
    place = int(np.searchsorted(-scores, -threshold, side="right"))
    return (threshold + float(scores[place])) / 2.0 if place < scores.size else threshold


def _numbers_now(chosen: Sequence[Chosen], objective: Objective) -> pl.DataFrame:
    """Thresholds, and what they give on the images that they were chosen on."""
    known = pl.Series([not np.isnan(one.threshold) for one in chosen], dtype=pl.Boolean)
    now = Tallies.joined([one.now for one in chosen])
    columns: dict[str, Sequence[float] | NDArray[np.generic]] = {
        "threshold": [one.threshold for one in chosen],
        "threshold_lower": [one.bounds[0] for one in chosen],
        "threshold_upper": [one.bounds[1] for one in chosen],
        "between": [one.between for one in chosen],
        "tp": now.found,
        "fp": now.wrong,
        "fn": now.objects - now.found,
        **{name: now.measure(name, objective.beta) for name in MEASURES},
    }
    frame = pl.DataFrame([_series(name, values) for name, values in columns.items()])
    return frame.with_columns(pl.when(known).then(pl.all()).otherwise(None))


def _worth(chosen: Sequence[Chosen], objective: Objective) -> pl.DataFrame:
    """What the objective is worth on other images, and where the threshold comes from."""
    rows = [one.judgement.rows[objective.measure] for one in chosen]
    return pl.DataFrame(
        [
            *(_series(name, [row[name] for row in rows]) for name in _HELD_OUT),
            pl.Series("support", [int(one.now.objects[0]) for one in chosen], dtype=pl.Int64),
            pl.Series("source", [one.source for one in chosen], dtype=pl.String),
            pl.Series("reason", [one.reason for one in chosen], dtype=pl.String),
        ]
    )


def _every_measure(keys: pl.DataFrame, chosen: Sequence[Chosen]) -> pl.DataFrame:
    """One row per group and measure."""
    rows: list[Mapping[str, object]] = [
        {"measure": name, **one.judgement.rows[name]} for one in chosen for name in MEASURES
    ]
    schema = {"measure": pl.String} | dict.fromkeys(("chosen_on", *_HELD_OUT), pl.Float64)
    repeated = keys.select(pl.all().repeat_by(len(MEASURES)).explode()) if keys.width else keys.clear()
    numbers = pl.DataFrame(rows, schema=schema).with_columns(pl.selectors.float().fill_nan(None))
    return pl.concat([repeated, numbers], how="horizontal") if keys.width else numbers


def observed_bounds(replicates: Numbers, *, confidence: float) -> tuple[float, float]:
    """The central interval of thresholds, each bound one of them; NaN without any that is defined.

    Example:
        >>> observed_bounds(np.array([0.2, 0.5, np.inf, np.nan]), confidence=0.5)
        (0.2, inf)
    """
    known = replicates[~np.isnan(replicates)]
    if not known.size:
        return np.nan, np.nan
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(known, [tail, 1.0 - tail], method="inverted_cdf")
    return float(lower), float(upper)


def _series(name: str, values: Sequence[float] | NDArray[np.generic]) -> pl.Series:
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        return pl.Series(name, array, dtype=pl.Int64)
    return pl.Series(name, array.astype(np.float64), dtype=pl.Float64).fill_nan(None)
