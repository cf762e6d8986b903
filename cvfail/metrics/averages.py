"""How the rates of several classes become one."""

from __future__ import annotations

from typing import Literal, get_args

from cvfail.errors import PolicyError

Average = Literal["micro", "macro", "weighted"]
"""Pool all classes, or average over them: each the same, or by its ground truth."""


def require_average(average: str) -> None:
    """Refuse a word that names no average.

    Raises:
        PolicyError: The message lists those that do.
    """
    if average not in get_args(Average):
        raise PolicyError(f"average must be one of {', '.join(get_args(Average))}; found {average!r}")
