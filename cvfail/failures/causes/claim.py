"""What one cause says of the errors of a mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Fact = float | int | str | bool | None


@dataclass(frozen=True)
class Claim:
    """How much of each error a cause explains, and the evidence.

    Attributes:
        weights: From 0 to 1, one per row of `ModeErrors.rows`, shape (errors,).
        facts: The numbers behind it by name; None where undefined.
        text: One plain sentence with these numbers.

    Example:
        >>> Claim(np.array([1.0, 0.0]), {"suspects": 1}, "1 of 2 labels is suspect").facts["suspects"]
        1
    """

    weights: Weights
    facts: Mapping[str, Fact]
    text: str


def share_of(part: float, whole: float) -> float | None:
    """A part of a whole; None if there is no whole."""
    return part / whole if whole else None


def percent(share: float | None) -> str:
    """A share in words.

    Example:
        >>> percent(0.254), percent(0.004), percent(None)
        ('25%', '0.4%', 'an unknown share')
    """
    if share is None:
        return "an unknown share"
    return f"{100 * share:.1f}%" if 0 < abs(share) < 0.01 else f"{100 * share:.0f}%"


def p_text(p_value: float | None) -> str:
    """A p-value in words.

    Example:
        >>> p_text(0.0312), p_text(1e-9), p_text(None)
        ('p = 0.031', 'p < 0.001', 'too few images to test')
    """
    if p_value is None:
        return "too few images to test"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
