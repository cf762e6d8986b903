"""The errors of each mode divided among causes: a partition, with intervals and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.register import CAUSES, INHERENT, Cause
from cvfail.failures.mode_errors import ModeErrors
from cvfail.statistics.clustered import ratio_from_sums, sums_of_clusters
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.failures.mode_table import FailureModes

Numbers = NDArray[np.float64]

CAUSE_SCHEMA = {
    "rank": pl.Int64,
    "mode": pl.String,
    "cause": pl.String,
    "share": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "errors": pl.Float64,
    "gross_share": pl.Float64,
    "evidence": pl.String,
    "facts": pl.String,
}

_WEIGHT_SCHEMA = {
    "rank": pl.Int64,
    "cause": pl.String,
    "weight": pl.Float64,
    "prediction_index": pl.Int64,
    "ground_truth_index": pl.Int64,
}

_NEGLIGIBLE = 0.005
_MOST_OF_IT = 0.5


@dataclass(frozen=True)
class Portion:
    """What one cause has of the errors of one mode.

    Attributes:
        cause: Its name.
        claim: What it claims.
        weights: What it gets of each error after those before it, shape (errors,).
    """

    cause: str
    claim: Claim
    weights: Numbers


class CauseTable(ResultTable):
    """The shares of the causes of each mode, and the errors that each is most of.

    Attributes:
        df: rank and mode (of the failure mode), cause, share with lower and upper, errors (share × errors of the
            mode), gross_share (what it claims whatever others claim), evidence (a sentence), facts (JSON). Causes
            stand in the order in which they claim; those that do not apply to the mode are left out. The shares of a
            mode add up to 1; they are null for a mode without errors, an interval in fewer than two images.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        errors: Sequence[ModeErrors],
        portions: Sequence[Sequence[Portion]],
    ) -> None:
        super().__init__(df, caption=caption)
        self._errors = tuple(errors)
        self._portions = [{one.cause: one for one in of_mode} for of_mode in portions]

    def _shown(self) -> pl.DataFrame:
        kept = self.df.filter(pl.col("share") >= _NEGLIGIBLE)
        return kept.select("rank", "cause", "share", "lower", "upper", "evidence")

    def facts(self, rank: int, cause: str) -> dict[str, Any]:
        """The numbers behind a share by name, null where undefined.

        Raises:
            QueryError: There is no such rank, or the cause does not apply to the mode.
        """
        return dict(self._portion(rank, cause).claim.facts)

    def weights(self, rank: int, cause: str) -> Numbers:
        """What a cause has of each error of a mode, in the order of `ModeErrors.rows`, shape (errors,).

        Raises:
            QueryError: There is no such rank, or the cause does not apply to the mode.
        """
        return self._portion(rank, cause).weights

    def rows(self, rank: int, cause: str) -> pl.DataFrame:
        """The errors of a mode of which a cause has half or more.

        Returns:
            See `cvfail.failures.mode_errors.ModeErrors.examples`.

        Raises:
            QueryError: There is no such rank, or the cause does not apply to the mode.
        """
        weights = self._portion(rank, cause).weights
        errors = self._errors[rank - 1]
        key = "prediction_index" if errors.mode.unit == "predictions" else "ground_truth_index"
        examples = errors.examples()
        wanted = pl.Series(errors.rows[weights >= _MOST_OF_IT], dtype=examples[key].dtype)
        return examples.filter(pl.col(key).is_in(wanted.implode()))

    def indices(self) -> pl.DataFrame:
        """The errors of all modes by number with what each cause has of them.

        Returns:
            rank, cause, weight (above 0), prediction_index, ground_truth_index.
        """
        parts = [
            errors.indices().select(
                pl.lit(rank, pl.Int64).alias("rank"),
                pl.lit(portion.cause, pl.String).alias("cause"),
                pl.Series("weight", portion.weights, dtype=pl.Float64),
                pl.all().cast(pl.Int64),
            )
            for rank, (errors, portions) in enumerate(zip(self._errors, self._portions, strict=True), start=1)
            for portion in portions.values()
        ]
        return pl.concat([pl.DataFrame(schema=_WEIGHT_SCHEMA), *parts]).filter(pl.col("weight") > 0)

    def _portion(self, rank: int, cause: str) -> Portion:
        if not 1 <= rank <= len(self._portions):
            raise QueryError(
                f"there is no failure mode of rank {rank}. Hint: ranks run from 1 to {len(self._portions)}"
            )
        found = self._portions[rank - 1]
        if cause not in found:
            raise QueryError(f"{cause!r} is no cause of mode {rank}. Hint: one of {', '.join(found)}")
        return found[cause]


def causes(
    modes: FailureModes,
    *,
    training: pl.DataFrame | None = None,
    reference: Evidence | pl.DataFrame | None = None,
    confidence: float = 0.95,
    register: Sequence[tuple[str, Cause]] = CAUSES,
) -> CauseTable:
    """Divide the errors of every mode among causes.

    Args:
        modes: The modes.
        training: What the model learnt from: one row per image or object, columns named as the attributes here.
        reference: Evidence, or a table of images, that the images here should be like.
        confidence: Coverage of the intervals.
        register: The causes by name, in the order in which they claim.

    Returns:
        One row per mode and cause that applies; see `CauseTable`. The last cause of each mode is ``inherent``.

    Raises:
        QueryError: Training data have a column of another type than the attribute of this name.

    Notes:
        With w the claim of cause k on error i and l what is left of the error, share = Σ l·w / n, and l becomes
        l · (1 - w); ``inherent`` is what is left in the end, so that the shares of a mode add up to 1. Intervals are
        of the ratio Σ l·w ÷ n, clustered by image; claims are taken as known.
    """
    contexts: dict[tuple[float, float], CauseContext] = {}
    portions = []
    for one in modes.errors:
        where = (one.mode.iou, one.mode.score)
        if where not in contexts:
            contexts[where] = CauseContext(one.point, training, reference)
        portions.append(portions_of(one, contexts[where], register))
    rows = _shares(modes.errors, portions, confidence)
    named = rows.join(modes.df.select("rank", "mode"), on="rank", how="left", maintain_order="left")
    return CauseTable(
        named.select(list(CAUSE_SCHEMA)),
        caption=f"causes of {modes.caption}",
        errors=modes.errors,
        portions=portions,
    )


def portions_of(
    errors: ModeErrors, context: CauseContext, register: Sequence[tuple[str, Cause]]
) -> list[Portion]:
    """What each cause that applies has of the errors of a mode, and last what is left."""
    left = np.ones(errors.rows.size)
    found = []
    for name, cause in register:
        claim = cause(errors, context)
        if claim is not None:
            found.append(Portion(name, claim, left * claim.weights))
            left *= 1.0 - claim.weights
    rest = Claim(
        left, {"left": float(left.sum())}, f"{left.sum():,.0f} of {left.size:,} errors have no other cause"
    )
    return [*found, Portion(INHERENT, rest, left)]


def _shares(
    errors: Sequence[ModeErrors], portions: Sequence[Sequence[Portion]], confidence: float
) -> pl.DataFrame:
    frames = [
        _claimed(one, own, rank) for rank, (one, own) in enumerate(zip(errors, portions, strict=True), 1)
    ]
    empty = pl.DataFrame(
        schema={"rank": pl.Int64, "place": pl.Int64, "claimed": pl.Float64, "errors": pl.Float64}
    )
    sums = sums_of_clusters(
        pl.concat([empty, *frames]), numerator="claimed", denominator="errors", by=["rank", "place"]
    )
    told = [
        {
            "rank": rank,
            "place": place,
            "cause": one.cause,
            "gross_share": float(one.claim.weights.mean()) if one.weights.size else None,
            "evidence": one.claim.text,
            "facts": msgspec.json.encode(one.claim.facts).decode(),
        }
        for rank, of_mode in enumerate(portions, 1)
        for place, one in enumerate(of_mode)
    ]
    schema = {"rank": pl.Int64, "place": pl.Int64, **{name: CAUSE_SCHEMA[name] for name in _TOLD}}
    ratios = ratio_from_sums(sums, confidence=confidence).select(
        "rank", "place", "lower", "upper", share="estimate", errors="numerator"
    )
    return pl.DataFrame(told, schema=schema).join(
        ratios, on=["rank", "place"], how="left", maintain_order="left"
    )


_TOLD = ("cause", "gross_share", "evidence", "facts")


def _claimed(errors: ModeErrors, portions: Sequence[Portion], rank: int) -> pl.DataFrame:
    """What each cause has in each cluster, and the errors there."""
    evidence = errors.point.evidence
    coding = evidence.coding
    images = coding.image if errors.mode.unit == "predictions" else coding.truth_image
    _, own = np.unique(evidence.clusters[images[errors.rows]], return_inverse=True)
    count = np.bincount(own).astype(np.float64)
    claimed = [np.bincount(own, one.weights, minlength=count.size) for one in portions]
    return pl.DataFrame(
        {
            "rank": np.full(count.size * len(portions), rank),
            "place": np.repeat(np.arange(len(portions)), count.size),
            "claimed": np.minimum(np.concatenate(claimed), np.tile(count, len(portions))),
            "errors": np.tile(count, len(portions)),
        }
    )
