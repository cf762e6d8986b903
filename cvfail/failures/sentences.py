"""Failure modes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvfail.failures.conditions import slice_name
from cvfail.failures.failure_mode import FailureMode

_HAPPENS = {
    "missed": "missed",
    "classification": "taken for another class",
    "localisation": "found with a poor box only",
    "duplicate": "duplicates of found objects",
    "background": "false positives on background",
    "both": "false positives of wrong class and place",
    "redundant": "further boxes with a wrong class or a poor fit",
}
"""What befalls a unit."""


def mode_sentence(mode: FailureMode, row: Mapping[str, Any]) -> str:
    """A mode with its numbers: the slice, what happens and how much more often than elsewhere, or with another value.

    Args:
        mode: The mode.
        row: Its rate, rest_rate, errors and excess_errors.
    """
    happens = f"taken for {mode.confusion[1]}" if mode.confusion else _HAPPENS[mode.kind]
    noun = "objects" if mode.task == "detection" else "images"
    slice_ = mode.slice_.name
    expected = "than expected"
    if mode.unit == "predictions" or row["rate"] is None:
        told = f"{row['errors']:.0f} {happens}"
        expected = expected if mode.against is None else f"than {_where_else(mode)}"
    elif row["rest_rate"] is None:
        told = f"{row['rate']:.0%} of {noun} {happens}"
    else:
        told = f"{row['rate']:.0%} of {noun} {happens}, {row['rest_rate']:.0%} {_where_else(mode)}"
    if row["excess_errors"] is None:
        return f"{slice_}: {told}"
    excess = row["excess_errors"]
    return f"{slice_}: {told}; {abs(excess):.0f} {'more' if excess >= 0 else 'fewer'} {expected}"


def _where_else(mode: FailureMode) -> str:
    """What a mode is compared with, in short."""
    if mode.against is None:
        return "elsewhere"
    return f"with {slice_name(mode.differing[1])}"
