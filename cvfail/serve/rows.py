"""Answers of SQL page by page, as JSON."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from threading import Lock
from typing import Any

import polars as pl

from cvfail.query.session import Session

MOST_ROWS = 1000
"""Rows of a page at most."""

_HELD_ROWS = 5000
"""Rows that are asked for at once, so that pages of one answer fit together whatever the order of DuckDB."""

_HELD_ANSWERS = 8
_LONGEST_TEXT = 2000
_LARGEST_WHOLE = 2**53


@dataclass(frozen=True)
class Page:
    """A stretch of an answer.

    Attributes:
        total: Rows of the whole answer.
        first: Number of the first row of the page.
        rows: The rows.
    """

    total: int
    first: int
    rows: pl.DataFrame


class Rows:
    """Pages of answers; the last few answers are kept."""

    def __init__(self, session: Session, *, timeout: float) -> None:
        self._session, self._timeout = session, timeout
        self._held: OrderedDict[tuple[str, int], pl.DataFrame] = OrderedDict()
        self._totals: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def page(self, sql: str, *, first: int, most: int) -> Page:
        """A page of the answer to one SELECT.

        Raises:
            QueryError: See `cvfail.query.session.Session.query`.
        """
        most = max(1, min(most, MOST_ROWS))
        run, offset = divmod(max(0, first), _HELD_ROWS)
        rows = self._run(sql, run)[offset : offset + most]
        if offset + most > _HELD_ROWS and rows.height == _HELD_ROWS - offset:
            rows = pl.concat([rows, self._run(sql, run + 1)[: most - rows.height]])
        return Page(self._total(sql), max(0, first), rows)

    def _run(self, sql: str, run: int) -> pl.DataFrame:
        def ask() -> pl.DataFrame:
            return self._session.query(sql, timeout=self._timeout, first=run * _HELD_ROWS, most=_HELD_ROWS)

        with self._lock:
            held = self._held.get((sql, run))
        if held is None:
            held = ask()
            with self._lock:
                self._held[sql, run] = held
                while len(self._held) > _HELD_ANSWERS:
                    self._held.popitem(last=False)
        return held

    def _total(self, sql: str) -> int:
        with self._lock:
            whole = self._held.get((sql, 0))
            known = self._totals.get(sql)
        if whole is not None and whole.height < _HELD_ROWS:
            return whole.height
        if known is None:
            known = self._session.count(sql, timeout=self._timeout)
            with self._lock:
                self._totals[sql] = known
                while len(self._totals) > _HELD_ANSWERS:
                    self._totals.popitem(last=False)
        return known


def as_json(page: Page) -> dict[str, Any]:
    """A page as JSON: total, first, columns (name and type) and rows as lists of values."""
    columns = [{"name": name, "type": str(dtype)} for name, dtype in page.rows.schema.items()]
    rows = [[_value(value) for value in row] for row in page.rows.iter_rows()]
    return {"total": page.total, "first": page.first, "columns": columns, "rows": rows}


def _value(value: object) -> object:  # noqa: PLR0911 - one line for each kind
    """A value that JSON and JavaScript hold without loss, else its text; long texts are cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_WHOLE else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple | pl.Series):
        return [_value(item) for item in list(value)[:_LONGEST_TEXT]]
    if isinstance(value, dict):
        return {str(key): _value(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value[:_LONGEST_TEXT].hex()
    text = value.isoformat() if isinstance(value, datetime | date | time) else str(value)
    if isinstance(value, Decimal | timedelta):
        return text
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
