"""``cvfail what-if``: what other thresholds would change, without matching again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.tables.result import ResultTable
    from cvfail.thresholds.what_if import WhatIf

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = ("metric", "before", "after", "change", "change_lower", "change_upper", "support")
_MODES = ("rank", "mode", "errors_before", "errors_after", "change", "rate_before", "rate_after")


def what_if(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    thresholds: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    threshold: float | None = None,
    by: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default="nothing")] = (),
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    confusions: Annotated[bool, _ONE_FORM] = False,
    modes: Annotated[bool, _ONE_FORM] = False,
    rows: Annotated[bool, _ONE_FORM] = False,
    nms: Annotated[bool, _ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """What other score thresholds would change.

    Precision, recall and F1 before and after: before is the operating point of the run, or what --score says. Nothing
    is matched again.

    Args:
        inputs: What the question is put to.
        thresholds: File of thresholds that `cvfail thresholds --save FILE` wrote.
        threshold: One threshold for everything, instead of a file.
        by: Attributes of images or ground truth, category, size.
        confidence: Of the intervals of a change.
        confusions: The cells of the confusion matrix that change instead.
        modes: The failure modes of before instead, counted again.
        rows: The predictions that count on one side only instead.
        nms: Which duplicates another non-maximum suppression would remove, and which objects it would lose,
            instead; needs no thresholds.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if nms:
        if thresholds is not None or threshold is not None:
            raise PolicyError("--nms tries suppressions, not thresholds. Hint: leave out the thresholds")
        evaluation = inputs.evaluation(messages)
        with messages.step("suppressing again"):
            table = evaluation.suppression()
        output.write(table.df, messages, caption=table.caption)
        return
    if (thresholds is None) == (threshold is None):
        raise PolicyError("name what to change. Hint: --thresholds FILE, or --threshold 0.4")
    evaluation = inputs.evaluation(messages)
    changed = evaluation.what_if(thresholds if thresholds is not None else threshold or 0.0)
    with messages.step("counting again"):
        table, shown = _table(changed, by, confidence, confusions=confusions, modes=modes, rows=rows)
    output.write(table.df, messages, caption=table.caption, shown=shown)


def _table(
    changed: WhatIf,
    by: tuple[str, ...],
    confidence: float,
    *,
    confusions: bool,
    modes: bool,
    rows: bool,
) -> tuple[ResultTable, tuple[str, ...]]:
    """The form that was asked for, and what of it is shown first."""
    if confusions:
        return changed.confusions, ()
    if modes:
        return changed.failure_modes(attributes=by or None), _MODES
    if rows:
        return changed.changed, ("change", "outcome", "image_id", "category_id", "score", "error_type")
    return changed.metrics(by=by, confidence=confidence), (*by, *_SHOWN)
