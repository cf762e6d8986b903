"""Where the rows of an evaluation are: in memory, or in files that are read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.columns import (
    bits_column,
    ground_truth_with_outcomes,
    pairs_frame,
    prediction_outcome_names,
    predictions_with_outcomes,
    truth_outcome_names,
)
from cvfail.matching.coding import regular_truths
from cvfail.matching.outcomes import Outcomes
from cvfail.matching.policy import Policy
from cvfail.tables.arrays import read_only, series_array
from cvfail.tables.dataset import Dataset

Kind = Literal["matched", "ignored"]
"""Two kinds of packed outcomes: matched at a threshold; neither right nor wrong there."""

TABLES = ("ground_truth", "predictions", "pairs")
"""The tables that grow with the number of objects; images and categories are always in memory."""


class OutcomeTables(Protocol):
    """Ground truth, predictions and pairs with their outcome columns."""

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        ...

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        ...

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        ...

    def columns(self, table: str, names: list[str]) -> pl.DataFrame:
        """Some columns of a table, read together."""
        ...

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        ...

    def bits(self, kind: Kind, policy: Policy) -> NDArray[np.uint16]:
        """Packed outcomes of the predictions in all area ranges of the policy, shape (A, D)."""
        ...


def stacked_bits(columns: pl.DataFrame) -> NDArray[np.uint16]:
    """`OutcomeTables.bits` from the columns of one kind, area ranges in order."""
    return read_only(np.stack([series_array(column, np.uint16) for column in columns]))


class MatchedTables:
    """A dataset with what matching decided; outcome columns are made when somebody asks for one."""

    def __init__(self, data: Dataset, outcomes: Outcomes, policy: Policy) -> None:
        self._data, self._outcomes, self._policy = data, outcomes, policy

    @cached_property
    def _frames(self) -> FramesInMemory:
        data, outcomes, policy = self._data, self._outcomes, self._policy
        return FramesInMemory(
            {
                "ground_truth": ground_truth_with_outcomes(data, outcomes, policy),
                "predictions": predictions_with_outcomes(data, outcomes, policy),
                "pairs": pairs_frame(outcomes.pairs),
            }
        )

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        if table == "pairs":
            return self._frames.names(table)
        added = truth_outcome_names() if table == "ground_truth" else prediction_outcome_names(self._policy)
        given = self._data.frame(table).columns
        return [*given, *(name for name in added if name not in given)]

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        if table == "pairs":
            return sum(run.truth.size for run in self._outcomes.runs)
        return self._data.frame(table).height

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        return self._frames.frame(table)

    def columns(self, table: str, names: list[str]) -> pl.DataFrame:
        """Some columns of a table, read together."""
        return pl.DataFrame([self.column(table, name) for name in names])

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        if table != "pairs" and name in self._data.frame(table).columns:
            return self._data.frame(table)[name]
        if name == "is_regular":
            truth = self._data.ground_truth
            return pl.Series(name, regular_truths(truth, area_range=self._policy.area_ranges["all"]))
        if name == "rank":
            return pl.Series(name, self._outcomes.rank)
        for place, area in enumerate(self._policy.area_ranges):
            for kind, bits in (("matched", self._outcomes.matched), ("ignored", self._outcomes.ignored)):
                if table == "predictions" and name == bits_column(kind, area):
                    return pl.Series(name, bits[place])
        return self._frames.column(table, name)

    def bits(self, kind: Kind, policy: Policy) -> NDArray[np.uint16]:
        """Packed outcomes of the predictions in all area ranges of the policy, shape (A, D)."""
        return self._outcomes.matched if kind == "matched" else self._outcomes.ignored


class FramesInMemory:
    """Tables that are frames already."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self._frames = dict(frames)

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        return self._frames[table].columns

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        return self._frames[table].height

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        return self._frames[table]

    def columns(self, table: str, names: list[str]) -> pl.DataFrame:
        """Some columns of a table, read together."""
        return self._frames[table].select(names)

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        return self._frames[table][name]

    def bits(self, kind: Kind, policy: Policy) -> NDArray[np.uint16]:
        """Packed outcomes of the predictions in all area ranges of the policy, shape (A, D)."""
        names = [bits_column(kind, area) for area in policy.area_ranges]
        return stacked_bits(self.columns("predictions", names))
