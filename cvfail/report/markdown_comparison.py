"""This run against a baseline as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from cvfail.report.comparison_sentences import METRICS, signed, value_of
from cvfail.report.markdown_text import escape, markdown_table
from cvfail.report.schema import Comparison, Delta, FlipGroup
from cvfail.report.sentences import share

_GOT_WORSE = {"broken": "broken objects", "new": "new false positives"}
_CHANGES = {"better": "better", "worse": "worse", "unclear": "not clear"}


def compared(comparison: Comparison | None) -> list[str]:
    """The parts of the section; none without a baseline, and only those of which there is something."""
    if comparison is None:
        return []
    parts = [
        "## Did the fix hold?",
        _deltas("metric", (_row(row, _metric(row)) for row in comparison["overall"])),
    ]
    for heading, groups in (
        ("objects", comparison["objects"]),
        ("false positives", comparison["false_positives"]),
    ):
        if groups:
            parts.append(_flips(heading, groups))
    if comparison["modes"]:
        parts += ["### The baseline's failure modes today", _modes(comparison)]
    parts += _left_out(comparison["modes_left_out"], "failure modes of the baseline")
    if comparison["worse"]:
        parts += ["### Where something got worse", _worse(comparison)]
    if comparison["changed"]:
        rows = (_row(row, f"{row['name']}: {_metric(row)}") for row in comparison["changed"])
        parts += ["### Classes and slices that changed", _deltas("where", rows)]
    parts += _left_out(comparison["changed_left_out"], "differences")
    return [*parts, "\n".join(f"- {escape(line)}" for line in comparison["caveats"])]


def _left_out(count: int, noun: str) -> list[str]:
    return [f"{count:,} further {noun} are not shown."] if count else []


def _metric(row: Delta) -> str:
    return METRICS[row["metric"]]


def _deltas(first: str, rows: Iterable[list[str]]) -> str:
    return markdown_table([first, "baseline", "this run", "difference", "95% interval", "q"], rows)


def _row(row: Delta, name: str) -> list[str]:
    difference, lower, upper = (row["difference"][key] for key in ("estimate", "lower", "upper"))
    return [
        escape(name),
        value_of(row, row["baseline"]),
        value_of(row, row["candidate"]),
        "–" if difference is None else signed(row, difference),
        "–" if lower is None or upper is None else f"{signed(row, lower)} to {signed(row, upper)}",
        "–" if row["q_value"] is None else f"{row['q_value']:.3f}",
    ]


def _flips(heading: str, groups: list[FlipGroup]) -> str:
    return markdown_table(
        [heading, *(group["flip"] for group in groups)], [["", *(f"{group['count']:,}" for group in groups)]]
    )


def _worse(comparison: Comparison) -> str:
    """Slices in which broken objects or new false positives gather, with what became of the whole slice."""
    return markdown_table(
        ["where", "what", "flipped", "of", "here", "elsewhere", "on balance", "q"],
        (
            [
                escape(row["slice"]),
                _GOT_WORSE[row["flip"]],
                f"{row['flipped']:,}",
                f"{row['support']:,}",
                share(row["rate"]),
                share(row["rest_rate"]),
                _balance(row["balance"]),
                f"{row['q_value']:.3f}",
            ]
            for row in comparison["worse"]
        ),
    )


def _balance(balance: Delta | None) -> str:
    difference = None if balance is None else balance["difference"]["estimate"]
    if balance is None or difference is None:
        return "–"
    return escape(f"{_metric(balance)} {signed(balance, difference)}, {_CHANGES[balance['change']]}")


def _modes(comparison: Comparison) -> str:
    return markdown_table(
        ["failure mode", "outcome", "errors before", "now", "repaired", "broken"],
        (
            [escape(mode["title"]), mode["outcome"]]
            + [f"{mode[key]:,}" for key in ("errors_before", "errors_now", "repaired", "broken")]
            for mode in comparison["modes"]
        ),
    )
