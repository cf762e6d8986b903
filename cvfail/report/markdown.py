"""The summary as short Markdown: for a pull request, a terminal, or a page that cannot show HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cvfail.report.schema import Estimate, Headline, Summary
from cvfail.report.sentences import share

_MOST_ROWS = 20
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")


def render_markdown(summary: Summary) -> str:
    """Render a summary as Markdown without pictures: verdict, numbers, failure modes, errors, slices, classes.

    Args:
        summary: As `summarise` returns it.

    Returns:
        The text; names from the data are escaped. Long tables are cut and say so.
    """
    parts = [
        f"# {escape(summary['title'])}",
        *(escape(sentence) for sentence in summary["verdict"]),
        _table(["", "value", "95% interval"], (_headline(number) for number in summary["headline"])),
        *_failure_modes(summary),
        *_error_types(summary),
        *_confused_pairs(summary),
        *_slices(summary),
        *_classes(summary),
        "## Method",
        "\n".join(f"- {escape(line)}" for line in summary["operating_point"]["rules"] + summary["caveats"]),
        f"cvfail {summary['cvfail_version']} · {escape(summary['operating_point']['policy'])}",
    ]
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    r"""Text that Markdown prints as it is, on one line.

    Example:
        >>> escape("time_of_day | <b>")
        'time\\_of\\_day \\| \\<b\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _headline(number: Headline) -> list[str]:
    value = number["value"]
    if number["style"] == "rate":
        return [number["name"], *_rate(value)]
    known = [value["estimate"], value["lower"], value["upper"]]
    estimate, lower, upper = ("–" if bound is None else f"{bound:.3f}" for bound in known)
    return [number["name"], estimate, f"{lower} – {upper}"]


def _failure_modes(summary: Summary) -> list[str]:
    modes = [mode for mode in summary["failure_modes"] if mode["significant"]]
    rows = [[str(mode["rank"]), escape(mode["title"]), escape(mode["sentence"])] for mode in modes]
    return ["## What to look at first", _table(["", "failure mode", "evidence"], rows)] if rows else []


def _error_types(summary: Summary) -> list[str]:
    rows = [
        [kind["name"], f"{kind['count']:,}", "–" if kind["delta_ap"] is None else f"+{kind['delta_ap']:.3f}"]
        for kind in summary["error_types"]
    ]
    return ["## Error types", _table(["error type", "errors", "AP if fixed"], rows)] if rows else []


def _confused_pairs(summary: Summary) -> list[str]:
    confusion, labels = summary["confusion"], summary["labels"]
    cells = [confusion["cells"][place] for place in confusion["pairs"]]
    rows = [[escape(labels[c["true"]]), escape(labels[c["predicted"]]), f"{c['count']:,}"] for c in cells]
    return ["## Most confused pairs", _table(["true", "predicted", "count"], rows)] if rows else []


def _slices(summary: Summary) -> list[str]:
    parts = []
    for table in summary["slices"]:
        rows = [
            [
                escape("(not known)" if row["value"] is None else row["value"]),
                *_rate(row["recall"]),
                *_rate(row["precision"]),
                f"{row['support']:,}",
            ]
            for row in table["rows"]
        ]
        header = [
            escape(table["attribute"]),
            "recall",
            "95% interval",
            "precision",
            "95% interval",
            "support",
        ]
        parts += [f"## By {escape(table['attribute'])}", _table(header, rows)]
    return parts


def _classes(summary: Summary) -> list[str]:
    rows = [
        [
            escape(summary["labels"][row["label"]]),
            *_rate(row["recall"]),
            *_rate(row["precision"]),
            f"{row['support']:,}",
        ]
        for row in summary["classes"]
    ]
    header = ["class", "recall", "95% interval", "precision", "95% interval", "support"]
    return ["## By class", _table(header, rows)] if rows else []


def _rate(value: Estimate) -> list[str]:
    return [share(value["estimate"]), f"{share(value['lower'])} – {share(value['upper'])}"]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = list(rows)
    lines = [header, ["---"] * len(header), *body[:_MOST_ROWS]]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    hidden = len(body) - _MOST_ROWS
    return text if hidden <= 0 else f"{text}\n\n{hidden:,} more rows are left out."
