"""A gate as Markdown, for the summary of a CI run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.gate.wording import UNKNOWN, number

if TYPE_CHECKING:
    from cvfail.gate.gate import Gate

_MOST_ROWS = 50
_HEAD = ("verdict", "rule", "where", "baseline", "candidate", "estimate", "limit", "units", "reason")
_NUMBERS = {"baseline", "candidate", "estimate", "limit", "units"}


def gate_markdown(gate: Gate) -> str:
    """What fails and what is to be investigated as a table, then how many rows of each rule pass."""
    order = pl.col("verdict").replace_strict({"fail": 0, "investigate": 1}, default=2, return_dtype=pl.Int8)
    open_rows = gate.df.filter(pl.col("verdict") != "pass").sort(order, maintain_order=True)
    parts = [f"## cvfail gate: {gate.summary}", gate.caption]
    if len(open_rows):
        parts.append(
            "\n".join([*_header(_HEAD), *map(_row, open_rows.head(_MOST_ROWS).iter_rows(named=True))])
        )
    if len(open_rows) > _MOST_ROWS:
        parts.append(f"{len(open_rows) - _MOST_ROWS} more rows are not shown.")
    of_rules = gate.df.group_by("rule", maintain_order=True).agg(
        (pl.col("verdict") == name).sum().alias(name) for name in ("pass", "fail", "investigate")
    )
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in of_rules.iter_rows()]
    parts.append("\n".join([*_header(tuple(of_rules.columns)), *lines]))
    return "\n\n".join(parts) + "\n"


def _header(names: tuple[str, ...]) -> list[str]:
    numbers = {*_NUMBERS, "pass", "fail", "investigate"}
    rules = ["---:" if name in numbers else "---" for name in names]
    return [f"| {' | '.join(names)} |", f"| {' | '.join(rules)} |"]


def _row(row: Mapping[str, Any]) -> str:
    where = " | ".join(part for part in (row["slice"], row["category"]) if part) or "overall"
    estimate = number(row["estimate"])
    if row["lower"] is not None:
        estimate += f" [{number(row['lower'])}, {number(row['upper'])}]"
    cells = (
        f"**{row['verdict']}**",
        row["rule"],
        where,
        number(row["baseline"]),
        number(row["candidate"]),
        estimate,
        number(row["limit"]),
        UNKNOWN if row["support"] is None else f"{row['support']:g}",
        row["reason"],
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: object) -> str:
    """Text that stays in its cell."""
    text = str(value).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(text.split())
