"""``cvfail thresholds``: the best score thresholds under conditions, and what they are worth on other images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.tables.result import ResultTable
    from cvfail.thresholds.thresholds import Thresholds

Best = Literal["f_score", "recall", "false_positives", "cost"]
Curve = Literal["score", "roc", "det", "froc"]
Risk = Literal["missed", "false_alarm", "false_positives"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = (
    *("category", "threshold", "support", "precision", "recall", "f_score", "held_out", "source"),
    *("threshold_lower", "threshold_upper", "fp", "reason"),
)


def thresholds(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    by: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default="one for all")] = (),
    best: Best = "f_score",
    beta: Annotated[float, Parameter(validator=Number(gte=0))] = 1.0,
    min_precision: float | None = None,
    min_recall: float | None = None,
    max_false_positives: float | None = None,
    costs: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    false_positive_cost: float = 1.0,
    missed_cost: float = 1.0,
    min_support: int = 20,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 200,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    save: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    held_out: Annotated[bool, _ONE_FORM] = False,
    budget: Annotated[float | None, _ONE_FORM] = None,
    guarantee: Annotated[Risk | None, _ONE_FORM] = None,
    at_most: float | None = None,
    curve: Annotated[Curve | None, _ONE_FORM] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """The best score thresholds, by class and by slice.

    Each with an interval, and with what it is worth on images that were not used to choose it.

    Args:
        inputs: What the question is put to.
        by: category and attributes of the images; every combination of levels gets its own threshold.
        best: What is made best: the F-score, recall or false positives under a condition, or the cost.
        beta: Recall counts so many times as much as precision in the F-score.
        min_precision: Precision must reach this.
        min_recall: Recall must reach this.
        max_false_positives: False positives per image must not exceed this, in each group by itself.
        costs: TOML file with a table [costs] of lines such as "pedestrian missed" = 10, for --best cost.
        false_positive_cost: Cost of a false positive, without --costs.
        missed_cost: Cost of a missed object, without --costs.
        min_support: Groups with fewer objects take the threshold of everything.
        replicates: Bootstrap replicates behind the intervals; 0 for none.
        confidence: Of the intervals, and of --guarantee.
        save: Also write the thresholds to this file, .toml or .json, for cvfail what-if and cvfail apply.
        held_out: Every measure on other images instead.
        budget: Instead, divide so many false positives per image among all classes, so that most objects are found.
        guarantee: Instead, the best threshold at which this risk of an image is at most --at-most.
        at_most: The largest risk that --guarantee allows.
        curve: All thresholds at once instead: rates over the score, images by their score, or sensitivity at false
            positives per image.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if (guarantee is None) != (at_most is None):
        raise PolicyError("a guarantee is of a risk and a limit. Hint: --guarantee missed --at-most 0.1")
    evaluation = inputs.evaluation(messages)
    chosen: Thresholds | None = None
    with messages.step("trying every threshold"):
        if curve is not None:
            table: ResultTable = evaluation.curve(curve, by=by, replicates=replicates, confidence=confidence)
        elif guarantee is not None and at_most is not None:
            table = evaluation.guaranteed_threshold(guarantee, at_most, confidence=confidence)
        elif budget is not None:
            shared = evaluation.shared_budget(
                budget, by=by or ("category",), min_precision=min_precision, min_recall=min_recall
            )
            table, chosen = shared, shared.thresholds
        else:
            points = evaluation.operating_points(
                by=by,
                best=best,
                beta=beta,
                min_precision=min_precision,
                min_recall=min_recall,
                max_false_positives=max_false_positives,
                replicates=replicates,
                confidence=confidence,
                min_support=min_support,
                **_prices(costs, false_positive_cost, missed_cost),
            )
            table, chosen = points, points.thresholds
            if held_out:
                output.write(points.held_out, messages, caption=points.caption)
    _save(chosen, save, messages)
    if not held_out:
        shown = (*by, *_SHOWN) if chosen is not None else ()
        output.write(table.df, messages, caption=table.caption, shown=tuple(dict.fromkeys(shown)))


def _prices(costs: Path | None, false_positive_cost: float, missed_cost: float) -> dict[str, Any]:
    if costs is None:
        return {"false_positive_cost": false_positive_cost, "missed_cost": missed_cost}
    from cvfail.failures.costs import Costs

    return {"costs": Costs.read(costs)}


def _save(chosen: Thresholds | None, path: Path | None, messages: Messages) -> None:
    """Write the thresholds, if there is a file to write them to.

    Raises:
        PolicyError: What was asked for has none.
    """
    if path is None:
        return
    if chosen is None:
        raise PolicyError("--save is for thresholds. Hint: leave out --curve and --guarantee")
    chosen.write(path)
    messages.say(f"wrote {path}: {len(chosen.rules) + 1:,} thresholds, {chosen.hash}")
