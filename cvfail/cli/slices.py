"""``cvfail slices``: metrics of slices that the user declares, each beside the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.errors import PolicyError, QueryError

FalsePositives = Literal["none", "shared", "attributed"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = (
    *("slice", "metric", "estimate", "support", "difference", "q_value", "rest", "p_value"),
    *("clusters", "design_effect", "fp_rule"),
)
_NAMED = re.compile(r"\s*([^:=<>'\"()]+?)\s*:\s+(.+)", re.DOTALL)


def slices(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    where: Annotated[tuple[str, ...], Parameter(metavar="SLICE", show_default=False)] = (),
    metrics: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None))] = (
        "recall",
        "precision",
        "f1",
    ),
    false_positives: FalsePositives = "none",
    rematch: bool = False,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    confusions: Annotated[bool, _ONE_FORM] = False,
    rows: Annotated[str | None, _ONE_FORM, Parameter(metavar="NAME")] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Metrics of slices that you declare, against the rest.

    Args:
        inputs: What the question is put to.
        where: What must hold: attribute=value, several of these with " & " between, or SQL as after WHERE;
            "NAME: " before it gives it a name. Repeat the option for several slices.
        metrics: recall, precision, f1, missed, classification, localisation, duplicate, background, both,
            mean_score, specificity, calibration_error, ap, ap50; or all.
        false_positives: For attributes that only ground truth has: unknown; all of them in every slice; or
            those that aim at an object of the slice.
        rematch: Match every slice anew with objects outside ignored, as COCO does for sizes.
        replicates: Bootstrap replicates for intervals of ap; 0 for none.
        confidence: Coverage of the intervals.
        confusions: Which classes are taken for which, by slice, instead.
        rows: The rows of the slice of this name instead.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    if not where:
        raise PolicyError(
            'no slice is declared. Hint: --where "time_of_day=night"; or cvfail search finds them'
        )
    declared = named_slices(where)
    evaluation = inputs.evaluation(messages)
    with messages.step("counting in slices"):
        table = evaluation.slices(
            declared,
            metrics="all" if metrics == ("all",) else metrics,
            false_positives=false_positives,
            rematch=rematch,
            replicates=replicates,
            confidence=confidence,
        )
    empty = [name for name in declared if not len(table.rows(name))]
    if empty:
        messages.say(f"no row lies in {', '.join(empty)}")
    if confusions:
        output.write(table.confusions(), messages, caption=f"confusions; {table.caption}")
    elif rows is not None:
        found = table.rows(rows)
        output.write(found, messages, caption=f"{rows}; {len(found):,} rows")
    else:
        output.write(table.df, messages, caption=table.caption, shown=_SHOWN)


def named_slices(where: Sequence[str]) -> dict[str, str]:
    """Slices by name, as they stand on the command line.

    Raises:
        QueryError: Two have one name.
    """
    declared = [_named(text) for text in where]
    if len({name for name, _ in declared}) < len(declared):
        raise QueryError('two slices have one name. Hint: --where "NAME: brightness < 60"')
    return dict(declared)


def _named(text: str) -> tuple[str, str]:
    """Name and predicate of a slice as it stands on the command line."""
    found = _NAMED.fullmatch(text)
    return (found[1], found[2]) if found else (text, text)
