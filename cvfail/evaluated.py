"""What was evaluated: the tables with the outcome of every row, and the points at which questions are put."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from cvfail.analyses import Analyses
from cvfail.evidence.evidence import Evidence, Task
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset


class Evaluated:
    """The tables of an evaluation; `cvfail.measurable` and `cvfail.evaluation` add the questions.

    Attributes:
        evidence: The matched tables.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._point = lru_cache(maxsize=8)(self._make_point)
        self._analyses = lru_cache(maxsize=8)(self._make_analyses)

    def __repr__(self) -> str:
        evidence = self.evidence
        predictions, objects = (evidence.outcomes.rows(table) for table in ("predictions", "ground_truth"))
        return (
            f"Evaluation of a {evidence.task} model: {predictions:,} predictions, {objects:,} ground truth, "
            f"{len(evidence.images):,} images, {len(evidence.categories):,} categories\n{evidence.describe()}"
        )

    def _make_point(self, iou: float | None, score: float | None) -> OperatingPoint:
        return OperatingPoint.of(self.evidence, iou=iou, score=score)

    def _make_analyses(self, iou: float, score: float) -> Analyses:
        return Analyses(self._point(iou, score))

    def analyses(self, *, iou: float | None = None, score: float | None = None) -> Analyses:
        """What SQL reads beside the rows at an operating point, made once; see `cvfail.analyses`."""
        point = self._point(iou, score)
        return self._analyses(point.iou, point.score)

    @property
    def task(self) -> Task:
        """``detection`` or ``classification``."""
        return self.evidence.task

    @property
    def policy(self) -> Policy:
        """The matching policy."""
        return self.evidence.policy

    @property
    def data(self) -> Dataset:
        """The input tables, without outcomes."""
        return self.evidence.data

    @property
    def images(self) -> pl.DataFrame:
        """One row per image."""
        return self.evidence.images

    @property
    def categories(self) -> pl.DataFrame:
        """One row per class."""
        return self.evidence.categories

    @property
    def ground_truth(self) -> pl.DataFrame:
        """One row per annotated object, with outcomes at every threshold of the ladder."""
        return self.evidence.ground_truth

    @property
    def predictions(self) -> pl.DataFrame:
        """One row per prediction, with outcomes at every threshold of the ladder."""
        return self.evidence.predictions

    @property
    def pairs(self) -> pl.DataFrame:
        """One row per overlapping prediction and ground truth, same class or not."""
        return self.evidence.pairs

    @property
    def attribute_columns(self) -> list[str]:
        """The names that `metrics(by=...)` and `failure_modes(attributes=...)` can group by."""
        from cvfail.evidence.attributes import attribute_names

        return attribute_names(self.evidence)

    def predictions_at(self, *, iou: float | None = None, score: float | None = None) -> pl.DataFrame:
        """Predictions at an operating point with outcome, error_type, target_index, overlap."""
        return self._point(iou, score).predictions

    def ground_truth_at(self, *, iou: float | None = None, score: float | None = None) -> pl.DataFrame:
        """Ground truth at an operating point with outcome and nearest_prediction."""
        return self._point(iou, score).ground_truth
