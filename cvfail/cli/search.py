"""``cvfail search``: the slices in which a kind of error gathers."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output

ObjectiveName = Literal["sliceline", "excess", "risk", "rate"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = (
    *("rank", "slice", "support", "errors", "rate", "difference", "q_value", "marginal"),
    *("rest_rate", "parent", "parent_p_value", "clusters", "design_effect", "excess", "score"),
)


def search(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    target: str = "recall",
    attributes: Annotated[
        tuple[str, ...] | None, Parameter(consume_multiple=(1, None), show_default="all that the rows have")
    ] = None,
    objective: ObjectiveName = "sliceline",
    weight: Annotated[str | None, Parameter(metavar="COLUMN")] = None,
    max_order: Annotated[int, Parameter(validator=Number(gte=1))] = 3,
    min_support: Annotated[
        int | None, Parameter(validator=Number(gte=1), show_default="32, or 1 % of the rows if that is more")
    ] = None,
    top: Annotated[int, Parameter(validator=Number(gte=1))] = 10,
    confirm: bool = False,
    distinct: bool = False,
    examples: Annotated[int | None, _ONE_FORM, Parameter(metavar="RANK")] = None,
    attribution: Annotated[int | None, _ONE_FORM, Parameter(metavar="RANK")] = None,
    null_run: Annotated[int | None, _ONE_FORM, Parameter(metavar="SEED")] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Find the slices in which errors gather, exactly.

    Args:
        inputs: What the question is put to.
        target: recall, precision, missed, classification, localisation, duplicate, background, both; a
            confusion "cat→dog" or "cat->dog"; or a column of ground truth or predictions that holds errors.
        attributes: What slices are made of.
        objective: What is best: SliceLine's score, errors in excess of the overall rate, those weighted by
            --weight, or the rate.
        weight: Column with the cost of each row, for --objective risk.
        max_order: How many attributes a slice may fix.
        min_support: Rows that a slice must have.
        top: How many slices.
        confirm: Find them in one half of the images and state the effects in the other.
        distinct: Leave out, of these, slices that do not fail more than a wider one around them.
        examples: The rows of the slice of this rank instead.
        attribution: What each condition adds in the slice of this rank instead.
        null_run: What would be found if errors had nothing to do with attributes, instead: they are dealt out
            over the images anew.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    with messages.step("searching slices"):
        found = evaluation.find_slices(
            target,
            attributes=attributes,
            weight=weight,
            objective=objective,
            max_order=max_order,
            min_support=min_support,
            top=top,
            confirm=confirm,
        )
    if examples is not None:
        rows = found.rows(examples)
        output.write(rows, messages, caption=f"{found.df['slice'][examples - 1]}; {len(rows):,} rows")
    elif attribution is not None:
        shares = found.attribution(attribution)
        output.write(shares.df, messages, caption=shares.caption)
    elif null_run is not None:
        with messages.step("dealing out errors"):
            dealt = found.null_run(seed=null_run)
        output.write(dealt.df, messages, caption=f"null run {null_run}; {dealt.caption}", shown=_SHOWN)
    else:
        table = found.distinct() if distinct else found
        output.write(table.df, messages, caption=table.caption, shown=_SHOWN)
