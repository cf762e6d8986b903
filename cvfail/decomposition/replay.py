"""Counterfactual replay: average precision as if some errors were repaired, from the stored outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from cvfail.decomposition.repaired_curves import Change, Mask, RepairedCurves
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

CLASSIFICATION = 1 + ERROR_TYPES.index("classification")
LOCALISATION = 1 + ERROR_TYPES.index("localisation")
_NOTHING = -1


@dataclass(frozen=True)
class Replay:
    """What became of every prediction, and what average precision would be if any set of errors were repaired.

    Attributes:
        evidence: The matched tables.
        kind: Error type of each prediction, a code as in `OperatingPoint.typed`, 0 where not wrong, shape (D,).
        target: Ground-truth row that each prediction is the match of or each error aims at, -1 if none, shape (D,).
        correct: True positives, shape (D,).
        wrong: False positives, shape (D,).
        found: Regular ground truth that is found, shape (G,).
        unfound: Regular ground truth that is not found, shape (G,).
        finder: Prediction row whose repair would find each unfound object, -1 if none, shape (G,).

    Notes:
        A repaired prediction that is the best classification or localisation error of an unfound object becomes
        right, as the class of its object and with its own score; any other wrong one is gone. An excused object no
        longer counts, unless it is found or a repair finds it. The mean is over the classes that have ground truth
        to begin with; one that loses all of it scores 1 without a false positive, else 0. So all wrong
        predictions repaired and all unfound objects excused give exactly 1. Nothing is matched again.

    Source: docs/semantics.md; the oracles of arXiv 2008.08115 for any subset of rows. Cost: about 0.5 s per million
        predictions once, then a pass over the predictions of the classes that are touched.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 1], "category_id": [1, 1], "bbox": [[0, 0, 10, 10], [20, 20, 10, 10]]}
        >>> found = {"image_id": [1, 1], "category_id": [1, 1], "score": [0.9, 0.8],
        ...          "bbox": [[50, 50, 9, 9], [0, 0, 10, 10]]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> replay = Replay.of(OperatingPoint.of(cf.evaluate(data).evidence, score=0.0))
        >>> [round(replay.average_precision(**what), 3)
        ...  for what in ({}, {"repaired": replay.wrong}, {"repaired": replay.wrong, "excused": replay.unfound})]
        [0.252, 0.505, 1.0]
    """

    evidence: Evidence
    kind: NDArray[np.int8]
    target: NDArray[np.int32]
    correct: Mask
    wrong: Mask
    found: Mask
    unfound: Mask
    finder: NDArray[np.int32]

    @classmethod
    def of(cls, point: OperatingPoint) -> Replay:
        """Gather the outcomes of all blocks; a score of -inf replays the average precision over every score."""
        parts = []
        for block, part in point.blocks():
            kind, target = part.typed
            target = target.copy()
            target[part.partner[part.found]] = np.flatnonzero(part.found)
            parts.append(
                {
                    "kind": kind,
                    "target": _shifted(target, block.first_truth),
                    "correct": part.correct,
                    "wrong": part.wrong,
                    "found": part.found,
                    "unfound": part.evidence.regular() & ~part.found,
                    "finder": _shifted(part.repairs, block.first_prediction),
                }
            )
        return cls(
            point.evidence, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        )

    def within(self, *, objects: Mask, errors: Mask) -> Replay:
        """The same outcomes as a slice sees them: what lies outside counts neither for nor against the model.

        Args:
            objects: Ground truth in the slice, shape (G,); a prediction that found one lies where the object does.
            errors: Predictions in the slice if they are false positives, shape (D,).

        Returns:
            A replay whose average precision is that of the slice. A repair still finds an object of the slice if
            the false positive itself lies outside; types are those of the match of all objects.
        """
        unfound = self.unfound & objects
        return replace(
            self,
            correct=self.correct & np.append(objects, False)[self.target],
            wrong=self.wrong & errors,
            found=self.found & objects,
            unfound=unfound,
            finder=np.where(unfound, self.finder, _NOTHING),
        )

    @property
    def missed(self) -> Mask:
        """Unfound objects that no repair would find, shape (G,)."""
        return np.asarray(self.unfound & (self.finder == _NOTHING))

    def errors_at(self, objects: Mask) -> Mask:
        """The classification and localisation errors that aim at some objects which are not found.

        Args:
            objects: Ground-truth rows, shape (G,).

        Returns:
            Prediction rows, shape (D,).
        """
        near = (self.kind == CLASSIFICATION) | (self.kind == LOCALISATION)
        return np.asarray(near & np.append(objects & self.unfound, False)[self.target])

    def average_precision(
        self, *, repaired: Mask | None = None, excused: Mask | None = None, removed: Mask | None = None
    ) -> float | None:
        """Mean average precision at the point's overlap threshold over the classes that have ground truth.

        Args:
            repaired: Predictions whose error is repaired, shape (D,); those that are not wrong stay as they are.
            excused: Ground truth that no longer counts if nothing finds it, shape (G,).
            removed: Predictions that are gone, right or wrong, shape (D,); the objects of those that were right
                are not found then.

        Returns:
            In [0, 1]; null if no class has ground truth.
        """
        values = self.class_precision(repaired=repaired, excused=excused, removed=removed)
        return float(values[self._classes].mean()) if self._classes else None

    def class_precision(
        self, *, repaired: Mask | None = None, excused: Mask | None = None, removed: Mask | None = None
    ) -> NDArray[np.float64]:
        """Average precision of every class, arguments as of `average_precision`; NaN without ground truth.

        Returns:
            By category code, shape (K,).
        """
        change, touched = self._change(repaired, excused, removed)
        values = self._base.copy()
        values[touched] = [self._curves.precision(code, change) for code in touched]
        return values

    def average_precision_replicates(
        self,
        *,
        repaired: Mask | None = None,
        excused: Mask | None = None,
        removed: Mask | None = None,
        replicates: int = 200,
        seed: int = 0,
        threads: int | None = None,
    ) -> NDArray[np.float64]:
        """`average_precision` in bootstrap replicates in which each image (or cluster) weighs Poisson(1).

        Args:
            repaired: As of `average_precision`.
            excused: As of `average_precision`.
            removed: As of `average_precision`.
            replicates: How many.
            seed: Of the weights, which depend on seed, cluster id and replicate only: the same for all calls, so
                that differences between calls are paired.
            threads: Threads over classes; all processors if not given.

        Returns:
            Shape (B,); NaN where a replicate has no ground truth. A class takes part in the replicates that have
            ground truth of it to begin with.

        Cost: `replicates` passes over the predictions of the classes that are touched; the values of the others
            are kept for the next call.
        """
        return mean_of_defined(
            self.class_precision_replicates(
                repaired=repaired,
                excused=excused,
                removed=removed,
                replicates=replicates,
                seed=seed,
                threads=threads,
            )
        )

    def class_precision_replicates(
        self,
        *,
        repaired: Mask | None = None,
        excused: Mask | None = None,
        removed: Mask | None = None,
        replicates: int = 200,
        seed: int = 0,
        threads: int | None = None,
    ) -> NDArray[np.float64]:
        """As `average_precision_replicates` for every class; NaN where a replicate has no ground truth of it.

        Returns:
            By category code, shape (K, B).
        """
        change, touched = self._change(repaired, excused, removed)
        values = self._base_replicates(replicates, seed).copy()
        self._replay(values, change, touched, seed, threads)
        return values

    def _replay(
        self,
        values: NDArray[np.float64],
        change: Change,
        codes: list[int],
        seed: int,
        threads: int | None,
    ) -> None:
        """Write the replicates of some classes, shape (K, B)."""

        def replay(code: int) -> None:
            values[code] = self._curves.replicates(code, change, values.shape[1], seed)

        run_in_order(replay, codes, threads=worker_count(threads))

    def _change(
        self, repaired: Mask | None, excused: Mask | None, removed: Mask | None
    ) -> tuple[Change, list[int]]:
        """What is different from the outcomes as they are, and the classes with ground truth that it touches."""
        none, truths = np.zeros(self.wrong.size, np.bool_), np.zeros(self.found.size, np.bool_)
        counted = self.wrong | (self._becomes != _NOTHING)
        gone = none if removed is None else (counted | self.correct) & removed
        mended = none if repaired is None else counted & repaired & ~gone
        if excused is not None:
            truths = self.unfound & excused & ~np.append(mended, False)[self.finder]
        coding, positives = self.evidence.coding, self._curves.positives
        fewer = np.bincount(coding.truth_category[truths], minlength=positives.size)
        touched = fewer > 0
        rows = np.flatnonzero(mended | gone)
        touched[coding.category[rows]] = True
        becomes = self._becomes[rows]
        touched[becomes[becomes != _NOTHING]] = True
        change = Change(read_only(mended), read_only(gone), truths, fewer)
        return change, np.flatnonzero(touched & (positives > 0)).tolist()

    @cached_property
    def _becomes(self) -> NDArray[np.int32]:
        """The class that a repair makes each prediction right in, -1 if it makes it gone, shape (D,)."""
        becomes = np.full(self.wrong.size, _NOTHING, np.int32)
        truths = np.flatnonzero(self.finder != _NOTHING)
        becomes[self.finder[truths]] = self.evidence.coding.truth_category[truths]
        return becomes

    @cached_property
    def _curves(self) -> RepairedCurves:
        return RepairedCurves(
            self.evidence,
            counts=self.found | self.unfound,
            correct=self.correct,
            wrong=self.wrong,
            becomes=self._becomes,
        )

    @cached_property
    def _classes(self) -> list[int]:
        """Codes of the classes that have ground truth."""
        return np.flatnonzero(self._curves.positives > 0).tolist()

    @cached_property
    def _base(self) -> NDArray[np.float64]:
        """Average precision of every class as it is, shape (K,)."""
        change, _ = self._change(None, None, None)
        values = np.full(self._curves.positives.size, np.nan)
        values[self._classes] = [self._curves.precision(code, change) for code in self._classes]
        return values

    @cached_property
    def _base_replicates(self) -> Callable[[int, int], NDArray[np.float64]]:
        """Makes the replicates of every class as it is, shape (K, B); the last ones are kept."""

        @lru_cache(maxsize=2)
        def made(replicates: int, seed: int) -> NDArray[np.float64]:
            values = np.full((self._curves.positives.size, replicates), np.nan)
            self._replay(values, self._change(None, None, None)[0], self._classes, seed, None)
            return values

        return made


def _shifted(rows: NDArray[np.int64], by: int) -> NDArray[np.int32]:
    return np.where(rows == _NOTHING, _NOTHING, rows + by).astype(np.int32)


def mean_of_defined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over classes (axis 0) of what is not NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
