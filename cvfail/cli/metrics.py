"""``cvfail metrics``: precision, recall and F1, overall or by attributes."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output

Average = Literal["micro", "macro", "weighted"]

_RATES = ("precision", "recall", "f1", "specificity", "accuracy")
_SHOWN = ("support", *_RATES, "tp", "fp", "fn", "tn", "clusters", "fp_rule")


def metrics(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    by: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default=False)] = (),
    average: Average = "micro",
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Precision, recall and F1, overall or by attributes.

    Args:
        inputs: What the question is put to.
        by: Attributes of images or objects, "category" or "size"; several make a row for each combination.
            RUN, if any, comes before.
        average: Pool the classes of a group, or average over them: each the same, or by its ground truth.
        confidence: Coverage of the intervals.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    with messages.step("counting", kernels=False):
        table = evaluation.metrics(by=by, average=average, confidence=confidence)
    output.write(table.df, messages, caption=table.caption, shown=(*by, *_SHOWN))
