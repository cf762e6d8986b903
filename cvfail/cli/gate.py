"""``cvfail gate``: whether a new model keeps the rules, for people and for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cvfail.cli import exits
from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, OUTPUT, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output

_File = Annotated[Path | None, Parameter(metavar="FILE", group=OUTPUT)]

_SHOWN = ("verdict", "rule", "slice", "category", "estimate", "limit", "baseline", "candidate", "reason")


def gate(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    rules: Annotated[Path, Parameter(metavar="FILE")],
    baseline: Annotated[Path | None, Parameter(metavar="RUN|FILE")] = None,
    strict: bool = False,
    junit: _File = None,
    json: _File = None,
    markdown: _File = None,
    write_baseline: _File = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> int:
    """Whether a new model keeps the rules, for CI.

    Pass, fail or investigate: every row of every rule is judged by an interval, so that noise neither passes nor
    fails it; where there are too few data to tell, it is to be investigated. The exit code is 1 if a row fails.

    Args:
        inputs: The new model.
        rules: TOML file of rules: [[rule]] metric = "recall", class = "*", max_fall = 0.03.
        baseline: The model to compare with: a saved run, or a file of --write-baseline.
        strict: Also end with 1 if a row is to be investigated.
        junit: Also write a JUnit test report, one test per row.
        json: Also write everything as JSON.
        markdown: Also write Markdown, for the summary of a CI run.
        write_baseline: Write the sums of this model that the rules need as a small file, a later --baseline;
            without --baseline that is all that is done if rules need one.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    from cvfail.gate.rules_file import read_rules

    known = read_rules(rules)
    evaluation = inputs.evaluation(messages)
    if write_baseline is not None:
        with messages.step("measuring"):
            evaluation.write_baseline(write_baseline, known)
        messages.say(f"wrote {write_baseline}")
        if baseline is None and known.is_relative:
            return exits.OK
    with messages.step("judging"):
        verdicts = evaluation.gate(known, baseline=baseline)
    for path, write in (
        (junit, lambda target: verdicts.write_junit(target, strict=strict)),
        (json, verdicts.write_json),
        (markdown, verdicts.write_markdown),
    ):
        if path is not None:
            write(path)
            messages.say(f"wrote {path}")
    output.write(verdicts.df, messages, caption=verdicts.caption, shown=_SHOWN)
    messages.say(verdicts.summary)
    return exits.OK if verdicts.is_kept(strict=strict) else exits.GATE_FAILED
