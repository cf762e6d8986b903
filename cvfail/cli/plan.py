"""``cvfail plan``: what to do about one failure mode in five steps, and whether a new model kept the plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli import exits
from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.modes import rules_of
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.cli.training import training_table
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.failures.mode_table import FailureModes
    from cvfail.failures.plan.plan import Plan

_SHOWN = ("check", "what", "before", "after", "difference", "limit", "verdict")


def plan(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    rank: Annotated[int | None, Parameter(show_default="1", validator=Number(gte=1))] = None,
    error: Annotated[str | None, Parameter(show_default=False)] = None,
    where: Annotated[str | None, Parameter(show_default=False)] = None,
    max_false_positives: Annotated[float, Parameter(validator=Number(gte=0))] = 0.05,
    margin: Annotated[float, Parameter(validator=Number(gte=0))] = 0.02,
    training: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    rules: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    save: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    using: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    candidate: Annotated[Path | None, Parameter(metavar="RUN")] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> int:
    """What to do about one failure mode, in five steps.

    The plan is Markdown: define, look, act, verify, guard. With --candidate a new model is checked by it: pass, fail
    or investigate (too few images to tell) of the mode, of false positives per image, and of every slice to watch;
    the exit code is 1 if one fails.

    Args:
        inputs: What the plan is made for.
        rank: The mode of this rank of cvfail failures.
        error: Instead of a rank: missed, background, duplicate, localisation, truck->bus ...
        where: With --error: the slice, "category=car & size=small & time_of_day=night"; everything if not given.
        max_false_positives: By how much false positives per image may rise.
        margin: By how much the rates of watched slices may rise.
        training: CSV or Parquet file with a row per training image and its attributes.
        rules: TOML file of further rules for actions, or of others in place of cvfail's.
        save: Also write the plan: .json for --using, .md to read.
        using: Take the plan from this .json file instead of making it.
        candidate: Saved run of a new model on the same images: check it instead.
        output: Where the check goes.
        messages: How much is said on stderr.
    """
    if where is not None and error is None:
        raise PolicyError("--where is the slice of an error. Hint: --error missed")
    if rank is not None and error is not None:
        raise PolicyError("--rank and --error both name a mode. Hint: leave one out")
    if candidate is None and (output.file is not None or output.format is not None):
        raise PolicyError("a plan is Markdown; -o and --format are of the check. Hint: --save plan.md")
    evaluation = inputs.evaluation(messages)
    if using is None:
        with messages.step("looking for what to do"):
            modes = _modes(evaluation, error, where)
            made = modes.plan(
                rank or 1,
                max_false_positives=max_false_positives,
                margin=margin,
                training=training_table(training),
                rules=rules_of(rules),
            )
    else:
        from cvfail.failures.plan.plan import read_plan

        made = read_plan(using)
    if save is not None:
        made.write(save)
        messages.say(f"wrote {save}")
    if candidate is None:
        sys.stdout.write(str(made))
        return exits.OK
    return _checked(made, evaluation, candidate, output, messages)


def _modes(evaluation: Evaluation, error: str | None, where: str | None) -> FailureModes:
    if error is None:
        return evaluation.failure_modes()
    return evaluation.reevaluate([evaluation.failure_mode(error, where or "")])


def _checked(made: Plan, evaluation: Evaluation, candidate: Path, output: Output, messages: Messages) -> int:
    """Print the check of a new model and say how the process ends."""
    from cvfail.evaluating import open_evaluation

    with messages.step("checking the new model"):
        check = made.check(evaluation.evidence, open_evaluation(candidate).evidence)
    output.write(check.df, messages, caption=check.caption, shown=_SHOWN)
    messages.say(f"verdict: {check.verdict}")
    return exits.GATE_FAILED if check.verdict == "fail" else exits.OK
