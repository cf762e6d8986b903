"""The Evaluation as the user holds it: each question is one method, and one call into the room that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import polars as pl

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence, Task
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.decomposition.error_types import ErrorTypes
    from cvfail.decomposition.groups import By
    from cvfail.failures.costs import Costs
    from cvfail.failures.failure_mode import FailureMode
    from cvfail.failures.mode_table import FailureModes
    from cvfail.failures.modes import ModeOptions
    from cvfail.io.parquet_scan import ParquetScan
    from cvfail.labels.label_noise import LabelNoise
    from cvfail.labels.object_label_quality import ObjectLabelQuality
    from cvfail.labels.suspects import LabelErrors, SuspectOptions
    from cvfail.labels.verdicts import Verdicts
    from cvfail.metrics.averages import Average
    from cvfail.metrics.confusion import ConfusionMatrix
    from cvfail.metrics.voc import Method, VocAveragePrecision
    from cvfail.slices.found_slices import SliceSearch
    from cvfail.slices.membership import FalsePositives
    from cvfail.slices.predicates import Slices
    from cvfail.slices.slice_table import SliceTable
    from cvfail.slices.targets import SearchOptions


def evaluate(
    data: Dataset | ParquetScan,
    policy: Policy | None = None,
    *,
    threads: int | None = None,
    folder: str | Path | None = None,
    memory: str | int = "4GB",
    progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Match predictions to ground truth once; every later question reads the stored outcomes.

    Args:
        data: Validated tables from a reader; not modified. Or what `scan_parquet` names: tables that need not fit
            in memory, which are streamed into a folder.
        policy: Every matching choice; COCO's if not given.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.
        folder: Where the evaluation is saved; needed for what is streamed.
        memory: How much streaming may use, ``"4GB"`` or a number of bytes.
        progress: Is called with (what, rows done, rows in all) while tables are streamed.

    Returns:
        The evaluation; opened from the folder if there is one.

    Raises:
        PolicyError: Tables are to be streamed and there is no folder.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 1], "category_id": [1, 2], "bbox": [[0, 0, 10, 10], [20, 20, 10, 10]]}
        >>> found = {"image_id": [1], "category_id": [1], "score": [0.9], "bbox": [[0, 0, 10, 10]]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> cf.evaluate(data).metrics().df.select("precision", "recall").row(0)
        (1.0, 0.5)
    """
    policy = policy or Policy()
    if isinstance(data, Dataset):
        from cvfail.evidence.making import make_evidence

        evaluation = Evaluation(make_evidence(data, policy, threads=threads))
        return evaluation if folder is None else open_evaluation(evaluation.save(folder))
    if folder is None:
        raise PolicyError(
            "tables that are streamed need a folder. Hint: evaluate(scan, policy, folder='run')"
        )
    from cvfail.evidence.streaming import evaluate_scan

    return Evaluation(evaluate_scan(data, policy, folder, memory=memory, threads=threads, progress=progress))


def open_evaluation(folder: str | Path, *, verify: bool = False) -> Evaluation:
    """Open an evaluation that `Evaluation.save` wrote; its rows are read when a question needs them.

    Args:
        folder: The folder.
        verify: Compare the digest of every file, which reads them all; else only their sizes.

    Raises:
        MissingFileError: It does not exist or has no manifest.
        FormatError: It is damaged, or of another schema version.
    """
    from cvfail.evidence.stored_evidence import open_evidence

    return Evaluation(open_evidence(folder, verify=verify))


class Evaluation:
    """A model's predictions on a dataset with the outcome of every row.

    `iou` and `score` are keyword arguments of most questions; the policy's operating point is used where they
    are not given. Any overlap of the ladder and any score can be asked for without matching again.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._point = lru_cache(maxsize=8)(self._make_point)

    def __repr__(self) -> str:
        evidence = self.evidence
        predictions, objects = (evidence.outcomes.rows(table) for table in ("predictions", "ground_truth"))
        return (
            f"Evaluation of a {evidence.task} model: {predictions:,} predictions, {objects:,} ground truth, "
            f"{len(evidence.images):,} images, {len(evidence.categories):,} categories\n{evidence.describe()}"
        )

    def _repr_html_(self) -> str:
        """A static summary for notebooks."""
        from html import escape

        return f"<p>{escape(repr(self))}</p>{self.metrics()._repr_html_()}"

    def _make_point(self, iou: float | None, score: float | None) -> OperatingPoint:
        return OperatingPoint.of(self.evidence, iou=iou, score=score)

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

    def at(self, *, iou: float | None = None, score: float | None = None) -> Evaluation:
        """The same evaluation with another operating point as the default of all questions.

        Raises:
            PolicyError: The overlap threshold is not on the policy's ladder.
        """
        return Evaluation(self.evidence.at(iou=iou, score=score))

    def predictions_at(self, *, iou: float | None = None, score: float | None = None) -> pl.DataFrame:
        """Predictions at an operating point with outcome, error_type, target_index, overlap."""
        return self._point(iou, score).predictions

    def ground_truth_at(self, *, iou: float | None = None, score: float | None = None) -> pl.DataFrame:
        """Ground truth at an operating point with outcome and nearest_prediction."""
        return self._point(iou, score).ground_truth

    def coco_summary(
        self,
        *,
        metrics: Sequence[str] | None = None,
        replicates: int = 200,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ResultTable:
        """AP and AR as COCO summarises them; see `cvfail.metrics.coco_summary`."""
        from cvfail.metrics.coco_summary import coco_summary

        return coco_summary(
            self.evidence, metrics=metrics, replicates=replicates, confidence=confidence, seed=seed
        )

    def average_precision(
        self,
        *,
        by: str | Sequence[str] = (),
        replicates: int = 200,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ResultTable:
        """Average precision of every class, also by image attributes; see `cvfail.metrics.average_precision`."""
        from cvfail.metrics.average_precision import average_precision

        names = [by] if isinstance(by, str) else list(by)
        return average_precision(
            self.evidence, by=names, replicates=replicates, confidence=confidence, seed=seed
        )

    def voc_average_precision(
        self,
        *,
        iou: float = 0.5,
        legacy_plus_one: bool = False,
        method: Method = "area",
        replicates: int = 200,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> VocAveragePrecision:
        """Average precision by PASCAL VOC's protocol, which matches in its own way; see `cvfail.metrics.voc`."""
        from cvfail.metrics.voc import voc_average_precision

        return voc_average_precision(
            self.evidence,
            iou=iou,
            legacy_plus_one=legacy_plus_one,
            method=method,
            replicates=replicates,
            confidence=confidence,
            seed=seed,
        )

    def wider_face_average_precision(
        self,
        *,
        keep: Mapping[str, str] | Sequence[str] = ("easy", "medium", "hard"),
        replicates: int = 200,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ResultTable:
        """Average precision by WIDER FACE's protocol, matched in its own way; see `cvfail.metrics.wider_face`."""
        from cvfail.metrics.wider_face import wider_face_average_precision

        return wider_face_average_precision(
            self.evidence, keep=keep, replicates=replicates, confidence=confidence, seed=seed
        )

    def confusion_matrix(self, *, iou: float | None = None, score: float | None = None) -> ConfusionMatrix:
        """Rows true, columns predicted, ``(background)`` last; see `cvfail.metrics.confusion`."""
        from cvfail.metrics.confusion import confusion_matrix

        return confusion_matrix(self._point(iou, score))

    def metrics(
        self,
        *,
        by: str | Sequence[str] = (),
        iou: float | None = None,
        score: float | None = None,
        average: Average = "micro",
        confidence: float = 0.95,
    ) -> ResultTable:
        """Precision, recall and F1 overall or by attributes; see `cvfail.metrics.rates`.

        A classifier has specificity and accuracy as well; see `cvfail.metrics.classification`.
        """
        if self.task == "classification":
            from cvfail.metrics.classified_images import classified_image_rates as answer
        else:
            from cvfail.metrics.rates import rates as answer
        names = [by] if isinstance(by, str) else list(by)
        return answer(self._point(iou, score), by=names, average=average, confidence=confidence)

    def agreement(self, *, by: str | Sequence[str] = (), confidence: float = 0.95) -> ResultTable:
        """Accuracy, balanced accuracy, Matthews' correlation and kappa of a classifier, overall or by attributes."""
        from cvfail.metrics.classified_images import classified_image_agreement

        names = [by] if isinstance(by, str) else list(by)
        return classified_image_agreement(self._point(None, None), by=names, confidence=confidence)

    def error_types(
        self,
        *,
        by: By = (),
        iou: float | None = None,
        score: float | None = None,
        progressive: bool = False,
        compat: Literal["tidecv"] | None = None,
        replicates: int = 0,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ErrorTypes:
        """Errors by TIDE's types, with counts and gains; see `cvfail.decomposition.error_types`."""
        from cvfail.decomposition.error_types import error_types

        return error_types(
            self.evidence,
            by=by,
            iou=iou,
            score=score,
            progressive=progressive,
            compat=compat,
            replicates=replicates,
            confidence=confidence,
            seed=seed,
        )

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

        return failure_modes(self._point(iou, score), attributes=attributes, **options)

    def failure_mode(
        self, error: str, where: str = "", *, iou: float | None = None, score: float | None = None
    ) -> FailureMode:
        """A frozen mode by its error and slice; see `cvfail.failures.modes.frozen_mode`."""
        from cvfail.failures.modes import frozen_mode

        return frozen_mode(self._point(iou, score), error, where)

    def lrp(
        self,
        *,
        by: By = (),
        iou: float | None = None,
        score: float | None = None,
        confidence: float = 0.95,
    ) -> ResultTable:
        """Localisation recall precision; see `cvfail.decomposition.localisation_recall_precision`."""
        from cvfail.decomposition.localisation_recall_precision import localisation_recall_precision

        return localisation_recall_precision(self._point(iou, score), by=by, confidence=confidence)

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

    def sql(self, query: str, *, iou: float | None = None, score: float | None = None) -> pl.DataFrame:
        """Answer one SELECT over the tables and views at an operating point; see `cvfail.query.session`."""
        from cvfail.query.session import query as answer

        return answer(self._point(iou, score), query)

    def save(self, folder: str | Path) -> Path:
        """Write a folder of Parquet files with a manifest; it appears whole or not at all."""
        from cvfail.evidence.saving import save_evidence

        return save_evidence(self.evidence, folder)

    def report(self, path: str | Path, *, images: str | Path | None = None, title: str | None = None) -> Path:
        """Write one offline HTML file; see `cvfail.report`."""
        from cvfail.report.html import write_report

        return write_report(self, path, images=images, title=title)
