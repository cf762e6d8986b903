"""A report beyond one file: a folder with the page and its pictures beside it."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cvfail.errors import PolicyError
from cvfail.report.html import render
from cvfail.report.progress import shown_progress
from cvfail.report.reportable import Reportable
from cvfail.report.schema import Picture, Summary
from cvfail.report.summary import summarise

if TYPE_CHECKING:
    import polars as pl

    from cvfail.failures.interventions.rule import Rule

PAGE, PICTURES = "index.html", "pictures"


def write_report_folder(
    evaluation: Reportable,
    folder: str | Path,
    *,
    baseline: Reportable | None = None,
    images: str | Path | None = None,
    title: str | None = None,
    max_thumbnails: int = 20_000,
    training: pl.DataFrame | None = None,
    rules: Sequence[Rule] | None = None,
    progress: bool = True,
) -> Path:
    """Write the report of an evaluation as a folder that opens offline; it appears whole or not at all.

    The options are those of `cvfail.report.write_report`.

    Args:
        evaluation: A `cvfail.Evaluation`.
        folder: Is made, or replaced if it holds such a report and nothing else.
        baseline: An evaluation of the same images and labels that it is compared with.
        images: Folder of the image files; without it examples are drawn on empty frames.
        title: Heading; made from the names of the input files if not given.
        max_thumbnails: Limit on pictures.
        training: A row per training image and its attributes.
        rules: Of interventions; those of cvfail if not given.
        progress: Show on stderr what is being done, if it is a terminal.

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
        summary = summarise(
            evaluation,
            baseline=baseline,
            images=images,
            title=title,
            max_thumbnails=max_thumbnails,
            training=training,
            rules=rules,
            on_picture=doing.on_picture,
            on_step=doing.on_step,
        )
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
