"""The evidence at one overlap and one score threshold: who is right, what the others are, and the cells they fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Answer, Block, Evidence, confidences
from cvfail.tables.arrays import column_array

ERROR_TYPES = ("classification", "localisation", "both", "duplicate", "background")
"""Types of false positives, in the order of the kernel's codes 1 to 5; ``missed`` is the type of ground truth."""

OBJECT_ERRORS = ("missed", "classification", "localisation")
"""What became of objects that were not found: nothing aims at them, or only something of the wrong class or with a
poor box."""

PREDICTION_ERRORS = ("duplicate", "background", "both")
"""Types of false positives that cost no object."""

_NOTHING = -1
_PAIR = ("prediction_index", "ground_truth_index", "overlap")


@dataclass(frozen=True)
class OperatingPoint:
    """Outcomes at a score and an overlap threshold, derived from the packed outcomes without matching.

    Greedy matching takes predictions in descending score, so dropping low scores changes nothing above them:
    what was matched at all scores is matched here, minus the predictions below the threshold.

    Attributes:
        evidence: The matched tables.
        iou: Overlap threshold; one of the policy's ladder.
        score: A prediction counts if its score reaches this.
    """

    evidence: Evidence
    iou: float
    score: float

    @classmethod
    def of(
        cls, evidence: Evidence, *, iou: float | None = None, score: float | None = None
    ) -> OperatingPoint:
        """The operating point asked for; the policy's values where nothing is asked.

        Raises:
            PolicyError: The overlap threshold is not on the policy's ladder.
        """
        iou = evidence.policy.iou if iou is None else iou
        evidence.policy.threshold_index(iou)
        return cls(evidence, iou, evidence.score_floor if score is None else score)

    def describe(self) -> str:
        """The policy at this point as one line for captions."""
        return self.evidence.describe(iou=self.iou, score=self.score)

    def block(self, number: int) -> tuple[Block, OperatingPoint]:
        """The operating point on one block of the evidence; on the whole if that is in memory."""
        block = self.evidence.block(number)
        return block, self.on(block)

    def on(self, block: Block) -> OperatingPoint:
        """The operating point on a block of the evidence."""
        is_whole = block.evidence is self.evidence
        return self if is_whole else OperatingPoint(block.evidence, self.iou, self.score)

    def blocks(self) -> Iterator[tuple[Block, OperatingPoint]]:
        """The operating point on all blocks in order."""
        return map(self.block, range(self.evidence.block_count))

    def over_blocks(self, ask: Callable[[OperatingPoint], Answer]) -> list[Answer]:
        """The answers of all blocks to one question, in order; as many blocks in memory as there are threads."""
        return self.evidence.over_blocks(lambda block: ask(self.on(block)))

    @cached_property
    def threshold(self) -> int:
        """Position of the overlap threshold on the ladder."""
        return self.evidence.policy.threshold_index(self.iou)

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """Predictions that take part: score high enough, rank below the limit."""
        ranks = column_array(self._outcomes, "rank", np.int32)
        return np.asarray((self.scores >= self.score) & (ranks < self.evidence.policy.limit))

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Confidence of each prediction row; 1 where a label came without one."""
        return confidences(self._outcomes["score"])

    @cached_property
    def _outcomes(self) -> pl.DataFrame:
        """The columns of the predictions that say what takes part and what is right."""
        return self.evidence.outcomes.columns("predictions", ["score", "rank", "matched", "ignored"])

    @cached_property
    def neutral(self) -> NDArray[np.bool_]:
        """Kept predictions that are neither right nor wrong: they lie on ignored ground truth."""
        return self.kept & self._bit(column_array(self._outcomes, "ignored", np.uint16))

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Kept predictions that match a regular ground truth."""
        return self.kept & self._bit(column_array(self._outcomes, "matched", np.uint16)) & ~self.neutral

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Kept predictions that are false positives."""
        return self.kept & ~self.correct & ~self.neutral

    @cached_property
    def partner(self) -> NDArray[np.int64]:
        """The matching prediction row of each ground-truth row, -1 where none of the kept ones does."""
        rows, truths, _, _ = self.pair_arrays
        matched = self._matched_pairs
        partner = np.full(self.evidence.outcomes.rows("ground_truth"), _NOTHING, np.int64)
        partner[truths[matched]] = rows[matched]
        return partner

    @cached_property
    def found(self) -> NDArray[np.bool_]:
        """Regular ground truth that is matched."""
        return np.asarray(self.evidence.regular() & (self.partner != _NOTHING))

    @cached_property
    def typed(self) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """Code of the error type (0 where not wrong) and the ground-truth row aimed at (-1 if none), shape (D,)."""
        from cvfail.kernels.error_types import BACKGROUND, type_errors

        kind = np.where(self.wrong, BACKGROUND, 0).astype(np.int8)
        target = np.full(kind.size, _NOTHING, np.int64)
        type_errors(
            *self.pair_arrays,
            self.wrong,
            self.evidence.regular(),
            self.found,
            self.evidence.policy.iou_thresholds[self.threshold],
            self.evidence.policy.background_iou,
            kind,
            target,
        )
        return kind, target

    @cached_property
    def repairs(self) -> NDArray[np.int64]:
        """The prediction that would find each unmatched ground truth if its class or box were right, shape (G,).

        It is the best-scored classification or localisation error that aims at it, the first one on ties; -1
        where there is none, so that the ground truth is missed.
        """
        kind, target = self.typed
        fixable = np.flatnonzero((kind == 1) | (kind == 2))
        fixable = fixable[~self.found[target[fixable]]]
        order = fixable[np.lexsort((fixable, -self.scores[fixable]))]
        best = np.full(self.evidence.outcomes.rows("ground_truth"), _NOTHING, np.int64)
        best[target[order[::-1]]] = order[::-1]
        return best

    @property
    def predictions(self) -> pl.DataFrame:
        """The predictions that take part, with the columns of `all_predictions`."""
        return self.all_predictions.filter(pl.Series(self.kept))

    @cached_property
    def all_predictions(self) -> pl.DataFrame:
        """The predictions with `outcome`, `error_type`, `target_index` and `overlap`.

        Outcome is ``true_positive``, ``false_positive`` or ``ignored``, null for predictions below the score
        threshold or beyond the limit; `target_index` is the ground truth that is matched or aimed at, `overlap`
        the overlap with it; null where there is none.
        """
        kind, target = self.typed
        rows, truths, _, _ = self.pair_arrays
        matched = self._matched_pairs
        target = target.copy()
        target[rows[matched]] = truths[matched]
        outcome = np.select([self.correct, self.wrong, self.neutral], [1, 2, 0], _NOTHING)
        frame = self.evidence.predictions.with_columns(
            _labels("outcome", outcome, ("ignored", "true_positive", "false_positive")),
            _labels("error_type", kind.astype(np.int64) - 1, ERROR_TYPES),
            pl.Series("target_index", target).replace(_NOTHING, None),
        )
        pairs = self.evidence.pairs.select(
            "prediction_index", target_index="ground_truth_index", overlap="overlap"
        )
        keys = ["prediction_index", "target_index"]
        # Of the predictions the keys alone are joined: the other columns need no copy.
        overlaps = frame.select(keys).join(pairs, on=keys, how="left", maintain_order="left")
        return frame.with_columns(overlaps["overlap"])

    @cached_property
    def ground_truth(self) -> pl.DataFrame:
        """The ground truth with `outcome` and the prediction that found it or nearly did.

        Outcome is ``found``, ``classification`` or ``localisation`` (only a prediction with that error aims at
        it), ``missed`` or ``ignored``. `nearest_prediction` is the matching prediction or the one whose repair
        would find it; null if missed.
        """
        kind, _ = self.typed
        repair = self.repairs
        error = np.where(repair == _NOTHING, 0, np.append(kind, 0)[repair])
        outcome = np.select([~self.evidence.regular(), self.found], [0, 1], 2 + error)
        nearest = np.where(self.found, self.partner, repair)
        return self.evidence.ground_truth.with_columns(
            _labels("outcome", outcome, ("ignored", "found", "missed", "classification", "localisation")),
            pl.Series("nearest_prediction", nearest).replace(_NOTHING, None),
        )

    @cached_property
    def leftovers(self) -> pl.DataFrame:
        """False positives paired one to one with unfound ground truth of another class: confusions that cost one.

        Pairs reach the overlap threshold and are taken in the order (overlap descending, score descending,
        prediction row, ground-truth row). Columns: prediction_index, ground_truth_index, overlap.
        """
        from cvfail.kernels.error_types import take_greedily

        rows, truths, overlaps, same_class = self.pair_arrays
        unfound = self.evidence.regular() & ~self.found
        reach = min(self.evidence.policy.iou_thresholds[self.threshold], 1 - 1e-10)
        open_pairs = np.flatnonzero(self.wrong[rows] & unfound[truths] & ~same_class & (overlaps >= reach))
        rows, truths, overlaps = rows[open_pairs], truths[open_pairs], overlaps[open_pairs]
        order = np.lexsort((truths, rows, -self.scores[rows], -overlaps))
        rows, truths = rows[order], truths[order]
        kept = take_greedily(
            rows, truths, np.zeros(self.kept.size, np.bool_), np.zeros(unfound.size, np.bool_)
        )
        found = (rows[kept], truths[kept], overlaps[order][kept])
        return pl.DataFrame(dict(zip(_PAIR, found, strict=True)))

    @cached_property
    def cells(self) -> pl.DataFrame:
        """One row per unit that the confusion matrix counts, so that a cell is a filter.

        Columns: true_code and predicted_code (category codes; the number of categories stands for the
        background), prediction_index, ground_truth_index, overlap (null where there is none). Correct
        predictions come first, then confusions, background false positives, and unfound ground truth.
        """
        coding = self.evidence.coding
        background = len(coding.category_keys)
        hits = pl.DataFrame(dict(zip(_PAIR, self.hits, strict=True)))
        alone = pl.DataFrame({"prediction_index": np.flatnonzero(self._alone)})
        unfound = pl.DataFrame({"ground_truth_index": np.flatnonzero(self._unfound)})
        paired = pl.concat([hits, self.leftovers])
        columns = pl.concat([paired, alone, unfound], how="diagonal")
        truth_code = np.append(coding.truth_category, background)[_or_last(columns["ground_truth_index"])]
        row_code = np.append(coding.category, background)[_or_last(columns["prediction_index"])]
        return columns.select(
            pl.Series("true_code", truth_code),
            pl.Series("predicted_code", row_code),
            "prediction_index",
            "ground_truth_index",
            "overlap",
        )

    @property
    def cell_counts(self) -> NDArray[np.int64]:
        """How many units are in each cell, true by predicted, background last: `cells` without its rows."""
        categories, truths = self.evidence.coding.category, self.evidence.coding.truth_category
        size = self.evidence.categories.height + 1
        left = self.leftovers
        rows = np.concatenate([self.hits[0], left["prediction_index"].to_numpy()])
        aims = np.concatenate([self.hits[1], left["ground_truth_index"].to_numpy()])
        cells = truths[aims].astype(np.int64) * size + categories[rows]
        counts = np.bincount(cells, minlength=size * size).reshape(size, size)
        counts[-1, :-1] += np.bincount(categories[self._alone], minlength=size - 1)
        counts[:-1, -1] += np.bincount(truths[self._unfound], minlength=size - 1)
        return counts

    @cached_property
    def hits(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Prediction, ground truth and overlap of the pairs of true positives."""
        rows, truths, overlaps, _ = self.pair_arrays
        right = np.flatnonzero(self._matched_pairs & self.correct[rows])
        return rows[right], truths[right], overlaps[right]

    @cached_property
    def _alone(self) -> NDArray[np.bool_]:
        """False positives that cost no object its class."""
        rows = self.wrong.copy()
        rows[self.leftovers["prediction_index"].to_numpy()] = False
        return rows

    @cached_property
    def _unfound(self) -> NDArray[np.bool_]:
        """Regular ground truth that nothing found or took for another class."""
        truths = self.evidence.regular() & ~self.found
        truths[self.leftovers["ground_truth_index"].to_numpy()] = False
        return truths

    @cached_property
    def pair_arrays(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Prediction, ground truth, overlap and whether the classes agree, of pairs of kept predictions."""
        pairs = self._pairs
        return (
            column_array(pairs, "prediction_index", np.int64),
            column_array(pairs, "ground_truth_index", np.int64),
            column_array(pairs, "overlap", np.float64),
            column_array(pairs, "same_category", np.bool_),
        )

    @cached_property
    def _pairs(self) -> pl.DataFrame:
        """The overlapping pairs of the predictions that take part."""
        pairs = self.evidence.outcomes.columns("pairs", [*_PAIR, "same_category", "matched"])
        return pairs.filter(pl.Series(self.kept[pairs["prediction_index"].to_numpy()]))

    @cached_property
    def _matched_pairs(self) -> NDArray[np.bool_]:
        """Those of them that are the match at this overlap threshold."""
        return self._bit(column_array(self._pairs, "matched", np.uint16))

    def _bit(self, bits: NDArray[np.uint16]) -> NDArray[np.bool_]:
        return np.asarray(bits & np.uint16(1 << self.threshold) != 0)


def _or_last(indices: pl.Series) -> NDArray[np.int64]:
    """Row indices with null as -1, which picks the last entry of an array."""
    return indices.fill_null(_NOTHING).to_numpy()


def _labels(name: str, codes: NDArray[np.int64], labels: tuple[str, ...]) -> pl.Series:
    """Codes as an enumeration; null for a negative code."""
    places = pl.Series(codes).cast(pl.Int64)
    return pl.Series(name, labels, pl.Enum(labels)).gather(places.set(places < 0, None))
