"""Why two tools differ on the same data: the matrix under two conventions, and the rows that change sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.comparison.conventions import CONVENTIONS, Convention, convention_cells
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.evidence import BACKGROUND, Evidence
from cvfail.evidence.examples import BOX, examples
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.tables.result import ResultTable

Way = str | Convention | Policy
"""A convention by the name of its tool, one of your own, or a policy."""

OWN = "cvfail"
"""How a policy is named beside the tools."""

LEFT_OUT = "(left out)"
"""A prediction that takes no part."""

_UNIT_SCHEMA = {"prediction_index": pl.Int64, "ground_truth_index": pl.Int64}


class Disagreement(ResultTable):
    """Two matrices of one model's predictions.

    Attributes:
        df: One row per side: side, correct, confused, background (predictions on nothing), missed, precision, recall
            (of the matrix: correct of all in its column sums, and row sums).
        rows: One row per prediction and per object whose cell differs: table, row (its index), image_id, label (its
            own), first and second (the other side of its cell: a class, ``(background)``, or ``(left out)``; several
            joined by ``, ``), reason: ``score`` (too little for one side), ``ignored`` (left out by one alone for
            another reason: an ignored object or crowd, the limit of detections), ``pairing`` (another partner),
            file_name, score (of a prediction), gt_x … gt_height (of an object), pred_x … pred_height (of a
            prediction).
        first, second: The two matrices, true by predicted, background last, shape (K + 1, K + 1).
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        rows: pl.DataFrame,
        matrices: tuple[NDArray[np.int64], NDArray[np.int64]],
        labels: list[str],
    ) -> None:
        super().__init__(df, caption=caption)
        self._labels = labels
        self.rows = rows
        self.first, self.second = matrices

    @property
    def reasons(self) -> ResultTable:
        """How many rows change sides, by table, from what to what, and why."""
        counted = self.rows.group_by("table", "reason", "label", "first", "second").agg(count=pl.len())
        ordered = counted.sort("count", "table", "label", "first", "second", descending=[True, *[False] * 4])
        return ResultTable(ordered, caption=self.caption)

    @property
    def cells(self) -> ResultTable:
        """Every cell that counts something in either matrix, the largest difference first."""
        true, predicted = np.nonzero(self.first + self.second)
        labels = pl.Series(self._labels, dtype=pl.String)
        frame = pl.DataFrame(
            {
                "true": labels.gather(true),
                "predicted": labels.gather(predicted),
                "first": self.first[true, predicted],
                "second": self.second[true, predicted],
            }
        ).with_columns(difference=pl.col("second") - pl.col("first"))
        ordered = frame.sort(pl.col("difference").abs(), descending=True, maintain_order=True)
        return ResultTable(ordered, caption=self.caption)


def disagreement(evidence: Evidence, first: Way, second: Way) -> Disagreement:
    """The confusion matrix of one model under two conventions, and why they differ.

    Args:
        evidence: Matched detections.
        first: A tool's name in `cvfail.comparison.conventions.CONVENTIONS`, a convention, or a policy.
        second: Likewise.

    Raises:
        QueryError: There is no such convention, or the evaluation is of a classifier.
        PolicyError: A convention asks for pairs of less overlap than were kept.
    """
    if evidence.task != "detection":
        raise QueryError("conventions are of detectors; a classifier has one confusion matrix")
    sides = [_side(evidence, way) for way in (first, second)]
    names = evidence.category_names
    frame = pl.DataFrame([{"side": side.name, **_summary(side.matrix)} for side in sides])
    rows = pl.concat([_changed(evidence, sides, table) for table in ("ground_truth", "predictions")])
    return Disagreement(
        frame,
        caption=f"{sides[0].name} against {sides[1].name}; {len(names)} classes",
        rows=rows,
        matrices=(sides[0].matrix, sides[1].matrix),
        labels=[*names, BACKGROUND],
    )


@dataclass(frozen=True)
class _Side:
    """The cells of one way: name, prediction and ground-truth rows, and the matrix; which scores are too little."""

    name: str
    cells: pl.DataFrame
    matrix: NDArray[np.int64]
    too_low: NDArray[np.bool_]


def _side(evidence: Evidence, way: Way) -> _Side:
    if isinstance(way, Policy):
        cells = OperatingPoint.of(make_evidence(evidence.data, way)).cells
        name = f"{OWN} (IoU {way.iou:g}, score {way.score:g})"
        too_low = evidence.scores < way.score
    else:
        if isinstance(way, str) and way not in CONVENTIONS:
            raise QueryError(f"no convention {way!r}. Hint: one of {', '.join(CONVENTIONS)}, or a Policy")
        convention = CONVENTIONS[way] if isinstance(way, str) else way
        if convention.iou < evidence.policy.pair_floor:
            raise PolicyError(
                f"pairs of less than {evidence.policy.pair_floor:g} overlap were not kept. "
                f"Hint: evaluate with Policy(background_iou={convention.iou:g})"
            )
        cells, name = convention_cells(evidence, convention), str(way)
        too_low = ~convention.takes(evidence.scores)
    cells = cells.select("prediction_index", "ground_truth_index")
    coding, kinds = evidence.coding, len(evidence.category_names)
    true = np.append(coding.truth_category, kinds)[cells["ground_truth_index"].fill_null(-1).to_numpy()]
    said = np.append(coding.category, kinds)[cells["prediction_index"].fill_null(-1).to_numpy()]
    size = kinds + 1
    counts = np.bincount(true.astype(np.int64) * size + said, minlength=size * size).reshape(size, size)
    return _Side(name, cells, counts, too_low)


def _summary(matrix: NDArray[np.int64]) -> dict[str, float | int | None]:
    correct, predicted, true = (
        int(n) for n in (np.trace(matrix[:-1, :-1]), matrix[:, :-1].sum(), matrix[:-1].sum())
    )
    return {
        "correct": correct,
        "confused": int(matrix[:-1, :-1].sum()) - correct,
        "background": int(matrix[-1, :-1].sum()),
        "missed": int(matrix[:-1, -1].sum()),
        "precision": correct / predicted if predicted else None,
        "recall": correct / true if true else None,
    }


def _changed(evidence: Evidence, sides: list[_Side], table: str) -> pl.DataFrame:
    """The rows of a table whose cell differs."""
    coding, names = evidence.coding, [*evidence.category_names, BACKGROUND]
    of_truth, of_found = (codes.astype(np.int64) for codes in (coding.truth_category, coding.category))
    is_truth = table == "ground_truth"
    key, other = ("ground_truth_index", "prediction_index")[:: 1 if is_truth else -1]
    own_codes, other_codes = (of_truth, of_found) if is_truth else (of_found, of_truth)
    labels = pl.Series(names, dtype=pl.String)
    told = pl.DataFrame({"row": np.arange(own_codes.size)}).with_columns(
        pl.lit(table).alias("table"),
        evidence.outcomes.column(table, "image_id").alias("image_id"),
        labels.gather(own_codes).alias("label"),
    )
    for place, side in zip(("first", "second"), sides, strict=True):
        known = side.cells.filter(pl.col(key).is_not_null())
        codes = np.append(other_codes, len(names) - 1)[known[other].fill_null(-1).to_numpy()]
        answers = pl.DataFrame({"row": known[key], place: labels.gather(codes)})
        joined = answers.group_by("row").agg(pl.col(place).sort().str.join(", "))
        told = told.join(joined, on="row", how="left", maintain_order="left")
        told = told.with_columns(pl.col(place).fill_null(LEFT_OUT))
    out = (pl.col("first") == LEFT_OUT) | (pl.col("second") == LEFT_OUT)
    too_low = np.zeros(len(told), np.bool_) if is_truth else sides[0].too_low | sides[1].too_low
    left_out = pl.when(pl.Series(too_low)).then(pl.lit("score")).otherwise(pl.lit("ignored"))
    reason = pl.when(out).then(left_out).otherwise(pl.lit("pairing")).alias("reason")
    told = told.with_columns(reason)
    changed = told.filter(pl.col("first") != pl.col("second"))
    changed = changed.select("table", "row", "image_id", "label", "first", "second", "reason")
    return changed.hstack(_looked_up(evidence, changed["row"], key))


def _looked_up(evidence: Evidence, rows: pl.Series, key: str) -> pl.DataFrame:
    """File, score and box of some rows of a table."""
    units = pl.concat(
        [pl.DataFrame(schema=_UNIT_SCHEMA), rows.cast(pl.Int64).alias(key).to_frame()], how="diagonal"
    )
    boxes = [f"{side}_{name}" for side in ("gt", "pred") for name in BOX]
    return examples(evidence, units).select("file_name", "score", *boxes)
