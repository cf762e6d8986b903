"""Choose thresholds of a group under many sets of weights, and count at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.failures.costs import Costs
from cvfail.metrics.curves.grouped_scores import ScoredGroup
from cvfail.metrics.curves.score_curve import f_score, ratio
from cvfail.tables.arrays import read_only
from cvfail.thresholds.objective import Objective

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

MEASURES = ("precision", "recall", "f_score", "false_positives_per_image", "cost_per_image")
"""What is told of a threshold."""


@dataclass(frozen=True)
class Prices:
    """What errors cost, row by row; made from a file of costs.

    Attributes:
        wrong: Cost of each prediction if it is wrong, shape (D,).
        missed: Cost of each object if it is not found, shape (G,).
        finds: The object that each prediction finds when every score counts, -1 for none, shape (D,).
    """

    wrong: Numbers
    missed: Numbers
    finds: Counts

    @classmethod
    def of(cls, point: OperatingPoint, costs: Costs) -> Prices:
        """Look costs up at the point at which every score counts.

        Args:
            point: Whose evidence and overlap threshold.
            costs: Lines of ``missed`` tell what an object costs that is not found; those of the types of false
                positives what each of these costs, also ``classification`` and ``localisation``.
        """
        everything = OperatingPoint.of(point.evidence, iou=point.iou, score=-np.inf)
        kind = everything.typed[0]
        wrong = np.ones(kind.size)
        for code, error in enumerate(ERROR_TYPES, start=1):
            own = kind == code
            wrong[own] = costs.weights(everything, error, "predictions")[own]
        finds = np.full(kind.size, -1, np.int64)
        found = np.flatnonzero(everything.found)
        finds[everything.partner[found]] = found
        return cls(wrong, costs.weights(everything, "missed", "ground_truth"), finds)

    def of_group(self, group: ScoredGroup) -> tuple[Numbers, Numbers]:
        """What keeping each prediction of a group adds to the cost, and what each of its objects costs."""
        adds = self.wrong[group.rows].copy()
        adds[group.right] = -self.missed[self.finds[group.rows[group.right]]]
        return read_only(adds), self.missed[group.truths]


@dataclass(frozen=True)
class Tallies:
    """Counts at one threshold per set of weights, all of shape (B,).

    Attributes:
        found: Objects that are found.
        wrong: Wrong predictions.
        objects: Objects.
        images: Images.
        cost: Cost of all errors.
    """

    found: Counts
    wrong: Counts
    objects: Counts
    images: Counts
    cost: Numbers

    def measure(self, name: str, beta: float) -> Numbers:
        """One of `MEASURES`, shape (B,); NaN where undefined."""
        match name:
            case "precision":
                return ratio(self.found, self.found + self.wrong)
            case "recall":
                return ratio(self.found, self.objects)
            case "f_score":
                return f_score(self.found, self.wrong, self.objects, beta=beta)
            case "false_positives_per_image":
                return ratio(self.wrong, self.images)
        return ratio(self.cost, self.images)

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Tallies:
        return Tallies(
            self.found[rows], self.wrong[rows], self.objects[rows], self.images[rows], self.cost[rows]
        )

    @classmethod
    def joined(cls, parts: Sequence[Tallies]) -> Tallies:
        """Several one after the other; of none, no counts."""
        if not parts:
            nothing = np.zeros(0, np.int64)
            return cls(nothing, nothing, nothing, nothing, np.zeros(0))
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))

    def total(self) -> Tallies:
        """All sets of weights together, shape (1,)."""
        parts = (self.found, self.wrong, self.objects, self.images, self.cost)
        return Tallies(*(part.sum(keepdims=True) for part in parts))


class Drawn:
    """Sets of weights on the clusters.

    Attributes:
        weights: How often each cluster counts, shape (B, clusters).
    """

    def __init__(self, weights: NDArray[np.uint8]) -> None:
        self.weights = read_only(weights)
        self._images: dict[int, Counts] = {}

    def of(self, clusters: NDArray[np.int32]) -> Counts:
        """How often units of these clusters are drawn in each set, shape (B,)."""
        return np.asarray(self.weights[:, clusters].sum(axis=1, dtype=np.int64))

    def of_images(self, group: ScoredGroup) -> Counts:
        """How often the images of a group are drawn; looked up once for groups of the same images."""
        key = id(group.image_codes)
        if key not in self._images:
            self._images[key] = self.of(group.image_clusters)
        return self._images[key]


class Chooser:
    """One group under sets of weights on the clusters.

    Args:
        group: Its predictions, objects and images.
        objective: What is made best.
        prices: What errors cost row by row; those of the objective if not given.
    """

    def __init__(self, group: ScoredGroup, objective: Objective, prices: Prices | None = None) -> None:
        self.group = group
        self.objective = objective
        nothing = read_only(np.zeros(0))
        self._adds = nothing
        self._missed: Numbers | None = None
        if prices is not None:
            self._adds, self._missed = prices.of_group(group)

    def thresholds(self, drawn: Drawn) -> Numbers:
        """The best threshold for each set of weights.

        Args:
            drawn: B sets of weights.

        Returns:
            Observed scores; infinite where rejecting everything is best, NaN where none is allowed, shape (B,).
            Of equally good ones the highest. Cost: one pass over the group per set of weights.
        """
        from cvfail.kernels.operating_points import REJECT_ALL, best_places

        group, objective = self.group, self.objective
        place = np.empty(len(drawn.weights), np.int64)
        best_places(
            group.scores,
            group.right,
            group.clusters,
            self._adds,
            drawn.weights,
            read_only(drawn.of(group.truth_clusters)),
            read_only(drawn.of_images(group)),
            _code(objective),
            objective.beta**2,
            objective.false_positive_cost,
            objective.missed_cost,
            objective.min_precision or 0.0,
            objective.min_recall or 0.0,
            np.inf if objective.max_false_positives is None else objective.max_false_positives,
            place,
        )
        chosen = np.append(group.scores, np.nan)[np.maximum(place, -1)]
        return np.where(place == REJECT_ALL, np.inf, np.where(place < 0, np.nan, chosen))

    def tallies(self, thresholds: Numbers, drawn: Drawn) -> Tallies:
        """Counts at a threshold for each set of weights; at NaN nothing is kept.

        Args:
            thresholds: Shape (B,).
            drawn: B sets of weights.
        """
        from cvfail.kernels.operating_points import counts_at

        group = self.group
        found, wrong = np.empty((2, len(drawn.weights)), np.int64)
        spent = np.empty(len(drawn.weights))
        kept = np.searchsorted(-group.scores, -np.nan_to_num(thresholds, nan=np.inf), side="right")
        counts_at(
            group.right,
            group.clusters,
            self._adds,
            drawn.weights,
            read_only(kept - 1),
            found,
            wrong,
            spent,
        )
        objects = drawn.of(group.truth_clusters)
        if self._missed is None:
            cost = (
                self.objective.false_positive_cost * wrong + self.objective.missed_cost * (objects - found)
            ).astype(np.float64)
        else:
            cost = spent + np.array([row[group.truth_clusters] @ self._missed for row in drawn.weights])
        return Tallies(found, wrong, objects, drawn.of_images(group), cost)


def _code(objective: Objective) -> int:
    from cvfail.kernels.operating_points import COST, F_SCORE, FALSE_POSITIVES, RECALL

    codes = {"f_score": F_SCORE, "recall": RECALL, "false_positives": FALSE_POSITIVES, "cost": COST}
    return codes[objective.best]
