"""The confusion matrix: rows true, columns predicted, background last, every cell backed by rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import BACKGROUND
from cvfail.evidence.examples import examples
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.result import ResultTable

Normalise = Literal["true", "predicted", "all"]

RowsBehind = Callable[[int, int], pl.DataFrame]


class ConfusionMatrix:
    """Counts of true against predicted classes; with a background, its corner is undefined.

    Attributes:
        counts: Shape (n, n), int64; row i is the true class, column j the predicted one. The corner of the
            background with itself holds 0 and is null in every table.
        labels: Class names in the order of rows and columns, ``(background)`` last where there is one.
        caption: Policy and operating point.

    Example:
        >>> matrix = ConfusionMatrix(np.array([[95, 3, 2], [6, 84, 10], [4, 18, 78]]), ["Stop", "Speed", "Yield"])
        >>> matrix.most_confused(2).df.rows()
        [('Yield', 'Speed', 18, 0.18), ('Speed', 'Yield', 10, 0.1)]
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        labels: Sequence[str],
        *,
        background: bool = False,
        caption: str = "counts as given",
        rows: RowsBehind | None = None,
    ) -> None:
        """Wrap counts.

        Args:
            counts: Shape (n, n), rows true.
            labels: n names; without ``(background)``, which is appended if asked for.
            background: Whether the last row and column are the background.
            caption: How the counts were made.
            rows: Gives the rows behind a cell by its codes, if they are known.

        Raises:
            QueryError: Shape and labels do not fit.
        """
        self.labels = [*labels, BACKGROUND] if background else list(labels)
        self.counts = np.asarray(counts, dtype=np.int64)
        if self.counts.shape != (len(self.labels), len(self.labels)):
            raise QueryError(
                f"confusion counts of shape {self.counts.shape} do not fit {len(self.labels)} labels"
            )
        if len(set(self.labels)) < len(self.labels):
            raise QueryError(f"labels of a confusion matrix must all differ; found {self.labels}")
        self.background = background
        self.caption = caption
        self._rows = rows

    def __repr__(self) -> str:
        shown = repr(self.wide().df) if len(self.labels) <= 12 else repr(self.most_confused(10).df)
        return f"{self.caption}; rows are true, columns predicted\n{shown}"

    def _repr_html_(self) -> str:
        """A small static table for notebooks, cells coloured by their share of the row."""
        from cvfail.metrics.confusion_html import confusion_html

        return confusion_html(self)

    def share(self, of: Normalise) -> NDArray[np.float64]:
        """The counts divided by row sums, column sums or the total, shape (n, n).

        With rows the diagonal is recall, with columns it is precision. NaN where the sum is 0.
        """
        sums = {
            "true": self.counts.sum(axis=1, keepdims=True),
            "predicted": self.counts.sum(axis=0, keepdims=True),
            "all": self.counts.sum(keepdims=True),
        }
        if of not in sums:
            raise QueryError(f"normalise must be 'true', 'predicted' or 'all'; found {of!r}")
        total = sums[of].astype(np.float64)
        unknown = np.full(self.counts.shape, np.nan)
        return np.asarray(np.divide(self.counts, total, out=unknown, where=total > 0))

    @property
    def df(self) -> pl.DataFrame:
        """One row per cell: true, predicted, count, share_of_true, share_of_predicted, share_of_all."""
        size = len(self.labels)
        true, predicted = np.divmod(np.arange(size * size), max(size, 1))
        labels = pl.Series(self.labels, dtype=pl.String)
        corner = pl.Series((true == size - 1) & (predicted == size - 1) & self.background)
        shares = [
            pl.Series(f"share_of_{of}", self.share(of).ravel()).fill_nan(None)
            for of in ("true", "predicted", "all")
        ]
        frame = pl.DataFrame(
            [
                labels.gather(true).alias("true"),
                labels.gather(predicted).alias("predicted"),
                pl.Series("count", self.counts.ravel(), dtype=pl.Int64),
                *shares,
            ]
        )
        values = pl.col("count", "share_of_true", "share_of_predicted", "share_of_all")
        return frame.with_columns(pl.when(~corner).then(values))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The long table as an Arrow stream capsule."""
        return self.df.__arrow_c_stream__(requested_schema)

    def wide(self, normalise: Normalise | None = None) -> ResultTable:
        """One row per true class: `true`, then a column per predicted class.

        Args:
            normalise: Divide by the sum of the row (``true``), the column (``predicted``) or everything
                (``all``); counts if not given. Null where the sum is 0, and in the corner of the background.
        """
        values = self.counts.astype(np.float64) if normalise is None else self.share(normalise)
        if self.background:
            values[-1, -1] = np.nan
        frame = pl.DataFrame(values, schema=[f"column_{j}" for j in range(len(self.labels))]).fill_nan(None)
        if normalise is None:
            frame = frame.cast(pl.Int64)
        frame = frame.select(
            pl.Series("true", self.labels, dtype=pl.String),
            *(pl.col(f"column_{j}").alias(f"→ {label}") for j, label in enumerate(self.labels)),
        )
        unit = "counts" if normalise is None else f"shares of {normalise}"
        return ResultTable(frame, caption=f"{self.caption}; {unit}")

    def most_confused(self, n: int = 10) -> ResultTable:
        """The class pairs that are taken for each other most often, background left out.

        Args:
            n: How many rows.

        Returns:
            true, predicted, count, share_of_true; by count, then share, then names.
        """
        pairs = self.df.filter(
            (pl.col("true") != pl.col("predicted"))
            & (pl.col("count") > 0)
            & ~pl.any_horizontal(
                pl.col("true", "predicted") == BACKGROUND if self.background else pl.lit(False)
            )
        )
        ordered = pairs.sort(
            ["count", "share_of_true", "true", "predicted"], descending=[True, True, False, False]
        )
        frame = ordered.select("true", "predicted", "count", "share_of_true").head(n)
        return ResultTable(frame, caption=f"{self.caption}; most confused pairs")

    def examples(self, true: str, predicted: str) -> pl.DataFrame:
        """The rows behind one cell.

        Args:
            true: Name of the true class, or ``(background)`` for false positives that hit nothing.
            predicted: Name of the predicted class, or ``(background)`` for objects that were not found.

        Returns:
            One row per counted unit: image_id, file_name, true, predicted, score, overlap, prediction_index,
            ground_truth_index, the boxes of both sides and their attributes.

        Raises:
            QueryError: A name is not a class, or the matrix was made from counts alone.
        """
        if self._rows is None:
            raise QueryError("this matrix was made from counts; there are no rows behind its cells")
        return self._rows(self._code(true), self._code(predicted))

    def _code(self, label: str) -> int:
        if label not in self.labels:
            import difflib

            close = difflib.get_close_matches(str(label), self.labels, n=3)
            hint = f" Hint: did you mean {', '.join(close)}?" if close else ""
            raise QueryError(f"{label!r} is not a class of this matrix.{hint}")
        return self.labels.index(label)


def confusion_matrix(point: OperatingPoint) -> ConfusionMatrix:
    """The confusion matrix at an operating point.

    Per class, COCO's matches fill the diagonal. Left-over false positives and unfound objects of different
    classes that overlap at the threshold are paired one to one, best overlap first; what remains is background.
    Predictions on ignored ground truth are left out.

    Args:
        point: The evaluation at an overlap and a score threshold.

    Returns:
        The matrix; the diagonal is the true positives, a row sums to the ground truth of its class, a column to
        the predictions of its class. Classification has no background unless an image lacks a prediction.
    """
    evidence = point.evidence
    counts = np.sum(point.over_blocks(lambda part: part.cell_counts), axis=0)
    background = evidence.task == "detection" or bool(counts[-1].any() or counts[:, -1].any())

    def rows(true_code: int, predicted_code: int) -> pl.DataFrame:
        cell = (pl.col("true_code") == true_code) & (pl.col("predicted_code") == predicted_code)
        found = []
        for block, part in point.blocks():
            units = part.cells.filter(cell).drop("true_code", "predicted_code")
            found.append(block.as_in_the_whole(examples(block.evidence, units)))
        return pl.concat(found)

    return ConfusionMatrix(
        counts if background else counts[:-1, :-1],
        evidence.category_names,
        background=background,
        caption=f"confusion matrix; {point.describe()}",
        rows=rows,
    )
