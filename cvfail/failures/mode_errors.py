"""The rows of a failure mode on an evaluation: its slice, and the errors in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.examples import examples
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.errors_of_rows import RowErrors, code_of
from cvfail.failures.failure_mode import FailureMode
from cvfail.slices.membership import membership
from cvfail.slices.predicates import Slice
from cvfail.statistics.contrast import slice_against_rest

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ModeErrors:
    """What a mode is on some evidence.

    A mode of objects has no wrong predictions, and one of predictions no wrong objects.

    Attributes:
        mode: The mode.
        point: The evidence at the mode's operating point.
        in_slice: Ground-truth rows that count and lie in the slice, shape (G,).
        wrong_in_slice: Predictions that lie in the slice if they are false positives, shape (D,).
        beside: The same two for what the slice is compared with; None for everything else.
        wrong_objects: Ground-truth rows with the error, in the slice or not, shape (G,).
        wrong_predictions: Predictions with the error, in the slice or not, shape (D,).
    """

    mode: FailureMode
    point: OperatingPoint
    in_slice: Mask
    wrong_in_slice: Mask
    beside: tuple[Mask, Mask] | None
    wrong_objects: Mask
    wrong_predictions: Mask

    @classmethod
    def of(cls, mode: FailureMode, known: RowErrors) -> ModeErrors:
        """Find the rows of a mode.

        Args:
            mode: The mode.
            known: The errors of all rows at the mode's operating point, see `FailureMode.on`.

        Raises:
            QueryError: An attribute of the slice, or a class of the confusion, is unknown.
        """
        inside = _members(known.point, mode, mode.slice_)
        other = mode.other_slice
        beside = None if other is None else _members(known.point, mode, other)
        return cls._with(mode, known, inside, beside)

    def at(self, known: RowErrors) -> ModeErrors:
        """The same error in the same slice at another score threshold."""
        mode = replace(self.mode, score=known.point.score)
        return self._with(mode, known, (self.in_slice, self.wrong_in_slice), self.beside)

    @classmethod
    def _with(
        cls,
        mode: FailureMode,
        known: RowErrors,
        inside: tuple[Mask, Mask],
        beside: tuple[Mask, Mask] | None,
    ) -> ModeErrors:
        in_slice, wrong_in_slice = inside
        is_of_objects = mode.unit != "predictions"
        return cls(
            mode=mode,
            point=known.point,
            in_slice=in_slice,
            wrong_in_slice=wrong_in_slice,
            beside=beside,
            wrong_objects=_objects(known, mode) if is_of_objects else np.zeros(in_slice.size, np.bool_),
            wrong_predictions=np.zeros(wrong_in_slice.size, np.bool_)
            if is_of_objects
            else known.predictions == code_of(mode.kind),
        )

    @cached_property
    def objects(self) -> NDArray[np.int64]:
        """Ground-truth rows of the mode's errors; none for errors of predictions."""
        return np.flatnonzero(self.wrong_objects & self.in_slice)

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """Prediction rows of the mode's errors; none for errors of objects."""
        return np.flatnonzero(self.wrong_predictions & self.wrong_in_slice)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the mode's errors, of the table that its unit says (of ground truth for pairs)."""
        return self.predictions if self.mode.unit == "predictions" else self.objects

    def against_rest(
        self, *, cost: Callable[[str], Numbers] | None = None, confidence: float = 0.95
    ) -> dict[str, float | int | None]:
        """The slice against everything else, or what the mode says, clustered by image.

        Args:
            cost: Gives what an error on each row of ``ground_truth`` or ``predictions`` costs; 1 if None.
            confidence: Coverage of the intervals.

        Returns:
            The columns of `cvfail.statistics.contrast.slice_against_rest`; units are objects, and for errors of
            predictions these errors as well. All null for a slice without units.
        """
        own, totals = self.per_cluster(cost=cost)
        own = own.with_columns(slice=pl.lit(0))
        table = slice_against_rest(own, totals, by=["slice"], confidence=confidence)
        if not len(table):
            return dict.fromkeys(table.columns)
        return table.drop("slice").row(0, named=True)

    def per_cluster(
        self, *, cost: Callable[[str], Numbers] | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What the slice, and all units that it is compared within, hold of each cluster.

        Args:
            cost: As in `against_rest`.

        Returns:
            Two frames with columns cluster, errors and units: of the slice, and of slice and rest together. A cluster
            that has objects and false positives has a row for each.
        """
        evidence = self.point.evidence
        objects, wrong = evidence.regular(), self.wrong_predictions
        if self.beside is not None:
            objects = self.in_slice | self.beside[0]
            wrong = wrong & (self.wrong_in_slice | self.beside[1])
        inside = self.wrong_in_slice & self.wrong_predictions
        parts = [
            _Side(evidence.coding.truth_image, objects, self.in_slice, self.wrong_objects, "ground_truth"),
            _Side(evidence.coding.image, wrong, inside, self.wrong_predictions, "predictions"),
        ]
        frames = [part.sums(evidence, cost) for part in parts]
        return pl.concat([own for _, own in frames]), pl.concat([whole for whole, _ in frames])

    @cached_property
    def images(self) -> int:
        """Images that have units of the slice: objects, or errors of predictions."""
        coding = self.point.evidence.coding
        wrong = self.wrong_in_slice & self.wrong_predictions
        return int(np.union1d(coding.truth_image[self.in_slice], coding.image[wrong]).size)

    def indices(self) -> pl.DataFrame:
        """The rows of the errors by number, in the order of their table.

        Returns:
            prediction_index and ground_truth_index: rows of objects carry the prediction that aims at them, and rows
            of predictions the object that they aim at; null where there is none.
        """
        if self.mode.unit == "predictions":
            wrong = self.point.all_predictions[self.rows]
            return wrong.select("prediction_index", ground_truth_index="target_index")
        missed = self.point.ground_truth[self.rows]
        return missed.select(prediction_index="nearest_prediction", ground_truth_index="ground_truth_index")

    def examples(self) -> pl.DataFrame:
        """The rows of the errors as a person can look at them, the most confident first.

        Returns:
            As `ConfusionMatrix.examples`; rows of objects carry the prediction that aims at them, and rows of
            predictions the object that they aim at.
        """
        point = self.point
        behind = self.indices()
        overlaps = point.evidence.pairs.select("prediction_index", "ground_truth_index", "overlap")
        behind = behind.join(
            overlaps, on=["prediction_index", "ground_truth_index"], how="left", maintain_order="left"
        )
        return examples(point.evidence, behind).sort(
            "score", descending=True, nulls_last=True, maintain_order=True
        )


@dataclass(frozen=True)
class _Side:
    """Units of one table: which rows are units, which of these lie in the slice, which have the error."""

    image: NDArray[np.int32]
    units: Mask
    inside: Mask
    wrong: Mask
    table: str

    def sums(
        self, evidence: Evidence, cost: Callable[[str], Numbers] | None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Units and errors per cluster, of all and of those in the slice."""
        weights = np.ones(self.units.size) if cost is None else cost(self.table)
        clusters = evidence.clusters[self.image]
        whole, inside = (
            _per_cluster(clusters, weights, self.wrong, rows) for rows in (self.units, self.inside)
        )
        return whole, inside


def _per_cluster(clusters: NDArray[np.int32], weights: Numbers, wrong: Mask, rows: Mask) -> pl.DataFrame:
    chosen = np.flatnonzero(rows)
    own, weight = clusters[chosen], weights[chosen]
    count = int(own.max(initial=-1)) + 1
    units = np.bincount(own, weight, minlength=count).astype(np.float64)
    errors = np.bincount(own, weight * wrong[chosen], minlength=count).astype(np.float64)
    present = np.flatnonzero(np.bincount(own, minlength=count))
    return pl.DataFrame({"cluster": present, "errors": errors[present], "units": units[present]})


def _members(point: OperatingPoint, mode: FailureMode, slice_: Slice) -> tuple[Mask, Mask]:
    """Ground-truth rows that count and lie in a slice, and predictions that do if they are false positives."""
    members = membership(point, slice_)
    objects, wrong = members.truth, members.wrong
    if objects is None or (wrong is None and mode.unit == "predictions"):
        side = "objects" if objects is None else "false positives"
        raise QueryError(f"{mode.name}: {side} have no value of {', '.join(slice_.columns)}")
    if wrong is None:
        wrong = np.zeros(point.evidence.outcomes.rows("predictions"), np.bool_)
    return objects & point.evidence.regular(), wrong


def _objects(known: RowErrors, mode: FailureMode) -> Mask:
    """Ground-truth rows that have a mode's error."""
    wrong: Mask = known.objects == code_of(mode.kind)
    if mode.confusion is None:
        return wrong
    point, evidence = known.point, known.point.evidence
    names = evidence.category_names
    for name in mode.confusion:
        if name not in names:
            raise QueryError(f"{name!r} is not a class. Hint: one of {', '.join(names)}")
    true, predicted = map(names.index, mode.confusion)
    taken_for = np.append(evidence.coding.category, -1)[point.repairs]
    return np.asarray(wrong & (evidence.coding.truth_category == true) & (taken_for == predicted))
