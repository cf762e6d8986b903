"""``cvfail evaluate``: the headline numbers, and the run folder that other commands ask."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_RUN_OUTPUT, RunOutput
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.tables.result import ResultTable

Protocol = Literal["coco", "voc", "voc-2007", "wider-face"]

_PRECISION = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar")
_PER_CLASS = ("category", "support", *_PRECISION, "precision", "recall", "f1", "specificity")
"""What is shown on a terminal of classes: average precision of a detector, rates of a classifier."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """How the intervals are made.

    Attributes:
        replicates: Bootstrap replicates for the intervals; 0 for none.
        confidence: Coverage of the intervals.
        seed: Of the bootstrap.
    """

    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 200
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95
    seed: int = 0


_DEFAULT_BOOTSTRAP = Bootstrap()


def evaluate(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    protocol: Protocol = "coco",
    per_class: bool = False,
    extra_pixel: bool = False,
    bootstrap: Bootstrap = _DEFAULT_BOOTSTRAP,
    output: RunOutput = DEFAULT_RUN_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """The COCO summary with intervals; saves the run.

    A saved run answers every other question without matching again. For classification the summary is accuracy
    and agreement.

    Args:
        inputs: What the question is put to.
        protocol: Whose average precision is the summary. "voc" is the area under the curve, "voc-2007" the mean
            at 11 recalls; "wider-face" needs the columns easy, medium and hard.
        per_class: A row for every class instead of the summary.
        extra_pixel: For voc: add a pixel to widths and heights, where they are stored as xmax - xmin.
        bootstrap: How the intervals are made.
        output: Where the run or the table goes.
        messages: How much is said on stderr.
    """
    _check(protocol, per_class=per_class, extra_pixel=extra_pixel)
    if output.folder is not None and output.memory is not None:
        evaluation = inputs.streamed(messages, folder=output.folder, memory=output.memory)
    else:
        evaluation = inputs.evaluation(messages)
        if output.folder is not None:
            evaluation.save(output.folder)
    if output.folder is not None:
        messages.say(f"saved the run. Next: cvfail failures {output.folder}")
    with messages.step("computing numbers and intervals"):
        if evaluation.task == "classification":
            table = _of_classifier(evaluation, per_class, bootstrap.confidence)
        else:
            table = _of_detector(evaluation, protocol, per_class, extra_pixel, bootstrap)
    output.write(table.df, messages, caption=table.caption, shown=_PER_CLASS if per_class else ())


def _check(protocol: Protocol, *, per_class: bool, extra_pixel: bool) -> None:
    if extra_pixel and not protocol.startswith("voc"):
        raise PolicyError(f"--extra-pixel is for --protocol voc and voc-2007; found {protocol}")
    if per_class and protocol == "wider-face":
        raise PolicyError("--per-class: --protocol wider-face is for a single class")


def _of_classifier(evaluation: Evaluation, per_class: bool, confidence: float) -> ResultTable:
    if per_class:
        return evaluation.metrics(by="category", confidence=confidence)
    return evaluation.agreement(confidence=confidence)


def _of_detector(
    evaluation: Evaluation, protocol: Protocol, per_class: bool, extra_pixel: bool, bootstrap: Bootstrap
) -> ResultTable:
    options = asdict(bootstrap)
    if protocol == "wider-face":
        return evaluation.wider_face_average_precision(**options)
    if protocol == "coco":
        return evaluation.average_precision(**options) if per_class else evaluation.coco_summary(**options)
    table = evaluation.voc_average_precision(
        method="area" if protocol == "voc" else "11-point", legacy_plus_one=extra_pixel, **options
    )
    return table if per_class else table.mean
