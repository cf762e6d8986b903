"""The evidence as a slice sees it: what lies outside counts neither for nor against the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.outcome_tables import Kind, OutcomeTables
from cvfail.matching.policy import Policy
from cvfail.slices.membership import FalsePositives, Membership, membership
from cvfail.slices.predicates import Slice
from cvfail.tables.arrays import read_only

_AREA = "all"


@dataclass(frozen=True)
class Selection:
    """Which rows count.

    Attributes:
        slice: The predicate.
        false_positives: What is done where only ground truth has an attribute.
        complement: Everything outside the slice instead.
        rematch: Match anew with objects outside ignored, as COCO does for sizes; otherwise the one match of all
            objects stands.
    """

    slice: Slice
    false_positives: FalsePositives = "none"
    complement: bool = False
    rematch: bool = False

    def of(self, point: OperatingPoint) -> Membership:
        """The rows in one run of images."""
        found = membership(point, self.slice, false_positives=self.false_positives)
        return complement(found) if self.complement else found


def complement(found: Membership) -> Membership:
    """The rows outside a slice; a false positive that is shared is nowhere outside."""
    return Membership(
        rule=found.rule,
        truth=None if found.truth is None else ~found.truth,
        found_by=found.found_by if found.rule != "own_prediction" else ~found.found_by,
        wrong=None if found.wrong is None else ~found.wrong,
    )


class SlicedEvidence(Evidence):
    """Evidence in which rows outside a slice are ignored, so that every metric of it is that of the slice.

    Only the area range ``all`` is left: areas are one more slice.

    Args:
        base: The evidence, whole or a block.
        selection: Which rows count.

    Notes:
        Ground truth outside is ignored, and so is a prediction that found some. A false positive outside is
        ignored too. Without `rematch` everything else is as in the match of all objects.
    """

    def __init__(self, base: Evidence, selection: Selection) -> None:
        policy = replace(base.policy, area_ranges={_AREA: base.policy.area_ranges[_AREA]})
        super().__init__(
            task=base.task,
            policy=policy,
            images=base.images,
            categories=base.categories,
            outcomes=_SlicedTables(base, selection, policy),
            source=base.source,
        )
        self._base, self._selection = base, selection
        self.coding = base.coding

    @property
    def whole(self) -> Evidence:
        """The evidence that the base is a block of."""
        return self._base.whole

    @cached_property
    def category_names(self) -> list[str]:
        """The labels of the base."""
        return self._base.category_names

    @cached_property
    def clusters(self) -> NDArray[np.int32]:
        """The cluster codes of the base, which for a block are those of the whole."""
        return self._base.clusters

    @cached_property
    def cluster_ids(self) -> pl.Series:
        """The cluster ids that the codes count."""
        return self._base.cluster_ids

    @property
    def block_count(self) -> int:
        """That of the base."""
        return self._base.block_count

    def block(self, number: int) -> Block:
        """A block of the base, sliced."""
        if self.block_count == 1:
            return super().block(number)
        block = self._base.block(number)
        part = SlicedEvidence(block.evidence, self._selection)
        return Block(part, block.first_image, block.first_truth, block.first_prediction)


class _SlicedTables:
    """Tables of the base in which outcomes outside the slice are ignored."""

    def __init__(self, base: Evidence, selection: Selection, policy: Policy) -> None:
        self._base, self._selection, self._policy = base, selection, policy

    @cached_property
    def _matched(self) -> Evidence:
        """The evidence whose match counts: that of all objects, or a new one with objects outside ignored."""
        if not self._selection.rematch:
            return self._base
        data = self._base.data
        outside = pl.Series(~self._truth)
        ignored = data.ground_truth.with_columns(is_ignored=pl.col("is_ignored") | outside)
        return make_evidence(replace(data, ground_truth=ignored), self._policy, threads=1)

    @cached_property
    def _members(self) -> Membership:
        return self._selection.of(OperatingPoint(self._base, self._policy.iou, -np.inf))

    @cached_property
    def _truth(self) -> NDArray[np.bool_]:
        truth = self._members.truth
        return np.ones(self.rows("ground_truth"), np.bool_) if truth is None else truth

    @cached_property
    def _ignored(self) -> NDArray[np.uint16]:
        """Bits of thresholds at which each prediction is neither right nor wrong."""
        tables, members = self._matched.outcomes, self._members
        matched = tables.column("predictions", "matched").to_numpy()
        ignored = tables.column("predictions", "ignored").to_numpy()
        pairs = tables.columns("pairs", ["prediction_index", "ground_truth_index", "matched"])
        pairs = pairs.filter(pl.col("matched") != 0)
        rows, truths = (pairs[name].to_numpy() for name in ("prediction_index", "ground_truth_index"))
        inside = np.zeros(matched.size, np.uint16)
        np.bitwise_or.at(inside, rows, np.where(self._truth[truths], pairs["matched"].to_numpy(), 0))
        elsewhere = matched & ~inside
        unmatched = ~(matched | ignored)
        wrong = np.zeros(matched.size, np.bool_) if members.wrong is None else members.wrong
        outside = np.where(members.found_by, elsewhere, matched) | np.where(wrong, 0, unmatched)
        ladder = np.uint16((1 << len(self._policy.iou_thresholds)) - 1)
        return read_only((ignored | outside.astype(np.uint16)) & ladder)

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        return self._base.outcomes.names(table)

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        return self._matched.outcomes.rows(table) if table == "pairs" else self._base.outcomes.rows(table)

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        return self.columns(table, self.names(table))

    def columns(self, table: str, names: list[str]) -> pl.DataFrame:
        """Some columns of a table, read together."""
        return pl.DataFrame([self.column(table, name) for name in names])

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        tables: OutcomeTables = self._matched.outcomes
        if (table, name) == ("predictions", "ignored"):
            return pl.Series(name, self._ignored)
        column = tables.column(table, name)
        if (table, name) == ("ground_truth", "is_regular"):
            return column & pl.Series(self._truth)
        if (table, name) == ("ground_truth", "is_ignored"):
            return column | pl.Series(~self._truth)
        return column

    def bits(self, kind: Kind, policy: Policy) -> NDArray[np.uint16]:
        """Packed outcomes of the predictions, shape (1, D)."""
        return read_only(self.column("predictions", kind).to_numpy()[None])
