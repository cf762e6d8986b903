"""What is asked of a pair of models: everything, classes, slices, classes in slices, and frozen failure modes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.comparison.answers import Answer, answers, as_table, mode_answers
from cvfail.comparison.cells import Cells, Rows
from cvfail.comparison.pairing import Pair
from cvfail.comparison.precision import precision_differences
from cvfail.comparison.rates import Grouped
from cvfail.errors import PolicyError
from cvfail.evidence.attributes import as_levels, attribute
from cvfail.evidence.evidence import Evidence
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.paired_modes import PairedModes
from cvfail.slices.membership import membership
from cvfail.slices.predicates import NULL, Slice
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence
from cvfail.slices.sliced_images import images_of, is_of_images
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

_OF_OBJECTS = ("recall", "f1")
_OF_FALSE_POSITIVES = ("precision", "f1", "false_positives_per_image")


@dataclass(frozen=True)
class Asked:
    """What every pair of models is asked.

    Attributes:
        slices: Declared slices.
        modes: Frozen failure modes.
        by: Attributes whose every value is a slice.
        slice_classes: Also every class in every slice.
        average_precision: Also average precision, overall and by class.
        slice_average_precision: Also that of slices.
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
    slice_average_precision: bool
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
    for slice_ in slices if asked.slice_average_precision else ():
        rows += table.precision_of(slice_)
    known = PairedModes(pair.first.evidence, pair.second.evidence)
    modes = [
        mode_answers(mode, known, replicates=asked.replicates, confidence=asked.confidence, seed=asked.seed)
        for mode in asked.modes
    ]
    return as_table(rows, modes)


def _slices_of_values(evidence: Evidence, names: Sequence[str]) -> Iterator[Slice]:
    """A slice for every value of every attribute, in the order of the values, none last."""
    for name in names:
        values = attribute(evidence, name).truth
        if name in evidence.attributes("images"):
            values = as_levels(evidence.images[name])
        levels = values.unique().sort(nulls_last=True).cast(pl.String).fill_null(NULL)
        yield from (Slice(f"{name}={level}") for level in levels)


@dataclass(frozen=True)
class _Inside:
    """The rows of a slice in both models, and how many of its images each cluster has.

    Attributes:
        rows: None for all.
        images: Shape (clusters,).
        left_out: Rates that the slice cannot have.
    """

    rows: Rows | None
    images: NDArray[np.int64]
    left_out: frozenset[str]


@dataclass(frozen=True)
class _Table:
    """The rows of one pair of models.

    Attributes:
        pair: The two.
        asked: What they are asked.
        cells: What both have in each class and cluster.
        weights: How often each cluster is drawn in each replicate, shape (clusters, B).
    """

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
        inside = _Inside(None, images, self._unknown(None))
        rows = self._rates({"level": "overall"}, inside, class_level="class")
        if not self.asked.average_precision:
            return rows
        return rows + self._precision({"level": "overall"}, None, class_level="class")

    def of_slice(self, slice_: Slice) -> list[Answer]:
        """Rates of one slice, and of every class in it if that is asked."""
        return self._rates(
            {"level": "slice", "slice": slice_.name}, self._inside(slice_), class_level=self._class_level
        )

    def precision_of(self, slice_: Slice) -> list[Answer]:
        """Average precision of one slice; none of one that only predictions can be in."""
        if Selection(slice_).of(self.pair.first).truth is None:
            return []
        return self._precision(
            {"level": "slice", "slice": slice_.name}, slice_, class_level=self._class_level
        )

    @property
    def _class_level(self) -> str | None:
        return "slice × class" if self.asked.slice_classes else None

    def _unknown(self, rows: Rows | None) -> frozenset[str]:
        """Rates that a slice cannot have."""
        unknown = set() if self.pair.evidence.task == "detection" else {"false_positives_per_image"}
        if rows is not None and rows.truth is None:
            unknown |= set(_OF_OBJECTS)
        if rows is not None and rows.wrong is None:
            unknown |= set(_OF_FALSE_POSITIVES)
        return frozenset(unknown)

    def _inside(self, slice_: Slice) -> _Inside:
        evidence = self.pair.evidence
        first, second = (membership(point, slice_) for point in self.pair.models)
        rows = Rows(
            truth=None if first.truth is None or second.truth is None else (first.truth, second.truth),
            right=(first.found_by, second.found_by),
            wrong=None if first.wrong is None or second.wrong is None else (first.wrong, second.wrong),
        )
        if first.rule != second.rule or self.cells.has_other_objects(rows):
            raise PolicyError(
                f"{slice_.name!r} has other rows in the candidate than in the baseline: the attribute differs "
                "between the two. Hint: join the same table to both"
            )
        chosen = evidence.clusters[images_of(evidence, slice_)]
        images = np.bincount(chosen, minlength=len(evidence.cluster_ids))
        return _Inside(rows, images, self._unknown(rows))

    def _rates(self, place: Answer, inside: _Inside, *, class_level: str | None) -> list[Answer]:
        counts = self.cells.counts(inside.rows)
        labels, confidence = self.pair.evidence.category_names, self.asked.confidence
        classes = Grouped.by_class(self.cells, counts, len(labels), inside.images)
        totals = classes.totals(self.weights)
        pooled = Grouped.pooled(self.cells, counts, inside.images)
        whole = pooled.differences(self.weights, totals.sum(axis=0, keepdims=True), confidence=confidence)
        has_objects = inside.rows is None or inside.rows.truth is not None
        means = classes.macro(totals, confidence=confidence) if has_objects else {}
        rows = [
            row
            for name, one in {**whole, **means}.items()
            if name.removeprefix("macro_") not in inside.left_out
            for row in answers(place, name, one)
        ]
        if class_level is None:
            return rows
        apart = classes.differences(self.weights, totals, confidence=confidence)
        told = {name: one for name, one in apart.items() if name not in inside.left_out}
        by_metric = [answers({**place, "level": class_level}, name, one) for name, one in told.items()]
        is_there = np.bincount(self.cells.category, counts.any(axis=1), minlength=len(labels)) > 0
        return rows + _by_class(by_metric, labels, is_there | (inside.rows is None))

    def _precision(self, place: Answer, slice_: Slice | None, *, class_level: str | None) -> list[Answer]:
        sides, images = [point.evidence for point in self.pair.models], None
        if slice_ is not None and is_of_images(sides[0], slice_):
            images = images_of(sides[0], slice_)
        elif slice_ is not None:
            sides = [SlicedEvidence(one, Selection(slice_, "shared")) for one in sides]
        found = precision_differences(
            sides[0],
            sides[1],
            self.weights,
            images=images,
            confidence=self.asked.confidence,
            threads=self.asked.threads,
        )
        told = {name: answers(place, name, one) for name, one in found.items()}
        whole = [rows[-1] for rows in told.values()]
        if class_level is None:
            return whole
        by_metric = [[{**row, "level": class_level} for row in rows[:-1]] for rows in told.values()]
        labels = self.pair.evidence.category_names
        has_objects = found["ap"].support[:-1] > 0
        return whole + _by_class(by_metric, labels, has_objects | (slice_ is None))


def _by_class(
    by_metric: list[list[Answer]], labels: Sequence[str], listed: NDArray[np.bool_]
) -> list[Answer]:
    """Rows of metrics, each of all classes, as rows of those classes that are listed."""
    return [
        {**rows[code], "category": labels[code]}
        for code in np.flatnonzero(listed).tolist()
        for rows in by_metric
    ]
