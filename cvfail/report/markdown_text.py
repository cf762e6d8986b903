"""Text and tables of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MOST_ROWS = 20
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")


def escape(text: str) -> str:
    r"""Text that Markdown prints as it is, on one line.

    Example:
        >>> escape("time_of_day | <b>")
        'time\\_of\\_day \\| \\<b\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of rows that are escaped already; long ones are cut and say so."""
    body = list(rows)
    lines = [header, ["---"] * len(header), *body[:MOST_ROWS]]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    hidden = len(body) - MOST_ROWS
    return text if hidden <= 0 else f"{text}\n\n{hidden:,} more rows are left out."
