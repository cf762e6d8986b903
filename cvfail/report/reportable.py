"""What a report asks of an evaluation; `cvfail.Evaluation` answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, Unpack

from cvfail.evidence.evidence import Evidence
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.calibration.calibration_table import Calibration as CalibrationTable
    from cvfail.calibration.calibration_table import CalibrationOptions
    from cvfail.failures.mode_table import FailureModes
    from cvfail.labels.suspects import LabelErrors
    from cvfail.metrics.curves.kinds import CurveKind, CurveOptions
    from cvfail.metrics.curves.roc import Area
    from cvfail.thresholds.operating_point_table import OperatingPoints


class Reportable(Protocol):
    """The questions that a report consists of, each at the policy's operating point."""

    @property
    def evidence(self) -> Evidence:
        """The matched tables."""
        ...

    def coco_summary(self, *, metrics: Sequence[str]) -> ResultTable:
        """Some of the numbers of COCO's summary."""
        ...

    def curve(
        self, kind: CurveKind = ..., *, by: str | Sequence[str] = ..., **options: Unpack[CurveOptions]
    ) -> ResultTable:
        """All score thresholds at once."""
        ...

    def curve_area(
        self, area: Area = ..., *, by: str | Sequence[str] = ..., replicates: int = ...
    ) -> ResultTable:
        """The area below a curve."""
        ...

    def calibration(
        self, *, score: float | None = ..., **options: Unpack[CalibrationOptions]
    ) -> CalibrationTable:
        """How well scores say how often they are right."""
        ...

    def operating_points(
        self, *, by: str | Sequence[str] = ..., replicates: int = ..., splits: int = ...
    ) -> OperatingPoints:
        """The score thresholds with the highest F1, of everything or of each class."""
        ...

    def average_precision(self) -> ResultTable:
        """Average precision of every class."""
        ...

    def confusion_matrix(self) -> ConfusionMatrix:
        """Rows true, columns predicted."""
        ...

    def metrics(
        self, *, by: str = ..., score: float | None = ..., average: Literal["micro", "macro"] = ...
    ) -> ResultTable:
        """Precision, recall and F1, overall or by an attribute."""
        ...

    def error_types(self, *, by: str | Sequence[str] = ..., replicates: int = ...) -> ResultTable:
        """Errors by type, with counts and gains, of everything or of each class."""
        ...

    def label_errors(self) -> LabelErrors:
        """Labels that are probably wrong, the most suspect first."""
        ...

    def failure_modes(self) -> FailureModes:
        """Error type × slice, ranked."""
        ...
