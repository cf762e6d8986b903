"""Matching without a second choice, as PASCAL VOC and WIDER FACE do: aim at the largest overlap, taken or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes
from cvfail.kernels.first_choice import first_choices
from cvfail.kernels.ordering import group_rows
from cvfail.matching.coding import Coding, Tables
from cvfail.tables.arrays import column_array, read_only


@dataclass(frozen=True)
class Claims:
    """What each prediction is once all have claimed their ground truth; both shape (D,).

    Attributes:
        correct: The first one to claim a ground truth that counts.
        neutral: Claims a ground truth that does not count: neither right nor wrong. All others are wrong.
    """

    correct: NDArray[np.bool_]
    neutral: NDArray[np.bool_]


@dataclass(frozen=True)
class FirstChoices:
    """The ground truth that each prediction aims at.

    Attributes:
        truth: Its row, -1 where the prediction overlaps none of its class, shape (D,).
        overlap: The overlap with it, 0 where there is none, shape (D,).
    """

    truth: NDArray[np.int64]
    overlap: NDArray[np.float64]

    @classmethod
    def of(cls, tables: Tables, coding: Coding, *, extra_pixel: bool) -> FirstChoices:
        """Let every prediction choose the ground truth of its image and class that it overlaps most.

        Args:
            tables: Validated detection tables.
            coding: Their codes.
            extra_pixel: Add one pixel to every width and height: corners that name the last pixel inside the box.

        Returns:
            The choices; of equal overlaps the first ground truth in input order.
        """
        offsets, order = group_rows(coding.truth_image, len(coding.image_keys))
        truth, overlap = first_choices(
            coding.image,
            coding.category,
            _boxes(tables.predictions, extra_pixel),
            offsets,
            order,
            coding.truth_category,
            _boxes(tables.ground_truth, extra_pixel),
        )
        return cls(truth, overlap)

    def claims(
        self, aimed: NDArray[np.bool_], *, counts: NDArray[np.bool_], order: NDArray[np.int64]
    ) -> Claims:
        """Give each ground truth to the first prediction that aims at it.

        Args:
            aimed: Predictions whose overlap passes the protocol's test, shape (D,); it must be above 0.
            counts: Ground truth that must be found, shape (G,); the rest absorbs any number of predictions.
            order: All prediction rows, best score first, shape (D,).

        Returns:
            The outcome of every prediction.
        """
        rows = order[aimed[order]]
        required = counts[self.truth[rows]]
        neutral, correct = np.zeros(aimed.size, np.bool_), np.zeros(aimed.size, np.bool_)
        neutral[rows[~required]] = True
        claimants = rows[required]
        correct[claimants[np.unique(self.truth[claimants], return_index=True)[1]]] = True
        return Claims(correct, neutral)


def _boxes(frame: pl.DataFrame, extra_pixel: bool) -> Boxes:
    """The boxes of a table, grown by one pixel to the right and to the bottom if asked for."""
    x, y, width, height = (column_array(frame, name, np.float64) for name in Boxes._fields)
    if extra_pixel:
        width, height = read_only(width + 1.0), read_only(height + 1.0)
    return Boxes(x, y, width, height)
