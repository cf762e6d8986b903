"""A report in the form that its path names: a file, its text as Markdown, or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from cvfail.errors import PolicyError
from cvfail.report.folder import write_report_folder
from cvfail.report.html import write_report
from cvfail.report.markdown import render_markdown
from cvfail.report.progress import shown_progress
from cvfail.report.reportable import Reportable
from cvfail.report.summary import summarise
from cvfail.report.summary_options import SummaryOptions
from cvfail.tables.writing import write_whole


def publish(
    evaluation: Reportable,
    path: str | Path,
    *,
    max_megabytes: float | None = None,
    progress: bool = True,
    **options: Unpack[SummaryOptions],
) -> Path:
    """Write the report of an evaluation; it appears whole or not at all.

    Args:
        evaluation: A `cvfail.Evaluation`.
        path: ``.html`` or ``.htm`` is one offline file, ``.md`` its text as Markdown, and a path without suffix a
            folder with ``index.html`` and its pictures beside it.
        max_megabytes: Size of the HTML file, in 10^6 bytes, that is not exceeded: pictures beyond it are left out.
        progress: Show on stderr what is being done, if it is a terminal.
        options: See `cvfail.report.html.write_report`.

    Returns:
        The path of what one opens.

    Raises:
        PolicyError: The path names no form, or a size is given for another than one HTML file; or see there.
    """
    path = Path(path)
    require_form(path, max_megabytes)
    if path.suffix == "":
        return write_report_folder(evaluation, path, progress=progress, **options)
    if path.suffix.lower() == ".md":
        return _write_markdown(evaluation, path, progress, options)
    return write_report(evaluation, path, max_megabytes=max_megabytes, progress=progress, **options)


def require_form(path: Path, max_megabytes: float | None) -> None:
    """Whether a report can be written there.

    Raises:
        PolicyError: The path names no form, or a size is given for another than one HTML file.
    """
    suffix = path.suffix.lower()
    if suffix not in {".html", ".htm", ".md", ""}:
        raise PolicyError(f"{path}: a report is .html or .md, or a folder. Hint: report.html")
    if suffix in {".md", ""} and max_megabytes is not None:
        raise PolicyError(
            f"a largest size bounds one HTML file, and {path} is none. Hint: report.html, or fewer pictures"
        )


def _write_markdown(evaluation: Reportable, path: Path, progress: bool, options: SummaryOptions) -> Path:
    """The text, which has no pictures."""
    told: SummaryOptions = {**options, "images": None}
    with shown_progress(shown=progress) as doing:
        text = render_markdown(summarise(evaluation, **told, on_step=doing.on_step))
    write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))
    return path
