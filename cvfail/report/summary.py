"""The summary of an evaluation: one JSON-able dict that every form of the report is rendered from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cvfail.errors import MissingFileError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.probabilities import has_probabilities
from cvfail.failures.interventions.interventions import interventions
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.report import estimates, findings, schema, sentences
from cvfail.report.better_thresholds import better_thresholds, no_thresholds
from cvfail.report.calibration import nothing_known, score_meaning
from cvfail.report.choosing import OrderedUnits
from cvfail.report.curves import curves, no_curves
from cvfail.report.error_decomposition import error_types, errors_by_class, ordered_errors
from cvfail.report.gallery import Gallery, TakesExamples
from cvfail.report.heatmaps import heatmaps
from cvfail.report.label_suspects import label_suspects, no_label_suspects
from cvfail.report.progress import Progress
from cvfail.report.queries import queries
from cvfail.report.reportable import Reportable
from cvfail.report.schema import (
    AverageRow,
    BetterThresholds,
    Calibration,
    ClassRow,
    Confusion,
    Counts,
    Curves,
    ErrorsOfClass,
    ErrorType,
    Estimate,
    FailureMode,
    Headline,
    Heatmap,
    SliceTable,
    Summary,
    ThresholdSteps,
)
from cvfail.report.sections import Section, make_sections
from cvfail.report.threshold_steps import threshold_steps
from cvfail.report.typeset import typeset_policy

if TYPE_CHECKING:
    import polars as pl

    from cvfail.failures.interventions.rule import Rule
    from cvfail.failures.mode_table import Search
    from cvfail.labels.suspects import LabelErrors
    from cvfail.tables.result import ResultTable

_REPLICATES = 200
"""Of the bootstrap behind the intervals of gains."""

_RANKING = {
    "AP": "Average precision: mean over classes and over IoU 0.50 to 0.95",
    "AP50": "Average precision at IoU 0.50",
    "AP75": "Average precision at IoU 0.75",
}


def summarise(
    evaluation: Reportable,
    *,
    baseline: Reportable | None = None,
    images: str | Path | None = None,
    title: str | None = None,
    max_thumbnails: int = 2000,
    examples_per_cell: int = 12,
    training: pl.DataFrame | None = None,
    rules: Sequence[Rule] | None = None,
    on_picture: Callable[[int], None] | None = None,
    on_step: Callable[[str], None] | None = None,
    threads: int | None = None,
) -> Summary:
    """Gather everything that a report shows, at the operating point of the evaluation's policy.

    Args:
        evaluation: A `cvfail.Evaluation`, or anything that answers `Reportable`.
        baseline: An evaluation of the same images and labels that it is compared with.
        images: Folder of the image files; without it examples are drawn on empty frames.
        title: Heading; made from the names of the input files if not given.
        max_thumbnails: Limit on pictures; everything that has examples gets its first before anything its second.
        examples_per_cell: Examples behind a confusion cell, a failure mode, an error type or a slice.
        training: A row per training image and its attributes, of which causes and interventions may then speak.
        rules: Of interventions, see `cvfail.failures.interventions.rule.read_rules`; those of cvfail if not given.
        on_picture: Called with the number of image files as each of them is read, from any thread.
        on_step: Called with the name of each step as it begins, from any thread.
        threads: With 1 the sections are made one after the other, else two at a time where there are two
            processors; the summary is the same.

    Returns:
        A dict with the keys of `cvfail.report.schema.Summary`, which `json.dumps` takes. Its size is bounded
        by classes, attributes and examples, not by rows. Without images, predictions or ground truth numbers
        are null.

    Raises:
        PolicyError: Images, labels, classes or policies of the baseline differ; the message lists how.
        MissingFileError: The folder of images does not exist.
        MissingDependencyError: Images are given and Pillow is not installed.
    """
    folder = _existing_folder(images)
    evidence = evaluation.evidence
    point = OperatingPoint.of(evidence)
    begin = Progress(on_step).step
    gallery, compared = _compared(point, baseline, begin, examples_per_cell)
    matrix = evaluation.confusion_matrix()
    failing = Section(
        "failure modes", partial(_failing, evaluation, point, training, rules, examples_per_cell)
    )
    over_scores = Section("curves and thresholds", partial(_over_scores, evaluation, point))
    places = Section("slices", partial(_places, evaluation, point, matrix, examples_per_cell))
    types = Section("error types", partial(_error_types, evaluation, point, matrix, examples_per_cell))
    labels = Section("label suspects", lambda _: _judged_labels(evaluation))
    rates = Section("classes", lambda _: _rates(evaluation, matrix))
    make_sections([failing, over_scores, places, types, labels, rates], begin, threads=threads)
    begin("pictures" if folder is not None else "examples")
    modes, search = failing.enter(gallery)
    suspects = no_label_suspects() if labels.made is None else label_suspects(*labels.made, gallery)
    of_all, of_classes = types.enter(gallery)
    shown, scored = places.enter(gallery), over_scores.enter(gallery)
    content = gallery.content(folder, most_pictures=max_thumbnails, on_picture=on_picture)
    counts, averages = _counts(point), rates.made.averages
    return Summary(
        schema_version=schema.SCHEMA_VERSION,
        cvfail_version=_version(),
        title=_title(evaluation) if title is None else title,
        task=evidence.task,
        labels=matrix.labels,
        operating_point=_operating_point(point, counts),
        sources=[schema.Source(table=table, origin=origin) for table, origin in evidence.source.items()],
        counts=counts,
        verdict=([] if compared is None else compared["verdict"])
        + sentences.verdict(point, counts, averages[0], of_all, modes, search)
        + sentences.suspected(suspects, point),
        comparison=compared,
        headline=rates.made.ranking + _at_operating_point(averages, evidence.task),
        averages=averages,
        failure_modes=modes,
        error_types=of_all,
        errors_by_class=of_classes,
        label_suspects=suspects,
        confusion=shown.confusion,
        curves=scored.curves,
        calibration=scored.calibration,
        better_thresholds=scored.better_thresholds,
        threshold_steps=scored.threshold_steps,
        classes=rates.made.classes,
        slices=shown.slices,
        heatmaps=shown.heatmaps,
        queries=_queries(point, training),
        examples=content.examples,
        images=content.images,
        pictures=content.pictures,
        picture_report=content.picture_report,
        caveats=sentences.caveats(point, search),
    )


def _compared(
    point: OperatingPoint, baseline: Reportable | None, begin: Callable[[str], None], examples: int
) -> tuple[Gallery, schema.Comparison | None]:
    """A gallery, and in it the examples of the comparison with a baseline if there is one."""
    if baseline is None:
        return Gallery(point), None
    begin("comparison")
    from cvfail.report.comparison import comparison, paired

    pair = paired(baseline, point)
    gallery = Gallery(point, baseline=pair.first)
    return gallery, comparison(baseline, pair, gallery, examples=examples)


def _failing(
    evaluation: Reportable,
    point: OperatingPoint,
    training: pl.DataFrame | None,
    rules: Sequence[Rule] | None,
    examples: int,
    gallery: TakesExamples,
) -> tuple[list[FailureMode], Search]:
    ranked = evaluation.failure_modes()
    why = ranked.causes(training=training)
    actions = interventions(ranked, why, rules=rules)
    modes = findings.failure_modes(ranked, why, actions, point, gallery, examples=examples)
    return modes, ranked.search


class _Places(NamedTuple):
    """What a summary tells of the errors of every slice, pair of slices, and cell of the confusion matrix."""

    slices: list[SliceTable]
    heatmaps: list[Heatmap]
    confusion: Confusion


def _places(
    evaluation: Reportable,
    point: OperatingPoint,
    matrix: ConfusionMatrix,
    examples: int,
    gallery: TakesExamples,
) -> _Places:
    units = OrderedUnits.of(point)
    tables = estimates.slices(evaluation)
    findings.add_slice_examples(tables, point, units.errors, gallery, examples=examples)
    return _Places(
        tables,
        heatmaps(point, units.errors, gallery, examples=examples),
        findings.confusion(matrix, units, gallery, examples=examples),
    )


def _judged_labels(evaluation: Reportable) -> tuple[LabelErrors, ResultTable] | None:
    """The suspects and what they cost; None of a classifier whose labels cannot be judged."""
    evidence = evaluation.evidence
    if evidence.task == "classification" and not has_probabilities(evidence):
        return None
    suspects = evaluation.label_errors()
    return suspects, suspects.correction_gain()


class _Rates(NamedTuple):
    """What a summary tells of everything, on average and in each class."""

    averages: list[AverageRow]
    classes: list[ClassRow]
    ranking: list[Headline]


def _rates(evaluation: Reportable, matrix: ConfusionMatrix) -> _Rates:
    return _Rates(estimates.averages(evaluation), estimates.classes(evaluation, matrix), _ranking(evaluation))


class _OverScores(NamedTuple):
    """What a summary tells of all thresholds."""

    curves: Curves
    calibration: Calibration
    better_thresholds: BetterThresholds
    threshold_steps: ThresholdSteps


def _over_scores(evaluation: Reportable, point: OperatingPoint, gallery: TakesExamples) -> _OverScores:
    common = evaluation.operating_points(replicates=0, splits=0).df["threshold"][0]
    steps, changes = threshold_steps(point, common)
    better, labels = no_thresholds(), list(point.evidence.category_names)
    if point.evidence.task == "detection":
        better = better_thresholds(evaluation, changes, point.score, labels)
    return _OverScores(*_curves(evaluation, point, gallery, common), better, steps)


def _curves(
    evaluation: Reportable, point: OperatingPoint, gallery: TakesExamples, best: float | None
) -> tuple[Curves, Calibration]:
    scores = evaluation.evidence.predictions["score"]
    if len(scores) == scores.null_count():
        return no_curves(), nothing_known().calibration
    labels = list(evaluation.evidence.category_names)
    meaning = score_meaning(evaluation, point, labels)
    return curves(evaluation, point, labels, meaning, gallery, best=best), meaning.calibration


def _error_types(
    evaluation: Reportable,
    point: OperatingPoint,
    matrix: ConfusionMatrix,
    examples: int,
    gallery: TakesExamples,
) -> tuple[list[ErrorType], list[ErrorsOfClass]]:
    """The error types of everything and of each class; nothing for classification."""
    if point.evidence.task != "detection":
        return [], []
    whole = evaluation.error_types(replicates=_REPLICATES).df
    by_class = evaluation.error_types(by="category").df
    units = ordered_errors(point)
    return (
        error_types(whole, units, gallery, examples=examples),
        errors_by_class(by_class, matrix.labels, units, gallery, examples=examples),
    )


def _existing_folder(images: str | Path | None) -> Path | None:
    if images is None:
        return None
    folder = Path(images)
    if not folder.is_dir():
        raise MissingFileError(f"{folder}: no such folder of images. Hint: leave it out for empty frames")
    return folder


def _version() -> str:
    from cvfail.version import __version__

    return __version__


def _title(evaluation: Reportable) -> str:
    """The names of the files with predictions and ground truth, where they came from files."""
    source = evaluation.evidence.source
    names = [source.get(table, "frame") for table in ("predictions", "ground_truth")]
    stems = list(dict.fromkeys(Path(name).stem for name in names if name != "frame"))
    return " on ".join(stems) if stems else f"{evaluation.evidence.task.capitalize()} report"


def _queries(point: OperatingPoint, training: pl.DataFrame | None) -> schema.Queries:
    evidence = point.evidence
    limit, place = evidence.policy.limit, point.threshold
    return queries(evidence.task, place=place, limit=limit, has_training=training is not None)


def _counts(point: OperatingPoint) -> Counts:
    evidence = point.evidence
    regular = int(evidence.regular().sum())
    return Counts(
        images=len(evidence.images),
        ground_truth=regular,
        ignored_ground_truth=len(evidence.ground_truth) - regular,
        predictions=len(evidence.predictions),
        kept_predictions=int(point.kept.sum()),
        classes=len(evidence.categories),
    )


def _operating_point(point: OperatingPoint, counts: Counts) -> schema.OperatingPoint:
    detection = point.evidence.task == "detection"
    return schema.OperatingPoint(
        score=point.score if detection else None,
        iou=point.iou if detection else None,
        policy=typeset_policy(point.evidence.describe()),
        rules=sentences.matching_rules(point, counts),
    )


def _ranking(evaluation: Reportable) -> list[Headline]:
    """AP, AP50, AP75 and AR at the policy's limit, those that its ladder defines."""
    if evaluation.evidence.task != "detection":
        return []
    limit = evaluation.evidence.policy.limit
    recall = f"Recall: mean over IoU 0.50 to 0.95, {limit} detections per image and class"
    explanations = {**_RANKING, f"AR{limit}": recall}
    rows = evaluation.coco_summary(metrics=list(explanations)).df.to_dicts()
    return [
        Headline(
            name=row["metric"],
            explanation=explanations[row["metric"]],
            style="score",
            group="ranking",
            value=estimates.estimate_of(row),
        )
        for row in rows
    ]


def _at_operating_point(averages: list[AverageRow], task: schema.Task) -> list[Headline]:
    micro, macro = averages
    if task == "detection":
        return [
            _headline("Precision", "Of the detections, the share that is right", micro["precision"]),
            _headline("Recall", "Of the objects, the share that is found", micro["recall"]),
            _headline("F1", "Harmonic mean of precision and recall", micro["f1"]),
        ]
    return [
        _headline("Accuracy", "Share of images whose class is right", micro["recall"]),
        _headline("Macro precision", "Mean over classes", macro["precision"]),
        _headline("Macro recall", "Mean over classes", macro["recall"]),
        _headline("Macro F1", "Mean over classes", macro["f1"]),
    ]


def _headline(name: str, explanation: str, value: Estimate) -> Headline:
    return Headline(name=name, explanation=explanation, style="rate", group="operating_point", value=value)
