"""``cvfail report``: everything in one file that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, OUTPUT, Messages
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation


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
    if output.suffix.lower() not in {".html", ".htm", ".md", ""}:
        raise PolicyError(f"--output {output}: a report is .html or .md. Hint: -o report.html")
    if output.suffix == "" and max_mb is not None:
        raise PolicyError("--max-mb bounds one file. Hint: -o report.html, or --max-thumbnails for a folder")
    evaluation = inputs.evaluation(messages)
    from cvfail.cli.modes import rules_of
    from cvfail.cli.training import training_table
    from cvfail.evaluating import open_evaluation

    known: dict[str, Any] = {
        "baseline": None if baseline is None else open_evaluation(baseline),
        "training": training_table(training),
        "rules": rules_of(rules),
    }
    if max_mb is not None and output.suffix.lower() != ".md":
        known["max_megabytes"] = max_mb
    if output.suffix == "":
        limit = 20_000 if max_thumbnails is None else max_thumbnails
        known |= {"images": images, "title": title, "max_thumbnails": limit}
        print(_write_folder(evaluation, output, messages, known))
        return
    limit = 2000 if max_thumbnails is None else max_thumbnails
    publish(evaluation, output, messages, images=images, title=title, max_thumbnails=limit, known=known)
    print(output)


def _write_folder(evaluation: Evaluation, folder: Path, messages: Messages, known: Mapping[str, Any]) -> Path:
    from cvfail.report.folder import write_report_folder

    with messages.step("writing the report", spinner=False):
        page = write_report_folder(evaluation, folder, progress=not messages.quiet, **known)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    messages.say(f"wrote {folder}: {size / 1e6:.1f} MB")
    return page


def publish(
    evaluation: Evaluation,
    path: Path,
    messages: Messages,
    *,
    images: Path | None = None,
    title: str | None = None,
    max_thumbnails: int = 2000,
    known: Mapping[str, Any] | None = None,
) -> None:
    """Write a report in the format that the suffix names, and say how large it is."""
    if path.suffix.lower() == ".md":
        _write_markdown(evaluation, path, title, messages, known or {})
    else:
        _write_page(evaluation, path, images, title, max_thumbnails, messages, known or {})
    messages.say(f"wrote {path}: {path.stat().st_size / 1e6:.1f} MB")


def _write_page(
    evaluation: Evaluation,
    path: Path,
    images: Path | None,
    title: str | None,
    max_thumbnails: int,
    messages: Messages,
    known: Mapping[str, Any],
) -> None:
    """The HTML page, which shows its own progress."""
    from cvfail.report import write_report

    with messages.step("writing the report", spinner=False):
        write_report(
            evaluation,
            path,
            images=images,
            title=title,
            max_thumbnails=max_thumbnails,
            progress=not messages.quiet,
            **known,
        )


def _write_markdown(
    evaluation: Evaluation, path: Path, title: str | None, messages: Messages, known: Mapping[str, Any]
) -> None:
    from cvfail.report import render_markdown, summarise
    from cvfail.report.progress import shown_progress
    from cvfail.tables.writing import write_whole

    with (
        messages.step("writing the report", spinner=False),
        shown_progress(shown=not messages.quiet) as doing,
    ):
        text = render_markdown(summarise(evaluation, title=title, on_step=doing.on_step, **known))
        write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))
