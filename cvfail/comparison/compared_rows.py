"""The rows of a comparison: what is asked of a pair of models, and what each group answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.comparison.cells import Cells, Rows
from cvfail.comparison.pairing import Pair
from cvfail.comparison.precision import PrecisionDifference, precision_differences
from cvfail.comparison.rates import Difference, Grouped
from cvfail.evidence.attributes import attribute
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.paired_modes import PairedModes
from cvfail.slices.membership import membership
from cvfail.slices.predicates import Slice
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence
from cvfail.slices.sliced_images import images_of
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.statistics.paired_contrast import paired_contrast
from cvfail.statistics.quantiles import normal_quantile, t_p_value
from cvfail.statistics.resampling import bootstrap_difference
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

Mask = NDArray[np.bool_]
Answer = dict[str, object]

COMPARISON_SCHEMA: dict[str, type[pl.DataType]] = {
    "model": pl.String,
    "level": pl.String,
    "slice": pl.String,
    "category": pl.String,
    "metric": pl.String,
    "baseline": pl.Float64,
    "candidate": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "detectable": pl.Float64,
    "support": pl.Float64,
    "clusters": pl.Int64,
}

_POWER = 0.8
_OF_FALSE_POSITIVES = ("precision", "f1", "false_positives_per_image")


@dataclass(frozen=True)
class Asked:
    """What every pair of models is asked.

    Attributes:
        slices: Declared slices.
        modes: Frozen failure modes.
        by: Attributes whose every value is a slice.
        slice_classes: Also every class in every slice.
        average_precision: Also average precision.
        replicates: Bootstrap replicates.
        confidence: Coverage of the intervals.
        seed: Of their weights.
        threads: Threads over slices and classes; all processors if None.
    """

    slices: tuple[Slice, ...]
    modes: tuple[FailureMode, ...]
    by: tuple[str, ...]
    slice_classes: bool
    average_precision: bool
    replicates: int
    confidence: float
    seed: int
    threads: int | None


def compared_rows(pair: Pair, asked: Asked) -> pl.DataFrame:
    """All rows of one candidate, without model and q-value; see `cvfail.comparison.comparison.Comparison`."""
    table = _Table.of(pair, asked)
    slices = [*_slices_of_values(pair.evidence, asked.by), *asked.slices]
    rows = table.everything()
    for own in run_in_order(table.of_slice, slices, threads=worker_count(asked.threads)):
        rows += own
    for slice_ in slices:
        rows += table.precision_of(slice_)
    known = PairedModes(pair.first.evidence, pair.second.evidence)
    frames = [
        pl.DataFrame(rows, schema={**COMPARISON_SCHEMA, "error": pl.Float64}),
        *(_of_mode(mode, known, asked) for mode in asked.modes),
    ]
    reach = normal_quantile(0.95) + NormalDist().inv_cdf(_POWER)
    frame = pl.concat(frames, how="diagonal").with_columns(detectable=reach * pl.col("error"))
    return frame.with_columns(pl.selectors.float().fill_nan(None))


def _slices_of_values(evidence: Evidence, names: Sequence[str]) -> Iterator[Slice]:
    """A slice for every value of every attribute, in the order of the values."""
    for name in names:
        levels = attribute(evidence, name).truth.unique().sort().cast(pl.String).drop_nulls()
        yield from (Slice(f"{name}={level}") for level in levels)


@dataclass(frozen=True)
class _Inside:
    """The rows of a slice in both models, and how many of its images each cluster has."""

    rows: Rows | None
    images: NDArray[np.int64]
    left_out: frozenset[str]


@dataclass(frozen=True)
class _Table:
    """The rows of one pair of models."""

    pair: Pair
    asked: Asked
    cells: Cells
    weights: NDArray[np.uint8]

    @classmethod
    def of(cls, pair: Pair, asked: Asked) -> _Table:
        """Count both models once."""
        drawn = poisson_weights(pair.evidence.cluster_ids, asked.replicates, seed=asked.seed)
        return cls(pair, asked, Cells.of(pair), read_only(drawn.T))

    def everything(self) -> list[Answer]:
        """Overall and by class."""
        evidence = self.pair.evidence
        images = np.bincount(evidence.clusters, minlength=len(evidence.cluster_ids))
        inside = _Inside(None, images, self._unknown(has_wrong=True))
        rows = self._rates({"level": "overall"}, inside, class_level="class")
        return rows + self._precision({"level": "overall"}, None, class_level="class")

    def of_slice(self, slice_: Slice) -> list[Answer]:
        """Rates of one slice, and of every class in it if that is asked."""
        level = "slice × class" if self.asked.slice_classes else None
        return self._rates({"level": "slice", "slice": slice_.name}, self._inside(slice_), class_level=level)

    def precision_of(self, slice_: Slice) -> list[Answer]:
        """Average precision of one slice."""
        level = "slice × class" if self.asked.slice_classes else None
        return self._precision({"level": "slice", "slice": slice_.name}, slice_, class_level=level)

    def _unknown(self, *, has_wrong: bool) -> frozenset[str]:
        """Rates that a slice cannot have."""
        if not has_wrong:
            return frozenset(_OF_FALSE_POSITIVES)
        return frozenset() if self.pair.evidence.task == "detection" else frozenset(_OF_FALSE_POSITIVES[2:])

    def _inside(self, slice_: Slice) -> _Inside:
        evidence = self.pair.evidence
        members = [membership(point, slice_) for point in self.pair.models]
        truth = [_or_none(one.truth, point) for one, point in zip(members, self.pair.models, strict=True)]
        first, second = (one.wrong for one in members)
        wrong = None if first is None or second is None else (first, second)
        chosen = evidence.clusters[images_of(evidence, slice_)]
        images = np.bincount(chosen, minlength=len(evidence.cluster_ids))
        return _Inside(Rows((truth[0], truth[1]), wrong), images, self._unknown(has_wrong=wrong is not None))

    def _rates(self, place: Answer, inside: _Inside, *, class_level: str | None) -> list[Answer]:
        counts = self.cells.counts(inside.rows)
        labels, confidence = self.pair.evidence.category_names, self.asked.confidence
        classes = Grouped.by_class(self.cells, counts, len(labels), inside.images)
        totals = classes.totals(self.weights)
        pooled = Grouped.pooled(self.cells, counts, inside.images)
        whole = pooled.differences(self.weights, totals.sum(axis=0, keepdims=True), confidence=confidence)
        means = classes.macro(totals, confidence=confidence)
        rows = [
            {**place, "metric": name, **_answer(one, 0)}
            for name, one in {**whole, **means}.items()
            if name.removeprefix("macro_") not in inside.left_out
        ]
        if class_level is None:
            return rows
        apart = classes.differences(self.weights, totals, confidence=confidence)
        return rows + [
            {**place, "level": class_level, "category": label, "metric": name, **_answer(one, code)}
            for code, label in enumerate(labels)
            for name, one in apart.items()
            if name not in inside.left_out
        ]

    def _precision(self, place: Answer, slice_: Slice | None, *, class_level: str | None) -> list[Answer]:
        asked = self.asked
        if not asked.average_precision:
            return []
        sides = [point.evidence for point in self.pair.models]
        if slice_ is not None:
            chosen = Selection(slice_, "shared")
            if chosen.of(self.pair.first).truth is None:
                return []
            sides = [SlicedEvidence(one, chosen) for one in sides]
        found = precision_differences(
            sides[0],
            sides[1],
            replicates=asked.replicates,
            confidence=asked.confidence,
            seed=asked.seed,
            threads=asked.threads,
        )
        rows = [{**place, "metric": name, **_precision_answer(one, -1)} for name, one in found.items()]
        if class_level is None:
            return rows
        return rows + [
            {**place, "level": class_level, "category": label, "metric": name, **_precision_answer(one, code)}
            for code, label in enumerate(self.pair.evidence.category_names)
            for name, one in found.items()
        ]


def _or_none(mask: Mask | None, point: OperatingPoint) -> Mask:
    """No object, where only predictions can be in a slice."""
    return np.zeros(point.evidence.outcomes.rows("ground_truth"), np.bool_) if mask is None else mask


def _answer(one: Difference, group: int) -> Answer:
    difference, error = one.second[group] - one.first[group], one.error[group]
    degrees = one.clusters[group] - 1
    return {
        "baseline": one.first[group],
        "candidate": one.second[group],
        "difference": difference,
        "lower": one.lower[group],
        "upper": one.upper[group],
        "p_value": _p_value(difference, error, degrees),
        "error": error,
        "support": one.support[group],
        "clusters": int(one.clusters[group]),
    }


def _precision_answer(one: PrecisionDifference, group: int) -> Answer:
    difference, error = one.second[group] - one.first[group], one.error[group]
    return {
        "baseline": one.first[group],
        "candidate": one.second[group],
        "difference": difference,
        "lower": one.lower[group],
        "upper": one.upper[group],
        "p_value": _p_value(difference, error, np.inf),
        "error": error,
        "support": float(one.support[group]),
    }


def _p_value(difference: float, error: float, degrees: float) -> float:
    """Of no difference: of the t statistic; 1 where the models agree in every cluster."""
    if np.isnan(difference) or np.isnan(error):
        return np.nan
    if error == 0.0:
        return 1.0 if difference == 0.0 else 0.0
    return float(t_p_value(difference / error, degrees))


def _of_mode(mode: FailureMode, known: PairedModes, asked: Asked) -> pl.DataFrame:
    """The error rate of a frozen mode."""
    sums = known.sums(mode)
    rates, of = ("y1", "y2"), ("n1", "n2")
    told = paired_contrast(
        sums, numerators=rates, denominators=of, cluster="cluster", confidence=asked.confidence
    )
    drawn = bootstrap_difference(
        sums,
        numerators=rates,
        denominators=of,
        cluster="cluster",
        replicates=asked.replicates,
        confidence=asked.confidence,
        seed=asked.seed,
    )
    return told.select(
        pl.lit("failure mode").alias("level"),
        pl.lit(mode.name).alias("slice"),
        pl.lit("error_rate").alias("metric"),
        pl.col("first").alias("baseline"),
        pl.col("second").alias("candidate"),
        pl.col("estimate").alias("difference"),
        drawn["lower"],
        drawn["upper"],
        "p_value",
        "error",
        "support",
        "clusters",
    )
