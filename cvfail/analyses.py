"""The analyses of an evaluation at one operating point, each made when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.decomposition.error_types import ErrorTypes
    from cvfail.failures.causes.shares import CauseTable
    from cvfail.failures.interventions.interventions import Interventions
    from cvfail.failures.mode_table import FailureModes
    from cvfail.labels.suspects import LabelErrors

ANALYSES = ("failure_modes", "causes", "interventions", "label_errors", "error_types")
"""Each is a property of `Analyses`, and a table of that name in SQL."""


class Analyses:
    """What SQL reads beside the rows; every option has its default.

    Attributes:
        point: The evaluation at an overlap and a score threshold.
    """

    def __init__(self, point: OperatingPoint) -> None:
        self.point = point

    @cached_property
    def failure_modes(self) -> FailureModes:
        """See `cvfail.failures.modes.failure_modes`."""
        from cvfail.failures.modes import failure_modes

        return failure_modes(self.point)

    @cached_property
    def causes(self) -> CauseTable:
        """See `cvfail.failures.causes.shares.causes`."""
        return self.failure_modes.causes()

    @cached_property
    def interventions(self) -> Interventions:
        """See `cvfail.failures.interventions.interventions.interventions`."""
        from cvfail.failures.interventions.interventions import interventions

        return interventions(self.failure_modes, self.causes)

    @cached_property
    def label_errors(self) -> LabelErrors:
        """See `cvfail.labels.suspects.label_errors`."""
        from cvfail.labels.suspects import label_errors

        return label_errors(self.point)

    @cached_property
    def error_types(self) -> ErrorTypes:
        """See `cvfail.decomposition.error_types.error_types`."""
        from cvfail.decomposition.error_types import error_types

        return error_types(self.point.evidence, iou=self.point.iou, score=self.point.score)

    @property
    def tables(self) -> dict[str, Callable[[], pl.DataFrame]]:
        """How each is made, by the name that it has in SQL."""
        return {name: partial(self._frame, name) for name in ANALYSES}

    def _frame(self, name: str) -> pl.DataFrame:
        analysis: ResultTable = getattr(self, name)
        return analysis.df
