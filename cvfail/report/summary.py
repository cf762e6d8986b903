"""The summary of an evaluation: one JSON-able dict that every form of the report is rendered from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from cvfail.report.gallery import Gallery
from cvfail.report.heatmaps import heatmaps
from cvfail.report.label_suspects import label_suspects, no_label_suspects
from cvfail.report.progress import Progress
from cvfail.report.queries import queries
from cvfail.report.reportable import Reportable
from cvfail.report.schema import (
    AverageRow,
    BetterThresholds,
    Calibration,
    Counts,
    Curves,
    ErrorsOfClass,
    ErrorType,
    Estimate,
    Headline,
    LabelSuspects,
    Summary,
    ThresholdSteps,
)
from cvfail.report.threshold_steps import threshold_steps

if TYPE_CHECKING:
    import polars as pl

    from cvfail.failures.interventions.rule import Rule

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
        on_step: Called with the name of each step as it begins.

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
    begin("failure modes")
    matrix = evaluation.confusion_matrix()
    ranked = evaluation.failure_modes()
    why = ranked.causes(training=training)
    actions = interventions(ranked, why, rules=rules)
    modes = findings.failure_modes(ranked, why, actions, point, gallery, examples=examples_per_cell)
    begin("label suspects")
    suspects = _label_suspects(evaluation, gallery)
    begin("error types")
    types, types_by_class = _error_types(evaluation, matrix, point, gallery, examples_per_cell)
    begin("slices")
    units = OrderedUnits.of(point)
    slices = _slices(evaluation, point, units, gallery, examples_per_cell)
    maps = heatmaps(point, units.errors, gallery, examples=examples_per_cell)
    confusion = findings.confusion(matrix, units, gallery, examples=examples_per_cell)
    begin("curves and thresholds")
    over_scores = _over_scores(evaluation, point, gallery)
    begin("averages")
    counts = _counts(point)
    averages = estimates.averages(evaluation)
    begin("pictures" if folder is not None else "examples")
    content = gallery.content(folder, most_pictures=max_thumbnails, on_picture=on_picture)
    begin("classes")
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
        + sentences.verdict(point, counts, averages[0], types, modes, ranked.search)
        + sentences.suspected(suspects, point),
        comparison=compared,
        headline=_ranking(evaluation) + _at_operating_point(averages, evidence.task),
        averages=averages,
        failure_modes=modes,
        error_types=types,
        errors_by_class=types_by_class,
        label_suspects=suspects,
        confusion=confusion,
        curves=over_scores.curves,
        calibration=over_scores.calibration,
        better_thresholds=over_scores.better_thresholds,
        threshold_steps=over_scores.threshold_steps,
        classes=estimates.classes(evaluation, matrix),
        slices=slices,
        heatmaps=maps,
        queries=queries(evidence.task),
        examples=content.examples,
        images=content.images,
        pictures=content.pictures,
        picture_report=content.picture_report,
        caveats=sentences.caveats(point, ranked.search),
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


def _slices(
    evaluation: Reportable, point: OperatingPoint, units: OrderedUnits, gallery: Gallery, examples: int
) -> list[schema.SliceTable]:
    tables = estimates.slices(evaluation)
    findings.add_slice_examples(tables, point, units.errors, gallery, examples=examples)
    return tables


def _label_suspects(evaluation: Reportable, gallery: Gallery) -> LabelSuspects:
    evidence = evaluation.evidence
    if evidence.task == "classification" and not has_probabilities(evidence):
        return no_label_suspects()
    return label_suspects(evaluation.label_errors(), gallery)


class _OverScores(NamedTuple):
    """What a summary tells of all thresholds."""

    curves: Curves
    calibration: Calibration
    better_thresholds: BetterThresholds
    threshold_steps: ThresholdSteps


def _over_scores(evaluation: Reportable, point: OperatingPoint, gallery: Gallery) -> _OverScores:
    common = evaluation.operating_points(replicates=0, splits=0).df["threshold"][0]
    steps, changes = threshold_steps(point, common)
    better, labels = no_thresholds(), list(point.evidence.category_names)
    if point.evidence.task == "detection":
        better = better_thresholds(evaluation, changes, point.score, labels)
    return _OverScores(*_curves(evaluation, point, gallery, common), better, steps)


def _curves(
    evaluation: Reportable, point: OperatingPoint, gallery: Gallery, best: float | None
) -> tuple[Curves, Calibration]:
    scores = evaluation.evidence.predictions["score"]
    if len(scores) == scores.null_count():
        return no_curves(), nothing_known().calibration
    labels = list(evaluation.evidence.category_names)
    meaning = score_meaning(evaluation, point, labels)
    return curves(evaluation, point, labels, meaning, gallery, best=best), meaning.calibration


def _error_types(
    evaluation: Reportable, matrix: ConfusionMatrix, point: OperatingPoint, gallery: Gallery, examples: int
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
        policy=point.evidence.describe(),
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
            _rate("Precision", "Of the detections, the share that is right", micro["precision"]),
            _rate("Recall", "Of the objects, the share that is found", micro["recall"]),
            _rate("F1", "Harmonic mean of precision and recall", micro["f1"]),
        ]
    return [
        _rate("Accuracy", "Share of images whose class is right", micro["recall"]),
        _rate("Macro precision", "Mean over classes", macro["precision"]),
        _rate("Macro recall", "Mean over classes", macro["recall"]),
        _rate("Macro F1", "Mean over classes", macro["f1"]),
    ]


def _rate(name: str, explanation: str, value: Estimate) -> Headline:
    return Headline(name=name, explanation=explanation, style="rate", group="operating_point", value=value)
