"""Which suspects to review, so that it is known how many of all are label errors, and what the review says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.labels.audit_precision import estimated_precision, trials_of
from cvfail.labels.suspects import LabelErrors
from cvfail.labels.verdicts import KEY, Verdicts, verdict_table, write_verdicts
from cvfail.statistics.proportions import wilson
from cvfail.tables.result import ResultTable

Allocation = Literal["proportional", "neyman"]

_LEAST_SPREAD = 0.05
_STRATUM = "stratum"


class AuditOptions(TypedDict, total=False):
    """Options of `audit_plan`, as it explains them."""

    half_width: float
    confidence: float
    expected: float
    levels: int
    allocation: Allocation
    seed: int


class AuditPlan(ResultTable):
    """How many suspects of each stratum to review, and which.

    Attributes:
        df: One row per stratum: `stratum`, `kind`, `level` (1 is the most suspect part of a kind), `suspects`,
            `review`, `suspicion_lowest` and `suspicion_highest`.
        sample: The suspects to review, columns as `LabelErrors.df`, with their `stratum`.
    """

    def __init__(
        self, df: pl.DataFrame, *, caption: str, suspects: LabelErrors, sample: pl.DataFrame
    ) -> None:
        super().__init__(df, caption=caption)
        self.sample = sample
        self._suspects = suspects

    def write_verdicts(self, path: str | Path) -> Path:
        """Write the sample for people to judge: .csv or .parquet; see `cvfail.labels.verdicts`."""
        return write_verdicts(self._suspects.point.evidence, self.sample.drop(_STRATUM), path)

    def estimate(
        self, verdicts: Verdicts | pl.DataFrame | str | Path, *, confidence: float = 0.95
    ) -> ResultTable:
        """How many of the suspects are label errors, from the verdicts on the sample.

        Args:
            verdicts: Verdicts, a table of them, or a file. Only those on the sample count: others were not drawn at
                random.
            confidence: Of the intervals.

        Returns:
            A row per stratum, then ``all``: `stratum`, `suspects`, `reviewed` (confirmed or rejected), `unsure`,
            `confirmed`, `precision` with `lower` and `upper`, and `label_errors` among all suspects with
            `label_errors_lower` and `label_errors_upper`. Null where nothing was reviewed; ``all`` is null until
            every stratum was.

        Raises:
            SchemaError: A column of the verdicts is missing or holds something that has no meaning.

        Notes:
            Wilson's intervals with a finite population: trials n become n (N - 1) / (N - n). All together is
            Σ N_h p_h / N with variance Σ (N_h / N)² (1 - n_h / N_h) p_h (1 - p_h) / (n_h - 1), as an interval of
            Wilson's with the effective number of trials.
        """
        given = Verdicts.of(verdicts).df.select(*KEY, "verdict")
        keys = verdict_table(self._suspects.point.evidence, self.sample.drop(_STRATUM)).select(KEY)
        drawn = keys.with_columns(self.sample[_STRATUM])
        told = drawn.join(given.unique(KEY, keep="last"), on=KEY, how="left", nulls_equal=True)
        said = pl.col("verdict")
        counted = told.group_by(_STRATUM).agg(
            reviewed=said.is_in(["confirmed", "rejected"]).sum().cast(pl.Int64),
            unsure=(said == "unsure").sum().cast(pl.Int64),
            confirmed=(said == "confirmed").sum().cast(pl.Int64),
        )
        counts = self.df.select(_STRATUM, "suspects").join(
            counted, on=_STRATUM, how="left", maintain_order="left"
        )
        frame = estimated_precision(
            counts.with_columns(pl.col("reviewed", "unsure", "confirmed").fill_null(0)), confidence
        )
        return ResultTable(
            frame, caption=f"reviewed suspects; {confidence:.0%} intervals; {self._suspects.caption}"
        )


def audit_plan(
    suspects: LabelErrors,
    *,
    half_width: float = 0.1,
    confidence: float = 0.95,
    expected: float = 0.5,
    levels: int = 3,
    allocation: Allocation = "proportional",
    seed: int = 0,
) -> AuditPlan:
    """Plan a review that says how many of the suspects are label errors.

    Args:
        suspects: All of them, of one evaluation.
        half_width: Half of the width that the interval of the precision of all suspects is to have.
        confidence: Of that interval.
        expected: The precision to plan for; .5 needs most reviews.
        levels: In how many parts of about equal size the suspects of a kind are cut by suspicion.
        allocation: ``proportional`` reviews the same share of every stratum; ``neyman`` more of those of which
            suspicion says least, with √(s (1 - s)) of the mean suspicion s.
        seed: Of the draw.

    Returns:
        The plan; it does not depend on the order of the images. Every stratum has at least two reviews, if it has
        as many suspects.

    Raises:
        PolicyError: An option has no meaning.

    Notes:
        The number n is the smallest for which Wilson's interval of `expected` has this half width, with n of N
        suspects reviewed: n (N - 1) / (N - n) trials.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": list(range(200)), "category_id": [1] * 200, "bbox": [[20, 20, 9, 9]] * 200}
        >>> found = truth | {"score": [0.9] * 200, "bbox": [[50, 20, 9, 9]] * 200}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> suspects = cf.evaluate(data).label_errors(kinds=["missing"], min_score=0.5)
        >>> plan = audit_plan(suspects)
        >>> (len(suspects), plan.df["review"].sum())
        (200, 64)
    """
    if not (0.0 < half_width < 1.0 and 0.0 < expected < 1.0):
        raise PolicyError(f"half_width and expected must be in (0, 1); found {half_width:g} and {expected:g}")
    if levels < 1:
        raise PolicyError(f"levels must be at least 1; found {levels}")
    stratum_of = _strata(suspects.df["kind"], levels)
    frame = suspects.df.with_columns(stratum_of)
    strata = frame.group_by(_STRATUM, maintain_order=True).agg(
        pl.first("kind"),
        level=pl.first(_STRATUM).str.extract(r"(\d+)$").cast(pl.Int64),
        suspects=pl.len().cast(pl.Int64),
        suspicion_lowest=pl.min("suspicion"),
        suspicion_highest=pl.max("suspicion"),
        spread=pl.mean("suspicion"),
    )
    strata = strata.sort("kind", "level")
    sizes = strata["suspects"].to_numpy().astype(np.int64)
    needed = reviews_needed(int(sizes.sum()), half_width=half_width, confidence=confidence, expected=expected)
    mean = np.clip(strata["spread"].to_numpy().astype(np.float64), _LEAST_SPREAD, 1.0 - _LEAST_SPREAD)
    spread = np.sqrt(mean * (1.0 - mean)) if allocation == "neyman" else np.ones(sizes.size)
    review = _allocated(needed, sizes, spread)
    order = ("stratum", "kind", "level", "suspects", "review", "suspicion_lowest", "suspicion_highest")
    plan = strata.with_columns(review=pl.Series(review, dtype=pl.Int64)).select(order)
    caption = (
        f"{int(review.sum()):,} of {len(frame):,} suspects to review, so that their precision is known "
        f"within ±{half_width:g} ({confidence:.0%}); {allocation}, seed {seed}"
    )
    sample = _drawn(frame, plan, seed)
    return AuditPlan(plan, caption=caption, suspects=suspects, sample=sample)


def reviews_needed(
    suspects: int, *, half_width: float, confidence: float = 0.95, expected: float = 0.5
) -> int:
    """How many of some suspects to review for an interval of this half width; all of them if fewer do not do.

    Example:
        >>> [reviews_needed(n, half_width=0.1) for n in (10, 100, 100_000)]
        [10, 49, 93]
    """
    number = np.arange(1, suspects + 1)
    trials = trials_of(number, suspects)
    _, lower, upper = wilson(expected * trials, trials, confidence=confidence)
    wide = np.where(number == suspects, 0.0, (upper - lower) / 2.0)
    return int(number[np.argmax(wide <= half_width)]) if suspects else 0


def _strata(kinds: pl.Series, levels: int) -> pl.Series:
    """The stratum of each suspect: its kind and the part of it that it stands in; suspects come by suspicion."""
    frame = kinds.to_frame("kind").with_columns(
        place=pl.int_range(pl.len()).over("kind"), number=pl.len().over("kind")
    )
    level = (pl.col("place") * levels // pl.col("number")) + 1
    return frame.select(pl.format("{} {}", "kind", level).alias(_STRATUM)).to_series()


def _allocated(needed: int, sizes: NDArray[np.int64], spread: NDArray[np.float64]) -> NDArray[np.int64]:
    """Reviews of each stratum, about proportional to size × spread, at least two and at most all."""
    if not sizes.size:
        return sizes
    left, review = needed, np.zeros(sizes.size)
    open_ = np.ones(sizes.size, np.bool_)
    while open_.any():
        share = np.where(open_, left * sizes * spread / (sizes * spread)[open_].sum(), 0.0)
        full = open_ & (share >= sizes)
        review = np.where(open_, share, review)
        if not full.any():
            break
        review[full] = sizes[full]
        left -= int(sizes[full].sum())
        open_ &= ~full
    whole = np.floor(review).astype(np.int64)
    rest = round(float(review.sum())) - int(whole.sum())
    whole[np.argsort(-(review - whole), stable=True)[: max(rest, 0)]] += 1
    return np.minimum(np.maximum(whole, 2), sizes)


def _drawn(frame: pl.DataFrame, plan: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The suspects to review: of each stratum the first ones of a shuffle, in the order of their ranks."""
    random = np.random.Generator(np.random.Philox(seed))
    chosen: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    for stratum, review in plan.select(_STRATUM, "review").iter_rows():
        rows = frame[_STRATUM].eq(stratum).arg_true().to_numpy().astype(np.int64)
        chosen.append(random.permutation(rows)[:review])
    return frame[np.sort(np.concatenate(chosen))]
