"""``cvfail contrast``: where the model fails more with one value of an attribute than with another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.modes import DEFAULT_QUESTIONS, MODE_COLUMNS, ONE_FORM, ModeQuestions
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import QueryError

_Value = Parameter(allow_leading_hyphen=True)
_RATE_COLUMNS = (
    *("error", "rate", "against_rate", "difference", "q_value", "excess_errors"),
    *("support", "errors", "against_support", "against_errors"),
)


def contrast(
    attribute: str,
    value: Annotated[str, _Value],
    against: Annotated[str, _Value],
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    attributes: Annotated[
        tuple[str, ...] | None,
        Parameter(consume_multiple=(1, None), show_default="all others, class and size"),
    ] = None,
    max_order: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    questions: ModeQuestions = DEFAULT_QUESTIONS,
    within: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default=False)] = (),
    rates: Annotated[bool, ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Failure modes of one value against another.

    How often each error happens with either value, then the failure modes: errors of the first in excess of those
    that the rate of the second leads to expect, of everything and in the same slice. With --interventions what to do
    follows: thresholds, data and more. Files and data formats hold the last of these alone; --rates gives the rates.

    Args:
        attribute: What has the values: time_of_day.
        value: The value whose failures are asked for: night. A range of numbers as tables show it: "< 24.75".
        against: The value that it is compared with: day.
        inputs: What the question is put to.
        attributes: What slices are made of.
        max_order: How many attributes a slice may fix beside the value.
        questions: How modes are ranked, and what of them is told.
        within: Attributes whose mix is not to count in the rates: those of the second value are told at the mix that
            the first has.
        rates: Only how often each error happens with either value.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if Path(attribute).is_dir():
        raise QueryError(
            f"the run comes last. Hint: cvfail contrast time_of_day night day {attribute}, with your names"
        )
    evaluation = inputs.evaluation(messages)
    is_read = output.file is None and output.format in {None, "table"}
    is_whole = is_read and (questions.is_ranking or questions.interventions)
    if rates or is_whole:
        table = evaluation.contrast_rates(attribute, value, against, within=within)
        output.write(table.df, messages, caption=table.caption, shown=_RATE_COLUMNS)
    if rates:
        return
    if is_whole:
        sys.stdout.write("\n")
    options = questions.options()
    with messages.step("searching slices"):
        found = evaluation.failure_contrast(
            attribute, value, against, attributes=attributes, max_order=max_order, **options
        )
    if is_whole and questions.interventions:
        output.write(found.df, messages, caption=found.caption, shown=MODE_COLUMNS)
        sys.stdout.write("\n")
    questions.answer(found, output, messages)
