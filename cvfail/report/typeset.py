"""Sentences of other layers, written for terminals, as the report sets them: one way to write shares and bounds."""

from __future__ import annotations

import re

_BOUNDS = {">=": "≥", "<=": "≤"}


def typeset(text: str) -> str:
    """A sentence with its signs as the rest of the report has them.

    Shares lose the space before their percent sign, negative numbers get a minus, and what is zero has no sign.

    Args:
        text: Prose; names of slices in it keep their hyphens and signs.

    Example:
        >>> typeset("59 % with fog, y -50% of the side, height -0%")
        '59% with fog, y −50% of the side, height 0%'
    """
    shares = re.sub(r"(?<=\d) %", "%", text)
    zeros = re.sub(r"(?<=\s)[+-]0%", "0%", shares)
    return re.sub(r"(?<=[\s(])-(?=\d)", "−", zeros)


def typeset_policy(text: str) -> str:
    """A policy in words, with its bounds as signs.

    Example:
        >>> typeset_policy("COCO matching per class, IoU >= 0.5, score >= 0.25")
        'COCO matching per class, IoU ≥ 0.5, score ≥ 0.25'
    """
    for plain, sign in _BOUNDS.items():
        text = text.replace(plain, sign)
    return text
