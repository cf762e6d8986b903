"""What can be measured of an evaluation: rates, average precision, curves, calibration, what errors are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Unpack

from cvfail.evaluated import Evaluated
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.calibration.calibration_table import Calibration, CalibrationOptions
    from cvfail.calibration.fitting import FitOptions, FittedCalibration
    from cvfail.decomposition.error_types import ErrorTypes
    from cvfail.decomposition.groups import By
    from cvfail.decomposition.hoiem import HoiemErrors
    from cvfail.decomposition.hoiem_sensitivity import HoiemSensitivity
    from cvfail.decomposition.similar_classes import Similar
    from cvfail.metrics.averages import Average
    from cvfail.metrics.confusion import ConfusionMatrix
    from cvfail.metrics.curves.kinds import CurveKind, CurveOptions
    from cvfail.metrics.curves.roc import Area
    from cvfail.metrics.voc import Method, VocAveragePrecision


class Measurable(Evaluated):
    """An evaluation with the questions whose answers are measures; `cvfail.evaluation.Evaluation` adds the others."""

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

    def curve(
        self,
        kind: CurveKind = "score",
        *,
        by: str | Sequence[str] = (),
        iou: float | None = None,
        **options: Unpack[CurveOptions],
    ) -> ResultTable:
        """All score thresholds at once: ``score``, ``roc``, ``det`` or ``froc``; see `cvfail.metrics.curves`."""
        from cvfail.metrics.curves.kinds import curve

        names = [by] if isinstance(by, str) else list(by)
        return curve(self._point(iou, None), kind, by=names, **options)

    def curve_area(
        self,
        area: Area = "precision_recall",
        *,
        by: str | Sequence[str] = "category",
        iou: float | None = None,
        replicates: int = 200,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ResultTable:
        """The area below precision against recall, or below ROC; see `cvfail.metrics.curves.roc.curve_area`."""
        from cvfail.metrics.curves.roc import curve_area

        names = [by] if isinstance(by, str) else list(by)
        return curve_area(
            self._point(iou, None),
            area=area,
            by=names,
            replicates=replicates,
            confidence=confidence,
            seed=seed,
        )

    def calibration(
        self, *, iou: float | None = None, score: float | None = None, **options: Unpack[CalibrationOptions]
    ) -> Calibration:
        """How well confidence says how often predictions are right; see `cvfail.calibration.calibration_table`."""
        from cvfail.calibration.calibration_table import calibration

        return calibration(self._point(iou, score), **options)

    def fit_calibration(
        self, *, iou: float | None = None, score: float | None = None, **options: Unpack[FitOptions]
    ) -> FittedCalibration:
        """A map that makes scores mean what they say, judged on other images; see `cvfail.calibration.fitting`."""
        from cvfail.calibration.fitting import fit_calibration

        return fit_calibration(self._point(iou, score), **options)

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

    def hoiem(
        self,
        *,
        by: By = (),
        similar: Similar | None = None,
        iou: float | None = None,
        score: float | None = None,
        replicates: int = 0,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> HoiemErrors:
        """False positives by Hoiem's categories, with shares and gains; see `cvfail.decomposition.hoiem`."""
        from cvfail.decomposition.hoiem import hoiem

        point = self._point(iou, score)
        return hoiem(point, by=by, similar=similar, replicates=replicates, confidence=confidence, seed=seed)

    def hoiem_sensitivity(
        self,
        *,
        characteristics: Sequence[str] | None = None,
        iou: float | None = None,
        positives: float | None = None,
        min_support: int = 10,
        confidence: float = 0.95,
    ) -> HoiemSensitivity:
        """AP by what objects are like; see `cvfail.decomposition.hoiem_sensitivity`."""
        from cvfail.decomposition.hoiem_sensitivity import hoiem_sensitivity

        return hoiem_sensitivity(
            self._point(iou, None),
            characteristics=characteristics,
            positives=positives,
            min_support=min_support,
            confidence=confidence,
        )
