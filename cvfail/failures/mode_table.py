"""The ranked failure modes as a table that can return the rows behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.failures.conditions import slice_name
from cvfail.failures.costs import Costs
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.impact import RATES, Regained
from cvfail.failures.mode_errors import ModeErrors
from cvfail.failures.mode_files import write_modes
from cvfail.failures.search import SearchedMode
from cvfail.failures.sentences import mode_sentence
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.failures.causes.shares import CauseTable
    from cvfail.failures.interventions.interventions import Interventions
    from cvfail.failures.interventions.rule import Rule
    from cvfail.failures.plan.plan import Plan

RankBy = Literal["excess", "risk", "recall", "precision", "f1", "ap"]
"""What modes are ranked by: errors in excess, what these cost, or what repairing the mode gives back."""

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rank": pl.Int64,
    "mode": pl.String,
    "error_type": pl.String,
    "error": pl.String,
    "unit": pl.String,
    "slice": pl.String,
    "where": pl.String,
    "support": pl.Int64,
    "errors": pl.Int64,
    "rate": pl.Float64,
    "rest_rate": pl.Float64,
    "difference": pl.Float64,
    "difference_lower": pl.Float64,
    "difference_upper": pl.Float64,
    "excess_errors": pl.Float64,
    "excess_lower": pl.Float64,
    "excess_upper": pl.Float64,
    "marginal_errors": pl.Int64,
    "risk": pl.Float64,
    "risk_lower": pl.Float64,
    "risk_upper": pl.Float64,
    "recall_gain": pl.Float64,
    "precision_gain": pl.Float64,
    "f1_gain": pl.Float64,
    "ap_gain": pl.Float64,
    "clusters": pl.Int64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "significant": pl.Boolean,
    "hash": pl.String,
}

_INDICES = {"rank": pl.Int64, "prediction_index": pl.Int64, "ground_truth_index": pl.Int64}

_RANKING: dict[str, str] = {"excess": "excess_errors", "risk": "risk"} | {
    name: f"{name}_gain" for name in (*RATES, "ap")
}


@dataclass(frozen=True)
class Search:
    """What was looked at, so that the ranking can be judged.

    Attributes:
        attributes: The attributes that slices were made of.
        dropped: Attribute columns that no slice can be made of: constant or almost unique.
        slices: How many slices × error types were tested.
        level: Modes with a q-value below it are called significant.
        min_support: Slices with fewer units were not looked at.
        min_clusters: Slices in fewer images (or clusters) were not tested.
    """

    attributes: tuple[str, ...]
    dropped: tuple[str, ...]
    slices: int
    level: float
    min_support: int
    min_clusters: int


class FailureModes(ResultTable):
    """The ranked modes, and the rows behind each.

    Attributes:
        df: rank, mode (a sentence), error_type, error (the same, or ``a→b``), unit, slice, where (the slice as SQL),
            support, errors, rate, rest_rate, difference with difference_lower and _upper, excess_errors with
            excess_lower and _upper (errors beyond those expected at the rest's rate), marginal_errors (errors that no
            mode of lower rank holds), risk with risk_lower and _upper (the excess, each error with its cost),
            recall_gain, precision_gain, f1_gain (at the operating point, if all errors of the mode were repaired),
            ap_gain (over every score; null for classification), clusters, p_value, q_value, significant, hash.
        modes: The modes as frozen objects, in the order of their ranks.
        search: What was looked at.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        search: Search,
        errors: Sequence[ModeErrors],
        regained: Regained,
        confidence: float = 0.95,
    ) -> None:
        super().__init__(df, caption=caption)
        self.search = search
        self.errors = tuple(errors)
        self._regained, self._confidence = regained, confidence

    @property
    def modes(self) -> tuple[FailureMode, ...]:
        """The modes as frozen objects, in the order of their ranks."""
        return tuple(one.mode for one in self.errors)

    def _shown(self) -> pl.DataFrame:
        return self.df.select(
            "rank", "mode", "error_type", "excess_lower", "excess_upper", "q_value", "significant"
        )

    def of_rank(self, rank: int) -> ModeErrors:
        """A mode with its rows.

        Raises:
            QueryError: There is no such rank.
        """
        if not 1 <= rank <= len(self.errors):
            raise QueryError(
                f"there is no failure mode of rank {rank}. Hint: ranks run from 1 to {len(self.errors)}"
            )
        return self.errors[rank - 1]

    def indices(self) -> pl.DataFrame:
        """The rows behind all modes by number: rank, prediction_index, ground_truth_index."""
        numbered = [
            one.indices().select(pl.lit(rank, pl.Int64).alias("rank"), pl.all().cast(pl.Int64))
            for rank, one in enumerate(self.errors, start=1)
        ]
        return pl.concat([pl.DataFrame(schema=_INDICES), *numbered])

    def units(self) -> pl.DataFrame:
        """The same with the overlap of the two, null without one, in one join for all modes."""
        behind, keys = self.indices(), ["prediction_index", "ground_truth_index"]
        if not self.errors:
            return behind.with_columns(overlap=pl.lit(None, pl.Float64))
        pairs = self.errors[0].point.evidence.pairs
        overlaps = pairs.select(pl.col(keys).cast(pl.Int64), "overlap")
        return behind.join(overlaps, on=keys, how="left", maintain_order="left")

    def examples(self, rank: int) -> pl.DataFrame:
        """The rows of a mode: every unit of its slice that has its error, the most confident first.

        Returns:
            See `cvfail.failures.mode_errors.ModeErrors.examples`.

        Raises:
            QueryError: There is no such rank.
        """
        return self.of_rank(rank).examples()

    @cached_property
    def impact(self) -> ResultTable:
        """What repairing each mode gives back, with intervals; see `cvfail.failures.impact.impact`."""
        if len({(one.point.iou, one.point.score) for one in self.errors}) > 1:
            raise QueryError("these modes are of several operating points. Hint: ask for each by itself")
        frame = self._regained.impact(self.errors, confidence=self._confidence)
        names = self.df.select("rank", "mode")
        return ResultTable(
            frame.join(names, on="rank", maintain_order="left").select(
                "rank", "mode", pl.exclude("rank", "mode")
            ),
            caption=f"what repairing each mode gives back, alone and after those above it; {self.caption}",
        )

    def causes(
        self, *, training: pl.DataFrame | None = None, reference: Evidence | pl.DataFrame | None = None
    ) -> CauseTable:
        """Why each mode happens, as shares with their evidence; see `cvfail.failures.causes.shares.causes`."""
        from cvfail.failures.causes.shares import causes

        return causes(self, training=training, reference=reference, confidence=self._confidence)

    def interventions(
        self,
        *,
        training: pl.DataFrame | None = None,
        reference: Evidence | pl.DataFrame | None = None,
        rules: Sequence[Rule] | None = None,
        margin: float = 0.05,
        only_significant: bool = True,
    ) -> Interventions:
        """What to do about each mode; see `cvfail.failures.interventions.interventions.interventions`."""
        from cvfail.failures.interventions.interventions import interventions

        why = self.causes(training=training, reference=reference)
        return interventions(self, why, rules=rules, margin=margin, only_significant=only_significant)

    def plan(
        self,
        rank: int,
        *,
        max_false_positives: float = 0.05,
        margin: float = 0.02,
        training: pl.DataFrame | None = None,
        reference: Evidence | pl.DataFrame | None = None,
        rules: Sequence[Rule] | None = None,
    ) -> Plan:
        """A plan in five steps for a mode; see `cvfail.failures.plan.making.make_plan`."""
        from cvfail.failures.interventions.interventions import interventions
        from cvfail.failures.plan.making import make_plan

        why = self.causes(training=training, reference=reference)
        actions = interventions(self, why, rules=rules, only_significant=False)
        return make_plan(self, rank, why, actions, max_false_positives=max_false_positives, margin=margin)

    def write_modes(self, path: str | Path) -> Path:
        """Write the modes as a JSON list that `read_modes` reads, to be looked at in later evaluations."""
        return write_modes(self.modes, path)


def ranked_modes(
    found: Sequence[tuple[ModeErrors, SearchedMode | None]],
    *,
    rank_by: RankBy | None,
    costs: Costs | None,
    caption: str,
    search: Search,
    options: dict[str, Any],
) -> FailureModes:
    """Put modes in order and compute what the table says of them.

    Args:
        found: The modes with their rows, and what a search said of each; None for modes that were given.
        rank_by: See `cvfail.failures.modes.failure_modes`; None to keep the order.
        costs: What errors cost; 1 each if None.
        caption: Of the table.
        search: What was looked at.
        options: replicates, confidence and seed.
    """
    confidence = options["confidence"]
    regained = Regained(replicates=options["replicates"], seed=options["seed"])
    rows = [_row(errors, searched, costs, confidence) for errors, searched in found]
    for row, (own, _) in zip(rows, found, strict=True):
        row.update({f"{name}_gain": gain for name, gain in regained.gains(own).items()})
    frame = pl.DataFrame(rows, schema={"place": pl.Int64, **_SCHEMA}).with_columns(
        place=pl.int_range(pl.len()), rank=pl.int_range(1, pl.len() + 1)
    )
    if rank_by is None:
        frame = _judged(frame, search.level)
    else:
        frame = frame.sort(
            "significant", _RANKING[rank_by], "place", descending=[True, True, False], nulls_last=True
        ).with_columns(rank=pl.int_range(1, pl.len() + 1))
    errors = [found[place][0] for place in frame["place"]]
    frame = frame.drop("place").with_columns(pl.Series("marginal_errors", _marginal(errors), dtype=pl.Int64))
    return FailureModes(
        frame, caption=caption, search=search, errors=errors, regained=regained, confidence=confidence
    )


def _judged(frame: pl.DataFrame, level: float) -> pl.DataFrame:
    """Modes that were given and not searched, with q-values over them."""
    judged = frame.with_columns(benjamini_hochberg(frame["p_value"]).alias("q_value"))
    still = (pl.col("q_value") < level) & (pl.col("excess_errors") > 0)
    return judged.with_columns(significant=still.fill_null(value=False))


def _row(
    errors: ModeErrors, searched: SearchedMode | None, costs: Costs | None, confidence: float
) -> dict[str, Any]:
    mode = errors.mode
    told = errors.against_rest(confidence=confidence)
    risk = told
    if costs is not None:
        cost = partial(costs.weights, errors.point, mode.error)
        risk = errors.against_rest(cost=cost, confidence=confidence)
    units, wrong = told["units"] or 0, told["errors"] or 0
    row = {
        **told,
        "error_type": mode.kind,
        "error": mode.error,
        "unit": mode.unit,
        "slice": slice_name(mode.conditions),
        "where": mode.where,
        "support": int(units),
        "errors": int(wrong),
        "risk": risk["excess_errors"],
        "risk_lower": risk["excess_lower"],
        "risk_upper": risk["excess_upper"],
        "clusters": told["clusters"] or 0,
        "p_value": told["p_value"] if searched is None else searched.p_value,
        "q_value": None if searched is None else searched.q_value,
        "significant": searched is not None and searched.significant,
        "hash": mode.hash,
    }
    row["mode"] = mode_sentence(mode, row)
    return {name: row.get(name) for name in _SCHEMA}


def _marginal(errors: Sequence[ModeErrors]) -> list[int]:
    """Errors of each mode that no earlier one holds."""
    known: dict[bool, set[int]] = {True: set(), False: set()}
    fresh = []
    for one in errors:
        seen, rows = known[one.mode.unit == "predictions"], set(one.rows.tolist())
        fresh.append(len(rows - seen))
        seen |= rows
    return fresh
