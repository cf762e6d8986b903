"""Small static HTML for notebooks: no script, no ids, nothing from elsewhere, readable on light and dark pages.

Text has the colour of the page; lines and fills are translucent, so that they suit any background.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import polars as pl

MISSING = "–"
"""What stands for null."""

RIGHT, WRONG = "47,111,214", "217,101,10"
"""Blue and orange, red, green and blue of each, for `filled`."""

_LINE = "1px solid rgba(127,127,127,.35)"
_TABLE = "border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:4px 0 8px"
_CELL = f"padding:3px 10px;border:0;border-bottom:{_LINE};background:none;white-space:nowrap"
_TEXT_CELL = f"padding:3px 10px;border:0;border-bottom:{_LINE};background:none;text-align:left;max-width:36em"
_LONGEST = 200


def paragraph(text: str, *, strong: bool = False) -> str:
    """A line of text.

    Example:
        >>> paragraph("IoU >= 0.5")
        '<p style="margin:4px 0;font-size:13px;opacity:.8">IoU &gt;= 0.5</p>'
    """
    weight = "font-weight:600" if strong else "opacity:.8"
    size = 15 if strong else 13
    lines = escape(text).replace("\n", "<br>")
    return f'<p style="margin:4px 0;font-size:{size}px;{weight}">{lines}</p>'


def table_html(frame: pl.DataFrame, *, rows: int = 20) -> str:
    """The first rows of a table; an estimate and its bounds stand in one cell.

    Args:
        frame: Any table.
        rows: How many are shown; the others are counted.

    Example:
        >>> frame = pl.DataFrame({"recall": [0.5, None], "recall_lower": [0.4, None], "recall_upper": [0.6, None]})
        >>> table_html(frame).count("0.500 (0.400 to 0.600)")
        1
    """
    columns = _together(frame.columns)
    head = "".join(_head(names[0], is_text=_is_text(frame[names[0]])) for names in columns)
    shown = frame.head(rows)
    written = [_written(shown, names) for names in columns]
    texts = [_is_text(frame[names[0]]) for names in columns]
    body = "".join(
        "<tr>"
        + "".join(_cell(value, is_text=is_text) for value, is_text in zip(cells, texts, strict=True))
        + "</tr>"
        for cells in zip(*written, strict=True)
    )
    left = len(frame) - len(shown)
    more = paragraph(f"… {left:,} more") if left else ""
    return f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}'


def number(value: float | None, *, whole: bool = False) -> str:
    """A number as one reads it.

    Example:
        >>> [number(0.56878), number(1672.0, whole=True), number(1.3e-26), number(None), number(12345.6)]
        ['0.569', '1,672', '1.3e-26', '–', '12,346']
    """
    if value is None or math.isnan(value):
        return MISSING
    if whole or value == 0:
        return f"{value:,.0f}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) >= 0.0005 else f"{value:.1e}"


def filled(text: str, colour: str, share: float, *, title: str = "") -> str:
    """A cell with a background from nothing to much; never so much that text on it is hard to read.

    Args:
        text: What stands in it.
        colour: `RIGHT` or `WRONG`.
        share: How much, from 0 to 1.
        title: Said at the pointer.
    """
    strength = f"{0.55 * min(max(share, 0.0), 1.0):.2f}"
    told = f' title="{escape(title)}"' if title else ""
    style = f"padding:3px 7px;border:{_LINE};text-align:right;background:rgba({colour},{strength})"
    return f'<td style="{style}"{told}>{escape(text)}</td>'


def _together(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Columns that share a cell: an estimate with its bounds, wherever these stand."""
    known, taken = set(names), set[str]()
    columns: list[tuple[str, ...]] = []
    for place, name in enumerate(names):
        if name in taken:
            continue
        bounds = (f"{name}_lower", f"{name}_upper")
        if tuple(names[place + 1 : place + 3]) == ("lower", "upper"):
            bounds = ("lower", "upper")
        if known.issuperset(bounds):
            taken.update(bounds)
            columns.append((name, *bounds))
        else:
            columns.append((name,))
    return [column for column in columns if column[0] not in taken]


def _written(frame: pl.DataFrame, names: tuple[str, ...]) -> list[str]:
    column = frame[names[0]]
    if not column.dtype.is_numeric():
        return [_text(value) for value in column.to_list()]
    whole = column.dtype.is_integer() or (
        len(names) == 1
        and bool((column.drop_nulls() == column.drop_nulls().round()).all())
        and len(column) > 0
    )
    values = [number(value, whole=whole) for value in column.to_list()]
    if len(names) == 1:
        return values
    bounds = zip(frame[names[1]].to_list(), frame[names[2]].to_list(), strict=True)
    return [
        value if lower is None or upper is None else f"{value} ({number(lower)} to {number(upper)})"
        for value, (lower, upper) in zip(values, bounds, strict=True)
    ]


def _text(value: object) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, pl.Series):
        value = ", ".join(map(str, value.to_list()))
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _is_text(column: pl.Series) -> bool:
    return not column.dtype.is_numeric()


def _head(name: str, *, is_text: bool) -> str:
    side = "left" if is_text else "right"
    style = f"{_CELL};text-align:{side};font-weight:600;border-bottom:2px solid rgba(127,127,127,.6)"
    return f'<th scope="col" style="{style}">{escape(name.replace("_", " "))}</th>'


def _cell(value: str, *, is_text: bool) -> str:
    style = _TEXT_CELL if is_text else f"{_CELL};text-align:right"
    return f'<td style="{style}">{escape(value)}</td>'
