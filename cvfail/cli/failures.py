"""``cvfail failures``: where the model fails more than elsewhere, and by which type of error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.examples import EXAMPLE_COLUMNS
from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output

if TYPE_CHECKING:
    from cvfail.failures.mode_table import FailureModes

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
MODE_COLUMNS = ("rank", "mode", "support", "excess_errors", "q_value", "significant")
"""What of the ranking is shown on a terminal."""


def failures(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    attributes: Annotated[
        tuple[str, ...] | None, Parameter(consume_multiple=(1, None), show_default="all, class and size")
    ] = None,
    max_order: Literal[1, 2] = 2,
    level: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.05,
    examples: Annotated[int | None, _ONE_FORM, Parameter(metavar="RANK")] = None,
    error_types: Annotated[bool, _ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Failure modes: error type and slice, ranked.

    The rank is by errors in excess of those that the rate elsewhere leads to expect.

    Args:
        inputs: What the question is put to.
        attributes: What slices are made of.
        max_order: How many attributes a slice may fix.
        level: Modes with a q-value below it are significant.
        examples: The rows of the failure mode of this rank instead.
        error_types: Counts and gains of the error types instead.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    if error_types:
        with messages.step("repairing each type of error"):
            types = evaluation.error_types()
        output.write(types.df, messages, caption=types.caption)
        return
    with messages.step("searching slices"):
        modes = evaluation.failure_modes(attributes=attributes, max_order=max_order, level=level)
    if examples is None:
        output.write(modes.df, messages, caption=modes.caption, shown=MODE_COLUMNS)
        warn_of_chance(modes, messages)
        return
    rows = modes.examples(examples)
    mode = modes.df.filter(rank=examples)["mode"].item()
    output.write(rows, messages, caption=f"{mode}; {len(rows):,} examples", shown=EXAMPLE_COLUMNS)


def warn_of_chance(modes: FailureModes, messages: Messages) -> None:
    """Say so where nothing in the ranking is more than chance would give."""
    if not modes.df["significant"].any():
        messages.say(
            f"no mode is significant (q < {modes.search.level:g}); what is listed may well be chance"
        )
