"""``cvfail failures``: where the model fails more than elsewhere, at what cost, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.examples import EXAMPLE_COLUMNS
from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.cli.training import training_table

if TYPE_CHECKING:
    from cvfail.failures.costs import Costs
    from cvfail.failures.mode_table import FailureModes

RankBy = Literal["excess", "risk", "recall", "precision", "f1", "ap"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
MODE_COLUMNS = ("rank", "mode", "support", "excess_errors", "q_value", "significant")
"""What of the ranking is shown on a terminal."""

_IMPACT_COLUMNS = ("rank", "mode", "measure", "estimate", "marginal", "support")
_CAUSE_COLUMNS = ("rank", "cause", "share", "evidence", "errors", "gross_share")


def failures(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    attributes: Annotated[
        tuple[str, ...] | None, Parameter(consume_multiple=(1, None), show_default="all, class and size")
    ] = None,
    max_order: Annotated[int, Parameter(validator=Number(gte=1))] = 2,
    level: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.05,
    rank_by: Annotated[RankBy | None, Parameter(show_default="excess; risk if there are costs")] = None,
    costs: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    modes: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    save: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    training: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    examples: Annotated[int | None, _ONE_FORM, Parameter(metavar="RANK")] = None,
    impact: Annotated[bool, _ONE_FORM] = False,
    causes: Annotated[bool, _ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Failure modes: error and slice, ranked.

    The rank is by errors in excess of those that the rate elsewhere leads to expect, if nothing else is said.

    Args:
        inputs: What the question is put to.
        attributes: What slices are made of.
        max_order: How many attributes a slice may fix.
        level: Modes with a q-value below it are significant.
        rank_by: What is most: errors in excess, what these cost, or what repairing the mode gives back of recall,
            precision, F1 or average precision.
        costs: TOML file with a table [costs] of lines such as "pedestrian missed where time_of_day=night" = 50.
        modes: Look at the modes of this file again instead of searching.
        save: Also write the modes to this JSON file, for --modes on a later evaluation.
        training: CSV or Parquet file with a row per training image and its attributes, for --causes.
        examples: The rows of the failure mode of this rank instead.
        impact: What repairing each mode gives back instead, with intervals, alone and after those above it.
        causes: Why each mode happens instead: shares of its errors, with the evidence.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    evaluation = inputs.evaluation(messages)
    priced = _costs(costs)
    if modes is None:
        with messages.step("searching slices"):
            found = evaluation.failure_modes(
                attributes=attributes, max_order=max_order, level=level, costs=priced, rank_by=rank_by
            )
    else:
        from cvfail.failures.mode_files import read_modes

        with messages.step("looking at the modes again"):
            found = evaluation.reevaluate(read_modes(modes), costs=priced, level=level)
    if save is not None:
        found.write_modes(save)
        messages.say(f"{len(found)} modes written to {save}")
    if examples is not None:
        rows = found.examples(examples)
        mode = found.df.filter(rank=examples)["mode"].item()
        output.write(rows, messages, caption=f"{mode}; {len(rows):,} examples", shown=EXAMPLE_COLUMNS)
    elif impact:
        with messages.step("repairing each mode"):
            gains = found.impact
        output.write(gains.df, messages, caption=gains.caption, shown=_IMPACT_COLUMNS)
    elif causes:
        with messages.step("asking for causes"):
            why = found.causes(training=training_table(training))
        output.write(why.df, messages, caption=why.caption, shown=_CAUSE_COLUMNS)
    else:
        output.write(found.df, messages, caption=found.caption, shown=MODE_COLUMNS)
        warn_of_chance(found, messages)


def _costs(path: Path | None) -> Costs | None:
    if path is None:
        return None
    from cvfail.failures.costs import Costs

    return Costs.read(path)


def warn_of_chance(modes: FailureModes, messages: Messages) -> None:
    """Say so where nothing in the ranking is more than chance would give."""
    if not modes.df["significant"].any():
        messages.say(
            f"no mode is significant (q < {modes.search.level:g}); what is listed may well be chance"
        )
