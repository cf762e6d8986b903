"""The report in words: what was counted, what came out, what to keep in mind, with the numbers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.causes import INHERENT, main_cause
from cvfail.report.schema import AverageRow, Counts, ErrorType, Estimate, FailureMode, LabelSuspects, Task

if TYPE_CHECKING:
    from cvfail.failures.mode_table import Search

ERROR_TYPES: Mapping[str, str] = {
    "missed": "an object that no detection comes near",
    "localisation": "right class, but the box is too far off",
    "classification": "right place, wrong class",
    "both": "wrong class, and the box is too far off",
    "duplicate": "a second detection of an object that is found already",
    "background": "a detection where nothing is",
}
"""What each error type is."""

HAPPENS: Mapping[str, str] = {
    "missed": "Missed",
    "localisation": "Poor box",
    "classification": "Wrong class",
    "both": "Wrong class and place",
    "duplicate": "Duplicate",
    "background": "False alarm",
    "redundant": "Further wrong box",
}
"""What befalls the units of a failure mode, for its heading."""

_UNITS: Mapping[str, str] = {
    "ground_truth": "objects",
    "pairs": "objects",
    "predictions": "objects and such errors",
}


def share(value: float | None) -> str:
    """A rate as text: 71.2%."""
    return "–" if value is None else f"{value:.1%}"


def interval(value: Estimate) -> str:
    """The bounds of a rate in brackets, with a leading space; nothing where there are none."""
    if value["lower"] is None or value["upper"] is None:
        return ""
    return f" ({100 * value['lower']:.1f}–{100 * value['upper']:.1f}%)"


def unit_name(unit: str, task: Task) -> str:
    """What the units of a failure mode are called in a sentence."""
    return "images" if task == "classification" else _UNITS.get(unit, unit)


def verdict(
    point: OperatingPoint,
    counts: Counts,
    micro: AverageRow,
    error_types: Sequence[ErrorType],
    modes: Sequence[FailureMode],
    search: Search,
) -> list[str]:
    """What the report comes to, most important first."""
    if point.evidence.task == "classification":
        opening = _classification_opening(counts, micro)
    else:
        opening = _detection_opening(point, counts, micro)
    return [opening, *_costliest(point, error_types), _standing_out(modes, search), *_reason_of_first(modes)]


def _detection_opening(point: OperatingPoint, counts: Counts, micro: AverageRow) -> str:
    where = f"At score ≥ {point.score:g} and IoU ≥ {point.iou:g}"
    recall, precision = micro["recall"], micro["precision"]
    if not counts["ground_truth"]:
        return f"{where} there are {counts['kept_predictions']:,} detections, and no objects to compare with."
    found = f"the detector finds {share(recall['estimate'])} of {counts['ground_truth']:,} objects"
    if not counts["kept_predictions"]:
        return f"{where} {found}: it reports nothing."
    right = f"{share(precision['estimate'])} of its {precision['support'] or 0:,} detections are right"
    return f"{where} {found}{interval(recall)}, and {right}{interval(precision)}."


def _classification_opening(counts: Counts, micro: AverageRow) -> str:
    if not counts["ground_truth"]:
        return "There are no labelled images to compare with."
    right = f"The classifier is right about {share(micro['recall']['estimate'])}"
    return f"{right} of {counts['ground_truth']:,} images{interval(micro['recall'])}."


def _costliest(point: OperatingPoint, error_types: Sequence[ErrorType]) -> list[str]:
    gains = [(gain, entry) for entry in error_types if (gain := entry["delta_ap"])]
    if not gains:
        return []
    gain, worst = max(gains, key=lambda pair: pair[0])
    kind = "missed objects" if worst["name"] == "missed" else f"{worst['name']} errors"
    return [
        f"The costliest errors are {kind} ({worst['explanation']}): without them AP at IoU {point.iou:g} "
        f"would be {gain:.3f} higher."
    ]


def _standing_out(modes: Sequence[FailureMode], search: Search) -> str:
    significant = sum(mode["significant"] for mode in modes)
    if not search.slices:
        return "No failure modes were looked for: there are no attributes, or no slices of enough images."
    looked_at = (
        f"of {search.slices:,} slices and error types looked at (false discovery rate {search.level:.0%})"
    )
    if not significant:
        return f"No slice of the data fails significantly more than the rest, {looked_at}."
    stands = "One failure mode stands" if significant == 1 else f"{significant} failure modes stand"
    return f"{stands} out, {looked_at}."


def _reason_of_first(modes: Sequence[FailureMode]) -> list[str]:
    first = modes[0] if modes and modes[0]["significant"] else None
    cause = None if first is None else main_cause(first["causes"])
    if first is None or cause is None:
        return []
    much = f"{share(cause['share']['estimate'])} of its {first['errors']:,} errors"
    why = f"Main cause: {lowered(cause['title'])}, {much}."
    if cause["name"] == INHERENT:
        why = f"{much.capitalize()} have no known cause."
    return [f"First to look at: {lowered(first['title'])}. {why}"]


def suspected(suspects: LabelSuspects, point: OperatingPoint) -> list[str]:
    """How many labels are suspect, and what that is worth."""
    together = suspects["together"]
    if not together["suspects"]:
        return []
    count = together["suspects"]
    labels = "One label is suspect" if count == 1 else f"{count:,} labels are suspect"
    if point.evidence.task == "classification":
        number, gain = "accuracy", together["gains"].get("accuracy")
    else:
        number, gain = f"AP at IoU {point.iou:g}", together["gains"].get("ap")
    if gain is None:
        return [f"{labels}."]
    direction = "higher" if gain >= 0 else "lower"
    return [f"{labels}: put right, {number} would be up to {abs(gain):.3f} {direction}."]


def lowered(text: str) -> str:
    """A title inside a sentence."""
    return text[:1].lower() + text[1:]


def mode_sentence(mode: FailureMode) -> str:
    """The evidence for a failure mode."""
    here = f"{share(mode['rate'])} of {mode['support']:,} {mode['unit']} here"
    rates = f"{here}, {share(mode['rest_rate'])} elsewhere"
    excess = mode["excess"]
    if excess["estimate"] is None:
        return f"{rates}."
    more = f"{round(excess['estimate']):,} more errors than the rate elsewhere would give"
    if excess["lower"] is None or excess["upper"] is None:
        return f"{rates}: {more}."
    return f"{rates}: {more} ({round(excess['lower']):,} to {round(excess['upper']):,})."


def matching_rules(point: OperatingPoint, counts: Counts) -> list[str]:
    """How predictions were matched and counted."""
    if point.evidence.task == "classification":
        return [
            "An image counts as right if its predicted class is its label.",
            "Precision, recall and specificity of a class take it against all others.",
        ]
    policy = point.evidence.policy
    ladder, limit, ignored = policy.iou_thresholds, policy.limit, counts["ignored_ground_truth"]
    rules = [
        f"Detections with a score of at least {point.score:g} count, at most {limit} per image and class.",
        f"A detection finds an object of its own class from an IoU of {point.iou:g}. The best-scored one "
        "comes first, and an object is found once.",
        "What is left over and overlaps an object of another class as much is a confusion. The rest is "
        "missed, or a detection on background.",
        f"AP and AR are over all scores and IoU {ladder[0]:.2f} to {ladder[-1]:.2f}, as COCO takes them.",
    ]
    if ignored:
        rules.append(f"{ignored:,} crowds and ignored objects count neither way, nor do detections on them.")
    return rules


def caveats(point: OperatingPoint, search: Search) -> list[str]:
    """What the numbers do not say."""
    images = point.evidence.images
    cluster = "image" if images["cluster_id"].n_unique() == len(images) else "cluster of images"
    said = [
        f"Intervals are 95% and clustered by {cluster}: objects of one {cluster} fail together, so that "
        "many of them are less evidence than they seem.",
        "The examples are chosen, not drawn at random: the most confident errors first, missed objects by "
        "size, one per image before a second one.",
    ]
    if search.slices:
        said.append(
            f"Failure modes come from a search over {search.slices:,} slices and error types. The q-value "
            f"pays for that: of all modes with q ≤ {search.level:g} about {search.level:.0%} are expected to be "
            "chance. A slice says where errors are, not why."
        )
        said.append(
            "Causes claim errors in a fixed order, first what is cheap to mend; the shares of a mode add up to 100%. "
            "They are read off the stored outcomes: leads to follow, not proof."
        )
    if search.dropped:
        said.append(f"Not used for slices, constant or almost unique: {', '.join(search.dropped)}.")
    said.append(
        "A suspect label is one that the model or another label speaks against. A model repeats its mistakes, so "
        "look before correcting; gains are the most there can be."
    )
    if point.evidence.task == "detection":
        said.append(
            "Gains in AP from fixing error types do not add up: one fix changes what others are worth."
        )
    return said
