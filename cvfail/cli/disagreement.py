"""``cvfail disagreement``: why two tools, or two policies, differ on the same predictions."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter
from cyclopts.validators import mutually_exclusive

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import QueryError

if TYPE_CHECKING:
    from cvfail.comparison.disagreement import Way
    from cvfail.matching.policy import Policy

_OWN = "cvfail"

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_REASONS = ("count", "table", "label", "first", "second", "reason")
_ROWS = (
    *("file_name", "table", "label", "first", "second", "reason", "score", "gt_box", "pred_box"),
    *("image_id", "row"),
)


def disagreement(
    first: str,
    second: str,
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    reasons: Annotated[bool, _ONE_FORM] = False,
    cells: Annotated[bool, _ONE_FORM] = False,
    rows: Annotated[bool, _ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Why two tools, or two policies, differ.

    What either counts as correct, confused, on background and missed, then which rows change sides and why. Files and
    data formats hold the first of these alone; --reasons, --cells and --rows give the others.

    A side is a tool ("ultralytics 8.4", supervision, hotcoco, mmdet, fiftyone, "fiftyone classwise"), cvfail for the
    operating point of the run, or another operating point: score=0.4,iou=0.75.

    Args:
        first: One side.
        second: The other one.
        inputs: What the question is put to.
        reasons: How many rows change sides, from what to what and why, alone.
        cells: The cells of both confusion matrices instead.
        rows: The objects and predictions that change sides instead, with file and box.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if first != _OWN and Path(first).is_dir():
        raise QueryError(f'the run comes last. Hint: cvfail disagreement cvfail "ultralytics 8.4" {first}')
    evaluation = inputs.evaluation(messages)
    from cvfail.comparing import disagreement as answer

    ways = [_way(text, evaluation.policy) for text in (first, second)]
    with messages.step("counting in both ways"):
        found = answer(evaluation, ways[0], ways[1])
    if rows:
        caption = f"rows that change sides; {found.caption}"
        output.write(found.rows, messages, caption=caption, shown=_ROWS)
    elif cells:
        output.write(found.cells.df, messages, caption=found.caption)
    elif reasons:
        output.write(found.reasons.df, messages, caption=found.caption, shown=_REASONS)
    else:
        output.write(found.df, messages, caption=found.caption)
        if output.file is None and output.format in {None, "table"}:
            sys.stdout.write("\n")
            output.write(found.reasons.df, messages, caption="rows that change sides", shown=_REASONS)


def _way(text: str, policy: Policy) -> Way:
    """A side as it was typed: a tool, the policy of the run, or that with other thresholds."""
    if text == _OWN:
        return policy
    if "=" not in text:
        return text
    values: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError as error:
            raise QueryError(f"{part.strip()!r} is no number. Hint: score=0.4,iou=0.75") from error
    if unknown := sorted(set(values) - {"score", "iou"}):
        raise QueryError(f"an operating point has no {unknown[0]!r}. Hint: score=0.4,iou=0.75")
    return replace(policy, **values)
