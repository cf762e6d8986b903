"""The analyses of an evaluation at one operating point, each made when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.calibration.calibration_table import Calibration
    from cvfail.decomposition.error_types import ErrorTypes
    from cvfail.failures.causes.shares import CauseTable
    from cvfail.failures.interventions.interventions import Interventions
    from cvfail.failures.mode_table import FailureModes
    from cvfail.labels.suspects import LabelErrors

ANALYSES = (
    *("failure_modes", "causes", "interventions", "label_errors", "error_types"),
    *("score_curve", "operating_points", "calibration", "reliability"),
)
"""Each is a property of `Analyses`, and a table of that name in SQL."""

MODE_ERRORS = "mode_errors"
"""The table of SQL with the rows behind the failure modes, by their ranks."""


CAUSE_ERRORS = "cause_errors"
"""The table of SQL with the same rows and what each cause has of them."""


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

    @cached_property
    def score_curve(self) -> ResultTable:
        """See `cvfail.metrics.curves.rates_over_score.score_curve`; of everything and of each class."""
        from cvfail.metrics.curves.rates_over_score import score_curve

        return _whole_and_classes(lambda by: score_curve(self.point, by=by))

    @cached_property
    def operating_points(self) -> ResultTable:
        """See `cvfail.thresholds.operating_points.operating_points`; of everything and of each class."""
        from cvfail.thresholds.operating_points import operating_points

        return _whole_and_classes(lambda by: operating_points(self.point, by=by))

    @cached_property
    def calibration(self) -> ResultTable:
        """See `cvfail.calibration.calibration_table.calibration`; of everything and of each class."""
        return _whole_and_classes(self._calibration)

    @cached_property
    def reliability(self) -> ResultTable:
        """See `cvfail.calibration.calibration_table.Calibration.reliability`; of everything and of each class."""
        return _whole_and_classes(lambda by: self._calibration(by).reliability())

    @cached_property
    def _calibrations(self) -> dict[tuple[str, ...], Calibration]:
        return {}

    def _calibration(self, by: Sequence[str]) -> Calibration:
        """Measures, whose bins are asked for as well."""
        from cvfail.calibration.calibration_table import calibration

        key = tuple(by)
        if key not in self._calibrations:
            self._calibrations[key] = calibration(self.point, by=by)
        return self._calibrations[key]

    @property
    def made(self) -> frozenset[str]:
        """Which of them have been made."""
        return frozenset(name for name in ANALYSES if name in vars(self))

    @property
    def tables(self) -> dict[str, Callable[[], pl.DataFrame]]:
        """How each is made, by the name that it has in SQL."""
        analyses = {name: partial(self._frame, name) for name in ANALYSES}
        return analyses | {MODE_ERRORS: self._mode_errors, CAUSE_ERRORS: self._cause_errors}

    def _mode_errors(self) -> pl.DataFrame:
        return self.failure_modes.indices()

    def _cause_errors(self) -> pl.DataFrame:
        return self.causes.indices()

    def _frame(self, name: str) -> pl.DataFrame:
        analysis: ResultTable = getattr(self, name)
        return analysis.df


def _whole_and_classes(answer: Callable[[Sequence[str]], ResultTable]) -> ResultTable:
    """An answer for everything, in rows without a category, and for each class."""
    whole, classes = answer(()), answer(("category",)).df.cast({"category": pl.String})
    frame = pl.concat([classes.clear(), whole.df, classes], how="diagonal")
    return ResultTable(frame, caption=f"everything (no category) and each class; {whole.caption}")
