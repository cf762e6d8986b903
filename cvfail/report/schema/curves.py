"""Curves over scores, what scores mean, better thresholds, and every threshold at once."""

from __future__ import annotations

from typing import TypedDict

from cvfail.report.schema.numbers import Estimate

Numbers = list[float | None]


class Track(TypedDict):
    """A rate along a curve.

    Attributes:
        estimate: At each point; None where undefined.
        lower: Lower bounds; empty where no band was made.
        upper: Upper bounds.
    """

    estimate: Numbers
    lower: Numbers
    upper: Numbers


class ScoreBand(TypedDict):
    """The predictions whose score lies in a band, whatever the threshold.

    Attributes:
        low: Scores from here on.
        high: Up to here, not included; the last band includes 1.
        right: Right ones among them.
        wrong: Wrong ones.
        missed: Right ones below the operating point: objects that are missed there.
        mean_score: Of both; None without predictions.
        share: Share right, with its interval; the support is their number.
        chance_lower: What the share would be by chance if every score were right; None where not looked at.
        chance_upper: Upper end of that.
        examples: Positions in ``examples``, wrong ones first.
    """

    low: float
    high: float
    right: int
    wrong: int
    missed: int
    mean_score: float | None
    share: Estimate
    chance_lower: float | None
    chance_upper: float | None
    examples: list[int]


class ScoreCurve(TypedDict):
    """What each score threshold gives, of everything or of a class.

    Attributes:
        label: Position in ``labels``; None for everything.
        support: Objects, or labelled images.
        area: Area below precision against recall, step by step.
        threshold: Scores, descending; the operating point and the best F1 are among them.
        precision: At each of them; for classification of everything the accuracy of the answers that are kept.
        recall: At each of them.
        f1: At each of them.
        false_positives_per_image: For detection; None for classification.
        coverage: Share of the images that keep their answer, for classification of everything; else None.
        bands: Those that have predictions, ascending.
    """

    label: int | None
    support: int
    area: Estimate
    threshold: list[float]
    precision: Track
    recall: Track
    f1: Track
    false_positives_per_image: Track | None
    coverage: Numbers | None
    bands: list[ScoreBand]


class RocCurve(TypedDict):
    """One class of a classifier against all others, by its probability.

    Attributes:
        label: Position in ``labels``.
        support: Images of the class.
        area: Area below the receiver operating characteristic.
        threshold: Probabilities, descending.
        true_positive_rate: At each of them; recall.
        false_positive_rate: At each of them.
        precision: At each of them.
    """

    label: int
    support: int
    area: Estimate
    threshold: list[float]
    true_positive_rate: Track
    false_positive_rate: Numbers
    precision: Numbers


class Curves(TypedDict):
    """All curves.

    Attributes:
        note: What was left out, in a plain sentence; empty if nothing.
        best: The threshold with the highest F1 of everything; None if there is none.
        everything: The curve of all classes together; None where predictions have no scores.
        classes: One per class, the most frequent ones where there are many.
        roc: One per class of a classifier with probabilities; empty for detection.
    """

    note: str
    best: float | None
    everything: ScoreCurve | None
    classes: list[ScoreCurve]
    roc: list[RocCurve]


class CalibrationError(TypedDict):
    """The expected calibration error of some predictions.

    Attributes:
        label: Position in ``labels``; None for everything.
        score: From which score on predictions take part.
        error: The mean distance between score and share right, over bins of the score.
        mean_score: Of these predictions; None without any.
        share_right: Of these predictions.
        chance_upper: What scores that are all right would stay below, in 97.5% of the cases.
        beyond_chance: Whether it is more than chance gives; None where not known.
    """

    label: int | None
    score: float
    error: Estimate
    mean_score: float | None
    share_right: float | None
    chance_upper: float | None
    beyond_chance: bool | None


class Calibration(TypedDict):
    """What the scores mean.

    Attributes:
        sentences: In plain words.
        errors: Of everything, then of classes.
    """

    sentences: list[str]
    errors: list[CalibrationError]


class ThresholdChoice(TypedDict):
    """The threshold of one class at which its F1 is highest.

    Attributes:
        label: Position in ``labels``; None for one threshold of everything.
        threshold: None if there is none.
        lower: Where it lies in bootstrap replicates of the images.
        upper: The same.
        f1_now: At the operating point.
        f1_then: At this threshold, on these images.
        held_out: F1 on images that were not used to choose it.
        support: Objects.
        source: ``own``, or ``everything`` where there are too few objects; None without a threshold.
        reason: Why it is not the class's own, or why there is none.
    """

    label: int | None
    threshold: float | None
    lower: float | None
    upper: float | None
    f1_now: float | None
    f1_then: float | None
    held_out: Estimate
    support: int
    source: str | None
    reason: str | None


class BetterThresholds(TypedDict):
    """What other thresholds would bring; empty for classification.

    Attributes:
        sentences: In plain words.
        everything: One threshold for all classes; None for classification.
        classes: One per class that has objects or detections.
        command: What to type for a file of these thresholds; empty for classification.
    """

    sentences: list[str]
    everything: ThresholdChoice | None
    classes: list[ThresholdChoice]
    command: str


class ThresholdSteps(TypedDict):
    """The confusion matrix at every threshold of a grid, as what changes from one to the next.

    Attributes:
        scores: Thresholds, ascending.
        width: Distance between them, but for those that were added.
        policy: Position of the operating point among them.
        best: Position of the best F1 of everything; None if there is none.
        true: Row of each cell that is not always zero: a label, or their number for the background.
        predicted: Column of each cell.
        changes: For each cell pairs of numbers one after the other: how many steps after the previous change
            (the first one from the first threshold), and by how much its count changes.
    """

    scores: list[float]
    width: float
    policy: int
    best: int | None
    true: list[int]
    predicted: list[int]
    changes: list[list[int]]
