"""``cvfail evaluate``: the headline numbers, and the run folder that other commands ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_RUN_OUTPUT, RunOutput

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.tables.result import ResultTable


def evaluate(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    per_class: bool = False,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 200,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    seed: int = 0,
    output: RunOutput = DEFAULT_RUN_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """The COCO summary with intervals; saves the run.

    A saved run answers every other question without matching again. For classification the summary is
    precision, recall and F1.

    Args:
        inputs: What the question is put to.
        per_class: Average precision of every class instead of the summary.
        replicates: Bootstrap replicates for the intervals; 0 for none.
        confidence: Coverage of the intervals.
        seed: Of the bootstrap.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    if output.folder is not None:
        evaluation.save(output.folder)
        messages.say(f"saved the run. Next: cvfail failures {output.folder}")
    with messages.step("computing average precision and intervals"):
        table = _table(
            evaluation, per_class=per_class, replicates=replicates, confidence=confidence, seed=seed
        )
    output.write(table.df, messages, caption=table.caption)


def _table(
    evaluation: Evaluation, *, per_class: bool, replicates: int, confidence: float, seed: int
) -> ResultTable:
    if evaluation.task == "classification":
        return evaluation.metrics(by="category" if per_class else (), confidence=confidence)
    if per_class:
        return evaluation.average_precision(replicates=replicates, confidence=confidence, seed=seed)
    return evaluation.coco_summary(replicates=replicates, confidence=confidence, seed=seed)
