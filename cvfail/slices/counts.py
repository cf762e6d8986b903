"""What happened in a slice, added up by cluster: all that its rates and their intervals need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.operating_point import (
    ERROR_TYPES,
    OBJECT_ERRORS,
    PREDICTION_ERRORS,
    OperatingPoint,
)
from cvfail.slices.membership import Membership
from cvfail.slices.sliced_evidence import Selection

CLUSTER = "cluster"

SCORES = ("scores", "scores_rest")
"""Σ over hits and false positives of the score in steps of 2⁻²⁶, and of what is left in steps of 2⁻⁵²: such sums
are exact, so that they do not depend on how rows are cut into blocks."""

BINS = 10
"""Equal bins of the scores from 0 to 1 for the calibration error."""


@dataclass(frozen=True)
class SliceCounts:
    """The counts of one slice or of everything.

    Attributes:
        by_cluster: One row per cluster with any: ``cluster``, ``tp`` (as objects), ``fn``, ``hits`` (as
            predictions), ``fp``, the error types, and `SCORES`, by ascending cluster.
        bins: Per bin of the scores: predictions, the two parts of their scores, and hits, shape (4, BINS).
        confusions: Objects by true and predicted code, background last, shape (K + 1, K + 1).
    """

    by_cluster: pl.DataFrame
    bins: NDArray[np.float64]
    confusions: NDArray[np.int64]

    @classmethod
    def merged(cls, parts: Sequence[SliceCounts]) -> SliceCounts:
        """The counts of several runs of images together."""
        by_cluster = pl.concat([part.by_cluster for part in parts])
        return cls(
            by_cluster.group_by(CLUSTER).sum().sort(CLUSTER),
            np.sum([part.bins for part in parts], axis=0),
            np.sum([part.confusions for part in parts], axis=0),
        )


def count_slices(
    point: OperatingPoint, selections: Mapping[str, Selection]
) -> tuple[SliceCounts, dict[str, SliceCounts], dict[str, Membership]]:
    """Count everything and every slice, block by block.

    Args:
        point: The evaluation at an overlap and a score threshold.
        selections: Which rows count, by name.

    Returns:
        The counts of all rows, those of each slice, and how each slice was made (of the last block).
    """

    def count(part: OperatingPoint) -> tuple[SliceCounts, dict[str, SliceCounts], dict[str, Membership]]:
        kinds = _Kinds.of(part)
        members = {name: selection.of(part) for name, selection in selections.items()}
        counts = {name: kinds.count(found) for name, found in members.items()}
        return kinds.count(None), counts, members

    answers = point.over_blocks(count)
    whole = SliceCounts.merged([answer[0] for answer in answers])
    counts = {name: SliceCounts.merged([answer[1][name] for answer in answers]) for name in selections}
    return whole, counts, answers[-1][2]


@dataclass(frozen=True)
class _Kinds:
    """What every row is, before it is asked where it lies."""

    point: OperatingPoint
    partner_of: NDArray[np.int64]
    outcome: NDArray[np.int64]

    @classmethod
    def of(cls, point: OperatingPoint) -> _Kinds:
        """Look up the object that each prediction found, and what became of each object."""
        partner = point.partner
        found = np.flatnonzero(point.found)
        partner_of = np.full(point.correct.size, -1, np.int64)
        partner_of[partner[found]] = found
        repairs = point.repairs
        kind = np.append(point.typed[0], 0)[repairs]
        outcome = np.where(~point.evidence.regular(), -1, np.where(point.found, 0, 1 + kind))
        return cls(point, partner_of, outcome)

    def count(self, members: Membership | None) -> SliceCounts:
        """The counts of a slice; of everything without one."""
        point, evidence = self.point, self.point.evidence
        objects, hits, wrong = self.outcome >= 0, point.correct, point.wrong
        if members is not None:
            if members.truth is None:
                objects = np.zeros_like(objects)
                hits = hits & members.found_by
            else:
                objects = objects & members.truth
                hits = hits & np.append(members.truth, False)[self.partner_of] & members.found_by
            wrong = np.zeros_like(wrong) if members.wrong is None else wrong & members.wrong
        clusters, coding = evidence.clusters, evidence.coding
        of_object, of_prediction = clusters[coding.truth_image], clusters[coding.image]
        kind = point.typed[0]
        rows = {
            "tp": of_object[objects & (self.outcome == 0)],
            "fn": of_object[objects & (self.outcome > 0)],
            "hits": of_prediction[hits],
            "fp": of_prediction[wrong],
            **{name: of_object[objects & (self.outcome == 1 + k)] for k, name in enumerate(OBJECT_ERRORS)},
            **{
                name: of_prediction[wrong & (kind == 1 + ERROR_TYPES.index(name))]
                for name in PREDICTION_ERRORS
            },
        }
        counted = hits | wrong
        scores = point.scores[counted]
        return SliceCounts(
            _by_cluster(rows, of_prediction[counted], scores),
            _binned(scores, hits[counted]),
            self._confusions(None if members is None else members.truth),
        )

    def _confusions(self, truth: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Cells whose object lies in the slice."""
        size = self.point.evidence.categories.height + 1
        cells = self.point.cells.drop_nulls("ground_truth_index")
        if truth is not None:
            cells = cells.filter(pl.Series(truth[cells["ground_truth_index"].to_numpy()]))
        codes = cells["true_code"].to_numpy() * size + cells["predicted_code"].to_numpy()
        return np.bincount(codes, minlength=size * size).reshape(size, size)


def _by_cluster(
    rows: Mapping[str, NDArray[np.int32]], scored: NDArray[np.int32], scores: NDArray[np.float64]
) -> pl.DataFrame:
    """Counts of every kind in every cluster that has any of them."""
    present = np.unique(np.concatenate([np.unique(clusters) for clusters in rows.values()]))
    size = int(present[-1]) + 1 if present.size else 0
    columns = {name: np.bincount(clusters, minlength=size)[present] for name, clusters in rows.items()}
    sums = [
        np.bincount(scored, part, minlength=size)[present].astype(np.float64) for part in _exact_parts(scores)
    ]
    return pl.DataFrame({CLUSTER: present, **columns, **dict(zip(SCORES, sums, strict=True))})


def _exact_parts(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    coarse = np.floor(scores * 2.0**26) * 2.0**-26
    return coarse, np.rint((scores - coarse) * 2.0**52) * 2.0**-52


def _binned(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    place = np.clip((scores * BINS).astype(np.int64), 0, BINS - 1)
    return np.stack(
        [
            np.bincount(place, minlength=BINS).astype(np.float64),
            *(np.bincount(place, part, minlength=BINS) for part in _exact_parts(scores)),
            np.bincount(place, hits.astype(np.float64), minlength=BINS),
        ]
    )
