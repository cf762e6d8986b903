"""What all causes of the modes of one operating point share, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.nms import nms_removals
from cvfail.evidence.attributes import attribute
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.causes.score_sweep import ScoreSweep
from cvfail.failures.causes.units import UnitRows
from cvfail.failures.conditions import Condition, slice_of
from cvfail.failures.errors_of_rows import object_errors
from cvfail.failures.mode_errors import ModeErrors
from cvfail.labels.suspect_rows import suspect_rows
from cvfail.slices.membership import Membership, membership

if TYPE_CHECKING:
    from cvfail.kernels.crowding import Crowding

Mask = NDArray[np.bool_]

_NOTHING = -1


@dataclass(frozen=True)
class CauseContext:
    """An operating point, what is known of other data, and what several causes look at.

    Attributes:
        point: The operating point of the modes.
        training: One row per image or object that the model learnt from, columns named as the attributes here.
        reference: Other evidence, or a table of images like it, that the slice is expected to resemble.
    """

    point: OperatingPoint
    training: pl.DataFrame | None = None
    reference: Evidence | pl.DataFrame | None = None
    _members: dict[Condition, Membership] = field(default_factory=dict, repr=False)
    _levels: dict[str, pl.Series] = field(default_factory=dict, repr=False)

    @property
    def evidence(self) -> Evidence:
        """The matched tables."""
        return self.point.evidence

    @cached_property
    def everything(self) -> OperatingPoint:
        """The point at which every score counts."""
        return OperatingPoint.of(self.evidence, iou=self.point.iou, score=-np.inf)

    @cached_property
    def suspects(self) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Kinds of label suspects, see `cvfail.labels.suspect_rows.suspect_rows`."""
        return suspect_rows(self.point)

    @cached_property
    def suppressed(self) -> Mask:
        """Predictions that a suppression would remove, by threshold, see `cvfail.decomposition.nms.nms_removals`."""
        return nms_removals(self.point)

    @cached_property
    def sweep(self) -> ScoreSweep:
        """Right and wrong predictions in the order of their scores."""
        return ScoreSweep.of(self.everything)

    @cached_property
    def object_codes(self) -> NDArray[np.int8]:
        """The error of each object, see `cvfail.failures.errors_of_rows.object_errors`."""
        return object_errors(self.point)

    @cached_property
    def near_miss(self) -> NDArray[np.int64]:
        """The prediction that nearly finds each unfound object, -1 where there is none, shape (G,).

        It is the false positive of the object's class that overlaps it most, if not enough; the better score, then
        the first row on ties.
        """
        point = self.point
        rows, truths, overlaps, same_class = point.pair_arrays
        chosen = np.flatnonzero(same_class & point.wrong[rows] & self._unfound[truths])
        rows, truths, overlaps = rows[chosen], truths[chosen], overlaps[chosen]
        order = np.lexsort((rows, -point.scores[rows], -overlaps, truths))
        first = order[np.diff(truths[order], prepend=_NOTHING) != 0]
        near = first[overlaps[first] <= self._reach]
        best = np.full(self._unfound.size, _NOTHING, np.int64)
        best[truths[near]] = rows[near]
        return best

    @cached_property
    def covered_by_another_class(self) -> Mask:
        """Unfound objects on which a false positive of another class lies that overlaps enough, shape (G,)."""
        rows, truths, overlaps, same_class = self.point.pair_arrays
        chosen = ~same_class & (overlaps >= self._reach) & self.point.wrong[rows] & self._unfound[truths]
        covered = np.zeros(self._unfound.size, np.bool_)
        covered[truths[chosen]] = True
        return covered

    @cached_property
    def largest_overlap(self) -> NDArray[np.float64]:
        """Largest IoU of each object with another regular one of its image, shape (G,)."""
        return self._crowding(self.evidence.regular()).max_iou_any

    @cached_property
    def overlap_with_found(self) -> NDArray[np.float64]:
        """Largest IoU of each object with another one of its class that is found, shape (G,)."""
        return self._crowding(self.point.found).max_iou_same

    @cached_property
    def objects_under(self) -> NDArray[np.int64]:
        """How many regular objects each kept prediction overlaps by `background_iou` or more, shape (D,)."""
        rows, truths, _, _ = self.point.pair_arrays
        return np.bincount(rows[self.evidence.regular()[truths]], minlength=self.point.kept.size)

    def members(self, condition: Condition) -> Membership:
        """The rows of one condition."""
        if condition not in self._members:
            self._members[condition] = membership(self.point, slice_of([condition]))
        return self._members[condition]

    def levels(self, name: str) -> pl.Series:
        """The level of an attribute of each object."""
        if name not in self._levels:
            self._levels[name] = attribute(self.evidence, name).truth
        return self._levels[name]

    def units(self, conditions: tuple[Condition, ...]) -> UnitRows:
        """The units of a slice; predictions by what they have, if only objects have some attribute."""
        members = [self.members(condition) for condition in conditions]
        truth = [one.truth for one in members if one.truth is not None]
        wrong = [one.wrong for one in members if one.wrong is not None]
        return UnitRows(
            reduce(np.logical_and, truth, self.evidence.regular()),
            reduce(np.logical_and, wrong, np.ones(self.point.kept.size, np.bool_)),
        )

    def units_beyond(self, errors: ModeErrors, is_dropped: Callable[[str], bool]) -> UnitRows:
        """The mode's slice without the conditions on some attributes.

        Where the mode holds one value of such an attribute against another, the units of the other.
        """
        mode = errors.mode
        if mode.against is not None and any(is_dropped(one.attribute) for one in mode.differing[0]):
            return self.units(mode.against)
        return self.units(tuple(c for c in mode.conditions if not is_dropped(c.attribute)))

    @cached_property
    def _unfound(self) -> Mask:
        return np.asarray(self.evidence.regular() & ~self.point.found)

    @property
    def _reach(self) -> float:
        """The overlap at which a prediction finds an object."""
        return self.evidence.policy.iou_thresholds[self.point.threshold]

    def _crowding(self, others: Mask) -> Crowding:
        from cvfail.failures.causes.neighbours import neighbours

        return neighbours(self.evidence, others)
