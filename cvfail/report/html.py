"""One HTML file from a summary: offline, under a strict content security policy, every string escaped.

The page asks for nothing: styles and script are inside it and named by their hash in the policy, pictures are
``data:`` addresses, and the summary is a block of JSON that the script reads.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Unpack

from cvfail.errors import MissingDependencyError
from cvfail.report.packing import pack
from cvfail.report.progress import shown_progress
from cvfail.report.reportable import Reportable
from cvfail.report.schema import Summary
from cvfail.report.size_limit import size_in_bytes, within_size
from cvfail.report.summary import summarise
from cvfail.report.summary_options import SummaryOptions
from cvfail.tables.writing import write_whole

LARGE_FILE = 50_000_000
"""Bytes from which a report is hard to send and slow to open."""

_log = logging.getLogger(__name__)

STYLES = (
    "theme.css",
    "page.css",
    "verdict.css",
    "causes.css",
    "interventions.css",
    "tables.css",
    "matrix.css",
    "threshold.css",
    "plots.css",
    "heatmaps.css",
    "gallery.css",
    "suspects.css",
    "comparison.css",
    "print.css",
)
SCRIPTS = (
    "dom.js",
    "unpack.js",
    "turns.js",
    "draw.js",
    "charts.js",
    "csv.js",
    "tables.js",
    "gallery.js",
    "confusion.js",
    "steps.js",
    "threshold.js",
    "plots.js",
    "curves.js",
    "choices.js",
    "grid.js",
    "matrix.js",
    "overview.js",
    "causes.js",
    "memory.js",
    "interventions.js",
    "agenda.js",
    "verdict.js",
    "errors.js",
    "suspects.js",
    "breakdowns.js",
    "comparison.js",
    "framed.js",
    "heatmaps.js",
    "main.js",
)


@dataclass(frozen=True)
class Addition:
    """What a page has beside the report when it is served and may ask its server.

    Attributes:
        style: Rules that follow those of the report.
        script: Runs after those of the report, in their scope.
    """

    style: str
    script: str


def render(summary: Summary, addition: Addition | None = None, *, pictures_beside: bool = False) -> str:
    """Render a summary as one self-contained HTML page.

    Args:
        summary: As `summarise` returns it.
        addition: For a page that is served: it may also fetch, and show pictures, from where it came.
        pictures_beside: Pictures may be files beside the page.

    Returns:
        The page. The same summary gives the same text.

    Raises:
        MissingDependencyError: If Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise MissingDependencyError("Jinja2", "report", "an HTML report") from error

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = _style(addition), _script(addition)
    return environment.from_string(_asset("report.html.j2")).render(
        summary=summary,
        counts=_counted(summary),
        policy=content_security_policy(addition, pictures_beside=pictures_beside),
        style=Markup(style),
        script=Markup(script),
        data=Markup(json_block(pack({key: value for key, value in summary.items() if key != "pictures"}))),
        pictures=Markup(json_block(summary["pictures"])),
    )


def write_report(
    evaluation: Reportable,
    path: str | Path,
    *,
    max_megabytes: float | None = None,
    progress: bool = True,
    **options: Unpack[SummaryOptions],
) -> Path:
    """Write the report of an evaluation as one offline HTML file; it appears whole or not at all.

    Args:
        evaluation: A `cvfail.Evaluation`.
        path: The file; one that is there is replaced, folders are made.
        max_megabytes: Size of the file, in 10^6 bytes, that is not exceeded: pictures beyond it are left out.
        progress: Show on stderr what is being done, if it is a terminal.
        options: ``baseline``, ``images``, ``title``, ``max_thumbnails`` (2,000 make a file of 20 to 40 MB),
            ``training`` and ``rules`` of `cvfail.report.summary.summarise`.

    Returns:
        The path. The size is logged, as a warning from 50 MB.

    Raises:
        PolicyError: Images, labels, classes or policies of the baseline differ.
        MissingFileError: The folder of images does not exist.
        MissingDependencyError: Jinja2 is not installed, or Pillow where images are given.
        PolicyError: Without any picture the page is larger than `max_megabytes`.
    """
    path = Path(path)
    most_bytes = None if max_megabytes is None else size_in_bytes(max_megabytes)
    with shown_progress(shown=progress) as doing:
        summary = summarise(evaluation, **options, on_picture=doing.on_picture, on_step=doing.on_step)
    if most_bytes is not None:
        summary = within_size(
            summary, most_bytes, page_size=lambda smaller: len(render(smaller).encode("utf-8"))
        )
    page = render(summary).encode("utf-8")
    write_whole(path, lambda target: target.write_bytes(page))
    size = len(page)
    _log.info("%s: %.1f MB, %d pictures", path, size / 1e6, len(summary["pictures"]))
    if size >= LARGE_FILE:
        _log.warning(
            "%s is large: %.0f MB. Hint: a smaller max_thumbnails, or max_megabytes, makes it smaller",
            path,
            size / 1e6,
        )
    return path


def json_block(value: object) -> str:
    r"""JSON that may stand inside ``<script type="application/json">``.

    ``<`` and ``>`` become ``\u003c`` and ``\u003e``, so that no string in it can close the element.

    Raises:
        ValueError: If a number is NaN or infinite: undefined is null.

    Example:
        >>> json_block({"name": "</script>"})
        '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _counted(summary: Summary) -> list[tuple[int, str, str]]:
    counts = summary["counts"]
    truth = ("object", "objects") if summary["task"] == "detection" else ("label", "labels")
    return [
        (counts["images"], "image", "images"),
        (counts["ground_truth"], *truth),
        (counts["predictions"], "prediction", "predictions"),
        (counts["classes"], "class", "classes"),
    ]


@cache
def _asset(*names: str) -> str:
    folder = files("cvfail.report") / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _style(addition: Addition | None) -> str:
    style = _asset(*STYLES)
    return style if addition is None else f"{style}\n{addition.style}"


def _script(addition: Addition | None) -> str:
    """All scripts in one scope of their own."""
    more = "" if addition is None else f"\n{addition.script}"
    return f'(() => {{\n"use strict";\n{_asset(*SCRIPTS)}{more}}})();'


def content_security_policy(addition: Addition | None = None, *, pictures_beside: bool = False) -> str:
    """Nothing may be loaded, but for a served page from its server, and only this style and this script may run."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data: 'self'" if addition is not None or pictures_beside else "img-src data:",
            *([] if addition is None else ["connect-src 'self'"]),
            f"style-src 'sha256-{_digest(_style(addition))}'",
            f"script-src 'sha256-{_digest(_script(addition))}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
