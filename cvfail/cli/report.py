"""``cvfail report``: everything in one file that opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, OUTPUT, Messages

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.report.summary_options import SummaryOptions


def report(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    images: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    title: Annotated[str | None, Parameter(show_default="the names of the input files")] = None,
    max_thumbnails: Annotated[
        int | None, Parameter(validator=Number(gte=0), show_default="2000, in a folder 20000")
    ] = None,
    baseline: Annotated[Path | None, Parameter(metavar="RUN")] = None,
    max_mb: Annotated[float | None, Parameter(validator=Number(gt=0), metavar="MB")] = None,
    training: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    rules: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    output: Annotated[Path, Parameter(name=("--output", "-o"), metavar="FILE", group=OUTPUT)] = Path(
        "report.html"
    ),
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """One offline HTML file with everything.

    Or its text as Markdown. The path of the report goes to stdout.

    Args:
        inputs: What is reported.
        images: Folder of the image files; without it examples are drawn on empty frames.
        title: Heading of the report.
        max_thumbnails: Limit on pictures; everything that has examples gets its first before anything its second.
        baseline: Saved run of an older model on the same data, to tell what got better and worse.
        max_mb: Largest size of the HTML file in megabytes (10^6 bytes); pictures beyond it are left out.
        training: CSV or Parquet file with a row per training image and its attributes, for causes and what to do.
        rules: TOML file of further rules for what to do, or of others in place of cvfail's.
        output: File to write: .html or .md; without a suffix a folder with index.html and its pictures.
        messages: How much is said on stderr.
    """
    from cvfail.report.publishing import require_form

    require_form(output, max_mb)
    evaluation = inputs.evaluation(messages)
    from cvfail.cli.modes import rules_of
    from cvfail.cli.training import training_table
    from cvfail.evaluating import open_evaluation

    options: SummaryOptions = {
        "baseline": None if baseline is None else open_evaluation(baseline),
        "images": images,
        "title": title,
        "training": training_table(training),
        "rules": rules_of(rules),
    }
    if max_thumbnails is not None:
        options["max_thumbnails"] = max_thumbnails
    print(say_and_publish(evaluation, output, messages, max_megabytes=max_mb, **options))


def say_and_publish(
    evaluation: Evaluation,
    path: Path,
    messages: Messages,
    *,
    max_megabytes: float | None = None,
    **options: Unpack[SummaryOptions],
) -> Path:
    """Write a report in the form that its path names, say how large it is, and return what one opens."""
    from cvfail.report.publishing import publish

    with messages.step("writing the report", spinner=False):
        page = publish(evaluation, path, max_megabytes=max_megabytes, progress=not messages.quiet, **options)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    messages.say(f"wrote {path}: {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
    return page
