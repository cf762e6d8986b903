"""``cvfail confusion``: what is taken for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.examples import EXAMPLE_COLUMNS
from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output

if TYPE_CHECKING:
    from cvfail.metrics.confusion import ConfusionMatrix

Normalise = Literal["true", "predicted", "all"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_PAIRS_INSTEAD = 20


def confusion(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    normalise: Annotated[Normalise | None, _ONE_FORM] = None,
    long: Annotated[bool, _ONE_FORM] = False,
    top: Annotated[int | None, _ONE_FORM, Parameter(validator=Number(gte=1))] = None,
    examples: Annotated[tuple[str, str] | None, _ONE_FORM, Parameter(metavar="TRUE PREDICTED")] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """The confusion matrix, its worst pairs, its examples.

    Rows are true classes, columns are predicted ones, "(background)" is the last of both.

    Args:
        inputs: What the question is put to.
        normalise: Shares of the row, the column or everything instead of counts.
        long: One row per cell, with the count and all three shares.
        top: Only this many of the most confused pairs of classes.
        examples: The rows behind one cell; "(background)" is a name like the others.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    with messages.step("counting cells"):
        matrix = evaluation.confusion_matrix()
    if examples is not None:
        caption = f"{matrix.caption}; {examples[0]} taken for {examples[1]}"
        output.write(matrix.examples(*examples), messages, caption=caption, shown=EXAMPLE_COLUMNS)
    elif long:
        output.write(matrix.df, messages, caption=matrix.caption)
    elif top is not None:
        pairs = matrix.most_confused(top)
        output.write(pairs.df, messages, caption=pairs.caption)
    else:
        _write_matrix(matrix, normalise, output, messages)


def _write_matrix(
    matrix: ConfusionMatrix, normalise: Normalise | None, output: Output, messages: Messages
) -> None:
    """The matrix; where it would not fit the terminal, the pairs that somebody would look for in it."""
    wide = matrix.wide(normalise)
    if output.fits(wide.df):
        output.write(wide.df, messages, caption=wide.caption)
        return
    messages.say(
        f"{len(matrix.labels)} columns do not fit; these are the most confused pairs. "
        "Hint: -o FILE writes the matrix, --format csv prints it"
    )
    pairs = matrix.most_confused(_PAIRS_INSTEAD)
    output.write(pairs.df, messages, caption=pairs.caption)
