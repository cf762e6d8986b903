"""The whole report inside a notebook: a page in a frame of its own that may run its script, and nothing else."""

from __future__ import annotations

from html import escape
from pathlib import Path

from cvfail.errors import PolicyError
from cvfail.tables.writing import write_whole


class ReportFrame:
    """A report that a notebook shows.

    The frame is sandboxed: the script of the report runs in an origin of its own, without access to the notebook,
    its cookies or its files, and loads nothing. It may hand the reader its tables as CSV files.

    Attributes:
        page: The report as one HTML page.
        height: Of the frame in pixels.

    Example:
        >>> ReportFrame("<p>it's</p>", height=400)._repr_html_()
        '<iframe title="cvfail report" sandbox="allow-scripts allow-downloads" ... srcdoc="&lt;p&gt;it..."></iframe>'
    """

    def __init__(self, page: str, *, height: int = 800) -> None:
        if height <= 0:
            raise PolicyError(f"height is a positive number of pixels; found {height}")
        self.page = page
        self.height = height

    def __repr__(self) -> str:
        return f"Report of {len(self.page.encode()) / 1e6:.1f} MB; write(path) makes it a file"

    def _repr_html_(self) -> str:
        """The page in a sandboxed frame."""
        style = (
            f"width:100%;height:{self.height:d}px;border:1px solid rgba(127,127,127,.35);border-radius:6px"
        )
        return (
            f'<iframe title="cvfail report" sandbox="allow-scripts allow-downloads" style="{style}" '
            f'srcdoc="{escape(self.page)}"></iframe>'
        )

    def write(self, path: str | Path) -> Path:
        """Write the page as one offline HTML file."""
        path = Path(path)
        write_whole(path, lambda target: target.write_bytes(self.page.encode("utf-8")))
        return path
