"""The confusion matrix in a notebook: coloured cells, the most confused classes where there are many."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from cvfail.tables.notebook import MISSING, RIGHT, WRONG, filled, paragraph

if TYPE_CHECKING:
    from cvfail.metrics.confusion import ConfusionMatrix

MOST_CLASSES = 20

MOST_LEVEL_NAMES = 8
"""Columns up to which their names stand level; of more they stand upright, so that the table stays narrow."""

_NAME = "padding:3px 8px;border:0;background:none;font-weight:600;white-space:nowrap"
_LEVEL, _UPRIGHT = "text-align:right", "text-align:left;writing-mode:vertical-rl;transform:rotate(180deg)"


def confusion_html(matrix: ConfusionMatrix) -> str:
    """Counts, coloured by their share of the row: blue is right, orange wrong.

    With more than `MOST_CLASSES` classes, those that are confused with others most often; the others are counted.
    """
    classes = len(matrix.labels) - matrix.background
    wrong = matrix.counts[:classes, :classes].copy()
    np.fill_diagonal(wrong, 0)
    confused = wrong.sum(axis=0) + wrong.sum(axis=1)
    kept = np.sort(np.argsort(-confused, kind="stable")[:MOST_CLASSES]).tolist()
    places = [*kept, *range(classes, len(matrix.labels))]
    shares = np.nan_to_num(matrix.share("true"))
    stand = _LEVEL if len(places) <= MOST_LEVEL_NAMES else _UPRIGHT
    head = "".join(
        f'<th scope="col" style="padding:0;border:0;background:none;vertical-align:bottom">'
        f'<span style="display:inline-block;{_NAME};{stand}">{escape(_short(matrix.labels[j]))}</span></th>'
        for j in places
    )
    body = "".join(
        f'<tr><th scope="row" style="{_NAME};text-align:left">{escape(_short(matrix.labels[i]))}</th>'
        + "".join(_cell(matrix, shares, i, j) for j in places)
        + "</tr>"
        for i in places
    )
    left = classes - len(kept)
    said = (
        f"{len(kept)} of {classes} classes: those that are confused most often; … {left:,} more. "
        if left
        else ""
    )
    told = f"{said}Rows are true, columns predicted; blue is right, orange wrong, by share of the row."
    style = "border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums;margin:4px 0 8px"
    return (
        f"{paragraph(matrix.caption)}"
        f'<table style="{style}"><thead><tr><td style="border:0;background:none"></td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{paragraph(told)}"
    )


def _cell(
    matrix: ConfusionMatrix, shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]], i: int, j: int
) -> str:
    if matrix.background and i == j == len(matrix.labels) - 1:
        return filled(MISSING, RIGHT, 0.0)
    count = int(matrix.counts[i, j])
    title = (
        f"{_short(matrix.labels[i])} → {_short(matrix.labels[j])}: {count:,}, {shares[i, j]:.1%} of the row"
    )
    return filled(f"{count:,}" if count else "", RIGHT if i == j else WRONG, float(shares[i, j]), title=title)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
