"""A report beyond one file: a folder with the page and its pictures beside it."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Unpack
from uuid import uuid4

from cvfail.errors import PolicyError
from cvfail.report.html import render
from cvfail.report.progress import shown_progress
from cvfail.report.reportable import Reportable
from cvfail.report.schema import Picture, Summary
from cvfail.report.summary import summarise
from cvfail.report.summary_options import SummaryOptions

PAGE, PICTURES = "index.html", "pictures"
MOST_PICTURES = 20_000


def write_report_folder(
    evaluation: Reportable,
    folder: str | Path,
    *,
    progress: bool = True,
    **options: Unpack[SummaryOptions],
) -> Path:
    """Write the report of an evaluation as a folder that opens offline; it appears whole or not at all.

    Args:
        evaluation: A `cvfail.Evaluation`.
        folder: Is made, or replaced if it holds such a report and nothing else.
        progress: Show on stderr what is being done, if it is a terminal.
        options: As `cvfail.report.write_report` takes them; `max_thumbnails` is 20,000 if not given.

    Returns:
        The path of its ``index.html``; pictures lie in ``pictures/0001.jpg`` and so on.

    Raises:
        PolicyError: Something else is there.
        MissingFileError: The folder of images does not exist.
        MissingDependencyError: Jinja2 is not installed, or Pillow where images are given.
    """
    folder = Path(folder)
    _require_replaceable(folder)
    with shown_progress(shown=progress) as doing:
        options = {"max_thumbnails": MOST_PICTURES, **options}
        summary = summarise(evaluation, **options, on_picture=doing.on_picture, on_step=doing.on_step)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{uuid4().hex}.part")
    try:
        _write(summary, draft)
        _put(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder / PAGE


def _write(summary: Summary, draft: Path) -> None:
    (draft / PICTURES).mkdir(parents=True)
    beside: list[Picture] = []
    for number, picture in enumerate(summary["pictures"], start=1):
        name = f"{PICTURES}/{number:04}.jpg"
        (draft / name).write_bytes(base64.b64decode(picture["uri"].partition(",")[2]))
        beside.append(Picture(uri=name, window=picture["window"]))
    page = render(Summary(**{**summary, "pictures": beside}), pictures_beside=True)
    (draft / PAGE).write_bytes(page.encode("utf-8"))


def _put(draft: Path, folder: Path) -> None:
    """Give the draft its name; what was there goes when the new one stands."""
    older = draft.with_suffix(".old")
    if folder.exists():
        folder.rename(older)
    try:
        draft.rename(folder)
    except OSError:
        if older.exists():
            older.rename(folder)
        raise
    shutil.rmtree(older, ignore_errors=True)


def _require_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise PolicyError(f"{folder} is a file. Hint: a report in one file ends in .html")
    names = {entry.name for entry in folder.iterdir()}
    if names and (PAGE not in names or names - {PAGE, PICTURES}):
        other = ", ".join(sorted(names - {PAGE, PICTURES})[:3]) or PICTURES
        raise PolicyError(f"{folder} holds something else than a report: {other}. Hint: name a new folder")
