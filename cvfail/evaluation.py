"""The Evaluation as the user holds it: each question is one method, and one call into the room that answers it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import polars as pl

from cvfail.evaluating import evaluate, open_evaluation
from cvfail.measurable import Measurable
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    import altair as alt

    from cvfail.charts.asked import ChartKind
    from cvfail.failures.costs import Costs
    from cvfail.failures.failure_mode import FailureMode
    from cvfail.failures.mode_table import FailureModes
    from cvfail.failures.modes import ModeOptions
    from cvfail.failures.value_pair import Value
    from cvfail.gate.gate import Gate
    from cvfail.gate.measured import Measured
    from cvfail.gate.rules_file import RulesLike
    from cvfail.labels.label_noise import LabelNoise
    from cvfail.labels.object_label_quality import ObjectLabelQuality
    from cvfail.labels.suspects import LabelErrors, SuspectOptions
    from cvfail.labels.verdicts import Verdicts
    from cvfail.report.frame import ReportFrame
    from cvfail.report.summary_options import SummaryOptions
    from cvfail.slices.found_slices import SliceSearch
    from cvfail.slices.membership import FalsePositives
    from cvfail.slices.predicates import Slices
    from cvfail.slices.slice_table import SliceTable
    from cvfail.slices.targets import SearchOptions
    from cvfail.thresholds.guarantees import GuaranteeOptions, Risk
    from cvfail.thresholds.operating_point_table import OperatingPoints
    from cvfail.thresholds.operating_points import Conditions
    from cvfail.thresholds.shared_budget import BudgetOptions, SharedBudget
    from cvfail.thresholds.thresholds import Thresholds
    from cvfail.thresholds.what_if import WhatIf

__all__ = ["Evaluation", "evaluate", "open_evaluation"]


class Evaluation(Measurable):
    """A model's predictions on a dataset with the outcome of every row.

    `iou` and `score` are keyword arguments of most questions; the policy's operating point is used where they
    are not given. Any overlap of the ladder and any score can be asked for without matching again.
    """

    def _repr_html_(self) -> str:
        """A small static summary for notebooks: the rates, failure modes if they are known, what to type next."""
        from cvfail.tables.notebook import paragraph, table_html

        point = self._point(None, None)
        known = self._analyses(point.iou, point.score)
        modes = "failure_modes" in known.made
        shown = known.failure_modes.df.select("rank", "mode", "q_value", "significant") if modes else None
        following = ("" if modes else ".failure_modes() ranks what to fix; ") + (
            ".confusion_matrix(), .metrics(by=...), .chart(kind); .show() is the whole report"
        )
        return (
            f"{paragraph(repr(self).splitlines()[0], strong=True)}{self.metrics()._repr_html_()}"
            f"{'' if shown is None else table_html(shown, rows=5)}{paragraph(following)}"
        )

    def at(self, *, iou: float | None = None, score: float | None = None) -> Evaluation:
        """The same evaluation with another operating point as the default of all questions.

        Raises:
            PolicyError: The overlap threshold is not on the policy's ladder.
        """
        return Evaluation(self.evidence.at(iou=iou, score=score))

    def failure_modes(
        self,
        *,
        attributes: Sequence[str] | None = None,
        iou: float | None = None,
        score: float | None = None,
        **options: Unpack[ModeOptions],
    ) -> FailureModes:
        """Error × slice, ranked by what it costs; see `cvfail.failures.modes.failure_modes`."""
        from cvfail.failures.modes import failure_modes

        point = self._point(iou, score)
        if attributes is None and not options:
            return self._analyses(point.iou, point.score).failure_modes
        return failure_modes(point, attributes=attributes, **options)

    def failure_mode(
        self, error: str, where: str = "", *, iou: float | None = None, score: float | None = None
    ) -> FailureMode:
        """A frozen mode by its error and slice; see `cvfail.failures.modes.frozen_mode`."""
        from cvfail.failures.modes import frozen_mode

        return frozen_mode(self._point(iou, score), error, where)

    def failure_contrast(
        self,
        attribute: str,
        value: Value,
        against: Value,
        *,
        attributes: Sequence[str] | None = None,
        iou: float | None = None,
        score: float | None = None,
        **options: Unpack[ModeOptions],
    ) -> FailureModes:
        """The failure modes of one value against another; see `cvfail.failures.contrast.failure_contrast`."""
        from cvfail.failures.contrast import failure_contrast

        point = self._point(iou, score)
        return failure_contrast(point, attribute, value, against, attributes=attributes, **options)

    def contrast_rates(
        self,
        attribute: str,
        value: Value,
        against: Value,
        *,
        within: str | Sequence[str] = (),
        iou: float | None = None,
        score: float | None = None,
        confidence: float = 0.95,
    ) -> ResultTable:
        """How often each error happens with either value; see `cvfail.failures.contrast.contrast_rates`."""
        from cvfail.failures.contrast import contrast_rates

        names = [within] if isinstance(within, str) else list(within)
        return contrast_rates(
            self._point(iou, score), attribute, value, against, within=names, confidence=confidence
        )

    def reevaluate(
        self, modes: Iterable[FailureMode], *, costs: Costs | None = None, level: float = 0.05
    ) -> FailureModes:
        """Frozen modes on this evaluation; see `cvfail.failures.modes.reevaluated`."""
        from cvfail.failures.modes import reevaluated

        return reevaluated(modes, self.evidence, costs=costs, level=level)

    def label_errors(
        self,
        *,
        kinds: Sequence[str] | None = None,
        top: int | None = None,
        iou: float | None = None,
        score: float | None = None,
        **options: Unpack[SuspectOptions],
    ) -> LabelErrors:
        """Labels that are probably wrong, the most suspect first; see `cvfail.labels.suspects`."""
        from cvfail.labels.suspects import label_errors

        return label_errors(self._point(iou, score), kinds=kinds, top=top, **options)

    def corrected(self, verdicts: Verdicts | pl.DataFrame | str | Path) -> Evaluation:
        """The evaluation with the labels put right that people found wrong; see `cvfail.labels.correction`."""
        from cvfail.labels.correction import corrected

        return evaluate(corrected(self.data, verdicts), self.policy)

    def object_label_quality(
        self, *, likely: float = 0.5, sure: float = 0.95, compat: Literal["cleanlab"] | None = None
    ) -> ObjectLabelQuality:
        """ObjectLab's scores of images, labels and predictions; see `cvfail.labels.object_label_quality`."""
        from cvfail.labels.object_label_quality import object_label_quality

        return object_label_quality(self.evidence, likely=likely, sure=sure, compat=compat)

    def label_noise(
        self, *, compat: Literal["cleanlab"] | None = None, confidence: float = 0.95
    ) -> LabelNoise:
        """How often the labels of each class of a classifier are wrong; see `cvfail.labels.label_noise`."""
        from cvfail.labels.label_noise import label_noise

        return label_noise(self.evidence, compat=compat, confidence=confidence)

    def slices(
        self,
        slices: Slices,
        *,
        metrics: str | Sequence[str] = ("recall", "precision", "f1"),
        iou: float | None = None,
        score: float | None = None,
        false_positives: FalsePositives = "none",
        rematch: bool = False,
        replicates: int = 0,
        confidence: float = 0.95,
        min_support: int = 1,
        seed: int = 0,
    ) -> SliceTable:
        """Metrics of declared slices, each beside the rest; see `cvfail.slices.slice_table`."""
        from cvfail.slices.slice_table import slice_table

        return slice_table(
            self._point(iou, score),
            slices,
            metrics=metrics,
            false_positives=false_positives,
            rematch=rematch,
            replicates=replicates,
            confidence=confidence,
            min_support=min_support,
            seed=seed,
        )

    def find_slices(
        self,
        target: str = "recall",
        *,
        attributes: Sequence[str] | None = None,
        weight: str | None = None,
        iou: float | None = None,
        score: float | None = None,
        **options: Unpack[SearchOptions],
    ) -> SliceSearch:
        """The slices in which a kind of error gathers, exactly; see `cvfail.slices.targets`."""
        from cvfail.slices.targets import find_slices

        return find_slices(self._point(iou, score), target, attributes=attributes, weight=weight, **options)

    def operating_points(
        self, *, by: str | Sequence[str] = (), iou: float | None = None, **options: Unpack[Conditions]
    ) -> OperatingPoints:
        """The best score thresholds, of everything, by class and by slice; see `cvfail.thresholds`."""
        from cvfail.thresholds.operating_points import operating_points

        names = [by] if isinstance(by, str) else list(by)
        return operating_points(self._point(iou, None), by=names, **options)

    def shared_budget(
        self, max_false_positives: float, *, iou: float | None = None, **options: Unpack[BudgetOptions]
    ) -> SharedBudget:
        """Thresholds of all classes under one budget of false positives per image; see `cvfail.thresholds`."""
        from cvfail.thresholds.shared_budget import shared_budget

        return shared_budget(self._point(iou, None), max_false_positives=max_false_positives, **options)

    def guaranteed_threshold(
        self, risk: Risk, at_most: float, *, iou: float | None = None, **options: Unpack[GuaranteeOptions]
    ) -> ResultTable:
        """The best threshold with a guarantee on images to come; see `cvfail.thresholds.guarantees`."""
        from cvfail.thresholds.guarantees import guaranteed_threshold

        return guaranteed_threshold(self._point(iou, None), risk=risk, at_most=at_most, **options)

    def what_if(
        self,
        thresholds: Thresholds | float | str | Path,
        *,
        iou: float | None = None,
        score: float | None = None,
    ) -> WhatIf:
        """What other score thresholds, or a file of them, would change; see `cvfail.thresholds.what_if`."""
        from cvfail.thresholds.thresholds import Thresholds
        from cvfail.thresholds.what_if import what_if

        wanted = Thresholds.read(thresholds) if isinstance(thresholds, str | Path) else thresholds
        return what_if(self._point(iou, score), wanted)

    def suppression(
        self,
        *,
        nms_thresholds: Sequence[float] | None = None,
        scores: Sequence[float] | None = None,
        iou: float | None = None,
    ) -> ResultTable:
        """What another non-maximum suppression would remove and lose; see `cvfail.thresholds.suppression`."""
        from cvfail.thresholds.suppression import suppression_table

        return suppression_table(self._point(iou, None), nms_thresholds=nms_thresholds, scores=scores)

    def sql(self, query: str, *, iou: float | None = None, score: float | None = None) -> pl.DataFrame:
        """Answer one SELECT over tables, views and analyses at an operating point; see `cvfail.query.session`.

        The analyses of `cvfail.analyses.ANALYSES` are tables as well: the `df` of the method of that name, made where
        a question reads it and then kept; ``mode_errors`` has the rows behind the failure modes, and
        ``cause_errors`` what each cause has of them.
        """
        from cvfail.query.session import query as answer

        return answer(self._point(iou, score), query, made=self.analyses(iou=iou, score=score).tables)

    def gate(self, rules: RulesLike, *, baseline: Evaluation | Measured | str | Path | None = None) -> Gate:
        """Whether the model keeps rules, some of them against a baseline; see `cvfail.gate.gate.judge`."""
        from cvfail.gate.gate import judge

        known = baseline.evidence if isinstance(baseline, Evaluation) else baseline
        return judge(self.evidence, rules, baseline=known)

    def write_baseline(self, path: str | Path, rules: RulesLike) -> Path:
        """Write what rules need of the model as one small file; see `cvfail.gate.baseline.write_baseline`."""
        from cvfail.gate.baseline import measure_baseline, write_baseline

        return write_baseline(measure_baseline(self.evidence, rules), path)

    def chart(self, kind: ChartKind, **options: Any) -> alt.TopLevelMixin:  # noqa: ANN401
        """One chart of `cvfail.charts` with its question; see `cvfail.charts.asked.chart_of`."""
        from cvfail.charts.asked import chart_of

        return chart_of(self, kind, **options)

    def save(self, folder: str | Path) -> Path:
        """Write a folder of Parquet files with a manifest; it appears whole or not at all."""
        from cvfail.evidence.saving import save_evidence

        return save_evidence(self.evidence, folder)

    def report(
        self, path: str | Path, *, max_megabytes: float | None = None, **options: Unpack[SummaryOptions]
    ) -> Path:
        """Write the report as an HTML file, Markdown or a folder; see `cvfail.report.publishing.publish`."""
        from cvfail.report.publishing import publish

        return publish(self, path, max_megabytes=max_megabytes, **options)

    def show(self, *, height: int = 800, **options: Unpack[SummaryOptions]) -> ReportFrame:
        """The whole report in a sandboxed frame, for notebooks; see `cvfail.report.frame.ReportFrame`.

        `options` are those of `report`; `max_thumbnails` is 200 if not given.
        """
        from cvfail.report.frame import ReportFrame
        from cvfail.report.html import render
        from cvfail.report.summary import summarise

        known: SummaryOptions = {"max_thumbnails": 200, **options}
        return ReportFrame(render(summarise(self, **known)), height=height)
