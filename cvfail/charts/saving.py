"""Charts as files: PNG, SVG and PDF for papers, HTML that needs no network, the specification as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvfail.errors import MissingDependencyError, PolicyError
from cvfail.tables.writing import write_whole

if TYPE_CHECKING:
    import altair as alt

FORMATS = ("png", "svg", "pdf", "html", "json")
"""What a chart can be written as."""


def save(chart: alt.TopLevelMixin, path: str | Path, *, scale: float = 2.0) -> Path:
    """Write a chart; the suffix decides the format.

    The same chart gives the same bytes, but for a PDF, whose inner numbering may differ.

    Args:
        chart: Any Altair chart.
        path: Ends in .png, .svg, .pdf, .html (with everything that it needs inside) or .json (Vega-Lite). Missing
            folders are made.
        scale: Dots per pixel of a PNG: 2 for screens, 4 for print.

    Returns:
        The path.

    Raises:
        PolicyError: The suffix names no format, or the scale is not positive.
        MissingDependencyError: vl-convert is not installed, and the format is not JSON.
    """
    path = Path(path)
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise PolicyError(
            f"{path.name}: a chart is {', '.join('.' + name for name in FORMATS)}. Hint: -o figure.png"
        )
    if scale <= 0:
        raise PolicyError(f"scale must be positive; found {scale}")
    content = _encoded(chart.to_dict(), suffix, scale)
    write_whole(path, lambda target: target.write_bytes(content))
    return path


def _encoded(specification: dict[str, Any], suffix: str, scale: float) -> bytes:
    if suffix == "json":
        return (json.dumps(specification, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    try:
        import vl_convert
    except ImportError as error:
        raise MissingDependencyError("vl-convert", "report", f"a chart as .{suffix}") from error
    if suffix == "html":
        page: str = vl_convert.vegalite_to_html(specification, bundle=True)
        return page.encode()
    if suffix == "png":
        return bytes(vl_convert.vegalite_to_png(specification, scale=scale))
    if suffix == "pdf":
        return bytes(vl_convert.vegalite_to_pdf(specification))
    text: str = vl_convert.vegalite_to_svg(specification)
    return text.encode()
