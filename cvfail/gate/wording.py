"""Rows of a gate in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNKNOWN = "–"


def told_row(row: Mapping[str, Any]) -> str:
    """A row in one line, whatever its verdict.

    Args:
        row: Of `cvfail.gate.gate.Gate.df`.

    Example:
        >>> row = dict.fromkeys(["slice", "category", "lower", "upper"])
        >>> row |= {"metric": "recall", "baseline": 0.8, "candidate": 0.7, "estimate": -0.1, "limit": -0.02}
        >>> told_row(row | {"category": "car", "reason": "beyond the limit"})
        'recall of car: 0.800 → 0.700, difference -0.100 [–, –], limit -0.020: beyond the limit'
    """
    place = " in ".join(part for part in (row["category"], row["slice"]) if part)
    what = f"{row['metric']} of {place}" if place else row["metric"]
    interval = f"[{number(row['lower'])}, {number(row['upper'])}]"
    if row["baseline"] is None:
        value = f"{number(row['candidate'])} {interval}"
    else:
        value = (
            f"{number(row['baseline'])} → {number(row['candidate'])}, difference "
            f"{number(row['estimate'])} {interval}"
        )
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"{what}: {value}, limit {number(row['limit'])}{reason}"


def number(value: float | None) -> str:
    """Three decimals, or a dash."""
    return UNKNOWN if value is None else f"{value + 0.0:.3f}"
