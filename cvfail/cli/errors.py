"""``cvfail errors``: what the errors are made of, by TIDE, Hoiem or LRP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.tables.result import ResultTable

Method = Literal["tide", "hoiem", "lrp"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = {
    "tide": ("error_type", "count", "share", "delta_ap", "ap", "count_all", "fp_rule"),
    "hoiem": (
        *("category", "error_type", "count", "share", "top_share", "delta_ap", "delta_ap_corrected"),
        *("support", "ap", "top_count", "fp_rule"),
    ),
    "lrp": (
        *("category", "lrp", "localisation", "false_positive", "false_negative", "optimal_lrp"),
        *("optimal_score", "support", "fp_rule"),
    ),
}


def errors(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    method: Method = "tide",
    by: Annotated[
        tuple[str, ...], Parameter(consume_multiple=(1, None), metavar="ATTRIBUTE", show_default=False)
    ] = (),
    progressive: bool = False,
    compat: Annotated[Literal["tidecv"] | None, Parameter(show_default=False)] = None,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    similar: Annotated[
        tuple[str, ...], Parameter(metavar="A,B", show_default="classes of one supercategory")
    ] = (),
    trend: Annotated[bool, _ONE_FORM] = False,
    sensitivity: Annotated[bool, _ONE_FORM] = False,
    levels: Annotated[bool, _ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """What the errors are made of, and what each kind costs.

    TIDE's types of all errors, Hoiem's categories of false positives, or LRP: one error rate of boxes, false
    positives and misses.

    Args:
        inputs: What the question is put to.
        method: By whose rules.
        by: Attributes, "category" or "size"; several make rows for each combination. Or slices:
            "time_of_day=night", SQL as after WHERE. With --sensitivity and --levels the characteristics of the
            objects. RUN, if any, comes before.
        progressive: TIDE: repair one type after the other, so that the gains add up.
        compat: TIDE: tidecv as it counts, to the last digits, in percent.
        replicates: TIDE and Hoiem: bootstrap replicates for intervals of the gains; 0 for none.
        confidence: Coverage of the intervals.
        similar: Hoiem: names of classes that are alike, with commas between; repeat for several groups.
        trend: Hoiem: shares among the first 25, 50, 100, … false positives of each class instead.
        sensitivity: Hoiem: normalised AP of the best and the worst level of each characteristic instead.
        levels: Hoiem: normalised AP of every level of each characteristic instead.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    _refuse(method, "tide", {"--progressive": progressive, "--compat": compat})
    own = {"--similar": similar, "--trend": trend, "--sensitivity": sensitivity, "--levels": levels}
    _refuse(method, "hoiem", own)
    if replicates and (method == "lrp" or sensitivity or levels):
        raise PolicyError("--replicates is for gains, which this has none of. Hint: leave it out")
    evaluation = inputs.evaluation(messages)
    table: ResultTable
    with messages.step("taking the errors apart"):
        if method == "lrp":
            table = evaluation.lrp(by=by, confidence=confidence)
        elif sensitivity or levels:
            told = evaluation.hoiem_sensitivity(characteristics=by or None, confidence=confidence)
            table = told.levels if levels else told
        elif method == "hoiem":
            groups = [group.split(",") for group in similar] or None
            sorted_ = evaluation.hoiem(by=by, similar=groups, replicates=replicates, confidence=confidence)
            table = sorted_.trend if trend else sorted_
        else:
            table = evaluation.error_types(
                by=by, progressive=progressive, compat=compat, replicates=replicates, confidence=confidence
            )
    output.write(table.df, messages, caption=table.caption, shown=_shown(table, method, own))


def _shown(table: ResultTable, method: Method, own: dict[str, object]) -> tuple[str, ...]:
    """Columns for a terminal, those of the groups first; all of the tables that have few."""
    if own["--trend"] or own["--sensitivity"] or own["--levels"]:
        return ()
    first = "error_type" if method == "tide" else "category_id"
    keys = table.df.columns[: table.df.columns.index(first)]
    return (*keys, *_SHOWN[method])


def _refuse(method: Method, listens: Method, options: dict[str, object]) -> None:
    """Refuse options that the method does not listen to.

    Raises:
        PolicyError: One was given.
    """
    given = [name for name, value in options.items() if value]
    if given and method != listens:
        raise PolicyError(f"{given[0]} is not for --method {method}. Hint: --method {listens}")
