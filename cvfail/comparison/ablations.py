"""Ablations: many runs with their settings, and what each single change did to each failure mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Unpack

import polars as pl

from cvfail.comparison.answers import COMPARISON_SCHEMA
from cvfail.comparison.comparison import CompareOptions, compare
from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.tables.result import ResultTable

Settings = Mapping[str, object]

_CHANGE = ("setting", "before", "after", "baseline_run", "candidate_run")
_SHOWN = (
    *("setting", "before", "after", "slice", "category", "metric", "baseline", "candidate"),
    *("difference", "lower", "upper", "q_value"),
)


class Ablations(ResultTable):
    """What each single change of a setting did.

    Attributes:
        df: One row per change and row of the comparison of its two runs: setting, before, after (its values as
            text; ``(unset)`` where a run lacks it), baseline_run, candidate_run, then the columns of
            `cvfail.comparison.comparison.Comparison` but model; q_value is over all rows of all changes.
        runs: One row per run: run and its settings as text.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, runs: pl.DataFrame) -> None:
        super().__init__(df, caption=caption)
        self.runs = runs

    def _shown(self) -> pl.DataFrame:
        return self.df.select(_SHOWN)

    def removed(self, *, level: float = 0.05) -> ResultTable:
        """Which change removed which failure mode: modes whose error rate fell, with a q-value below a level."""
        return self._modes(pl.col("difference") < 0.0, level, "removed")

    def brought(self, *, level: float = 0.05) -> ResultTable:
        """Which change brought which failure mode: modes whose error rate rose, with a q-value below a level."""
        return self._modes(pl.col("difference") > 0.0, level, "brought")

    def changed(self, *, level: float = 0.05) -> ResultTable:
        """The rows that differ with a q-value below a level, the surest first."""
        rows = self.df.filter(pl.col("q_value") < level).sort("p_value", maintain_order=True)
        return ResultTable(rows, caption=f"q < {level:g}; {self.caption}")

    def _modes(self, changed: pl.Expr, level: float, word: str) -> ResultTable:
        rows = self.df.filter(changed, pl.col("q_value") < level, level="failure mode")
        caption = f"failure modes that a change {word}, q < {level:g}; {self.caption}"
        return ResultTable(rows.sort("p_value", maintain_order=True).select(_SHOWN), caption=caption)


@dataclass(frozen=True)
class _Change:
    """Two runs that differ in one setting alone."""

    setting: str
    before: str
    after: str
    baseline: str
    candidate: str


def ablations(runs: Mapping[str, tuple[Evidence, Settings]], **options: Unpack[CompareOptions]) -> Ablations:
    """Compare all pairs of runs that differ in one setting alone.

    Args:
        runs: By name: the run, and its settings by name, such as ``{"mosaic": True, "resolution": 640}``. Of two
            runs the one that stands first is the baseline.
        options: Of `cvfail.comparison.comparison.compare`: ``modes``, ``by``, ``slices`` … Average precision is left
            out if it is not asked for.

    Returns:
        See `Ablations`; without rows if no two runs differ in one setting alone.

    Raises:
        PolicyError: Two runs have the same settings, or their data differ.

    Notes:
        A run that differs from every other one in two settings or more says nothing of either alone, and is in no
        row. Cost: one comparison per pair.
    """
    settings = {name: {key: str(value) for key, value in own.items()} for name, (_, own) in runs.items()}
    changes = _single_changes(settings)
    options = {"average_precision": False, **options}
    options["modes"] = tuple(options.get("modes", ()))
    frames = [_answers(change, runs, options) for change in changes]
    table = pl.DataFrame({"run": pl.Series(list(settings), dtype=pl.String)})
    for key in dict.fromkeys(key for own in settings.values() for key in own):
        values = [own.get(key) for own in settings.values()]
        table = table.with_columns(pl.Series(key, values, dtype=pl.String))
    frame = pl.concat([_nothing(), *frames])
    frame = frame.with_columns(q_value=benjamini_hochberg(frame["p_value"]))
    told = next(iter(runs.values()))[0].describe() if runs else "no runs"
    return Ablations(
        frame, caption=f"{len(changes)} single changes among {len(runs)} runs; {told}", runs=table
    )


def _single_changes(settings: Mapping[str, Mapping[str, str]]) -> list[_Change]:
    """The pairs of runs that differ in one setting alone."""
    changes = []
    for (baseline, own), (candidate, other) in combinations(settings.items(), 2):
        keys = [key for key in dict.fromkeys([*own, *other]) if own.get(key) != other.get(key)]
        if not keys:
            raise PolicyError(
                f"{baseline!r} and {candidate!r} have the same settings. Hint: name what differs, such as the seed"
            )
        if len(keys) == 1:
            before, after = (one.get(keys[0], "(unset)") for one in (own, other))
            changes.append(_Change(keys[0], before, after, baseline, candidate))
    return changes


def _answers(
    change: _Change, runs: Mapping[str, tuple[Evidence, Settings]], options: CompareOptions
) -> pl.DataFrame:
    """The comparison of the two runs of a change."""
    found = compare(runs[change.baseline][0], runs[change.candidate][0], **options).df
    values = (change.setting, change.before, change.after, change.baseline, change.candidate)
    named = [pl.lit(value).alias(name) for name, value in zip(_CHANGE, values, strict=True)]
    return found.drop("model").select(*named, pl.all())


def _nothing() -> pl.DataFrame:
    own = {name: dtype for name, dtype in COMPARISON_SCHEMA.items() if name != "model"}
    return pl.DataFrame(schema={**dict.fromkeys(_CHANGE, pl.String), **own})
