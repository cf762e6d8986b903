"""``cvfail failures``: where the model fails more than elsewhere, at what cost, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.modes import DEFAULT_QUESTIONS, ModeQuestions
from cvfail.cli.output import DEFAULT_OUTPUT, Output


def failures(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    attributes: Annotated[
        tuple[str, ...] | None, Parameter(consume_multiple=(1, None), show_default="all, class and size")
    ] = None,
    max_order: Annotated[int, Parameter(validator=Number(gte=1))] = 2,
    modes: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    questions: ModeQuestions = DEFAULT_QUESTIONS,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Failure modes: error and slice, ranked.

    The rank is by errors in excess of those that the rate elsewhere leads to expect, if nothing else is said.

    Args:
        inputs: What the question is put to.
        attributes: What slices are made of.
        max_order: How many attributes a slice may fix.
        modes: Look at the modes of this file again instead of searching.
        questions: How modes are ranked, and what of them is told.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    if modes is None:
        options = questions.options()
        with messages.step("searching slices"):
            found = evaluation.failure_modes(attributes=attributes, max_order=max_order, **options)
    else:
        from cvfail.failures.mode_files import read_modes

        costs = questions.priced()
        with messages.step("looking at the modes again"):
            found = evaluation.reevaluate(read_modes(modes), costs=costs, level=questions.level)
    questions.answer(found, output, messages)
