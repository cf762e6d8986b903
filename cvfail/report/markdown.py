"""The summary as short Markdown: for a pull request, a terminal, or a page that cannot show HTML."""

from __future__ import annotations

from cvfail.report.causes import main_cause
from cvfail.report.markdown_comparison import compared
from cvfail.report.markdown_text import MOST_ROWS, escape, markdown_table
from cvfail.report.schema import Estimate, FailureMode, Headline, Heatmap, HeatmapCell, Summary
from cvfail.report.sentences import share


def render_markdown(summary: Summary) -> str:
    """Render a summary as Markdown without pictures: what the page shows, in its order.

    Args:
        summary: As `summarise` returns it.

    Returns:
        The text; names from the data are escaped. Long tables are cut and say so.
    """
    parts = [
        f"# {escape(summary['title'])}",
        *(escape(sentence) for sentence in summary["verdict"]),
        markdown_table(["", "value", "95% interval"], (_headline(number) for number in summary["headline"])),
        *compared(summary["comparison"]),
        *_failure_modes(summary),
        *_error_types(summary),
        *_errors_by_class(summary),
        *_scores(summary),
        *_confused_pairs(summary),
        *_label_suspects(summary),
        *_worst_cells(summary),
        *_slices(summary),
        *_classes(summary),
        "## Method",
        "\n".join(f"- {escape(line)}" for line in summary["operating_point"]["rules"] + summary["caveats"]),
        f"cvfail {summary['cvfail_version']} · {escape(summary['operating_point']['policy'])}",
    ]
    return "\n\n".join(parts) + "\n"


def _headline(number: Headline) -> list[str]:
    value = number["value"]
    if number["style"] == "rate":
        return [number["name"], *_rate(value)]
    known = [value["estimate"], value["lower"], value["upper"]]
    estimate, lower, upper = ("–" if bound is None else f"{bound:.3f}" for bound in known)
    return [number["name"], estimate, f"{lower} – {upper}"]


def _failure_modes(summary: Summary) -> list[str]:
    modes = [mode for mode in summary["failure_modes"] if mode["significant"]]
    if not modes:
        return []
    rows = [
        [str(mode["rank"]), escape(mode["title"]), escape(mode["sentence"]), escape(_main_cause(mode))]
        for mode in modes
    ]
    table = markdown_table(["", "failure mode", "evidence", "main cause"], rows)
    return ["## What to look at first", table, *(part for mode in modes[:MOST_ROWS] for part in _mode(mode))]


def _main_cause(mode: FailureMode) -> str:
    cause = main_cause(mode["causes"])
    return "–" if cause is None else f"{cause['title']} {share(cause['share']['estimate'])}"


def _mode(mode: FailureMode) -> list[str]:
    """One mode with its causes that are not thin, and what to do about it as a checklist."""
    causes = [
        f"- {escape(cause['title'])} {share(cause['share']['estimate'])}: {escape(cause['evidence'])}"
        for cause in mode["causes"]
        if not cause["thin"]
    ]
    actions = [
        f"- [ ] **{escape(action['title'])}.** {escape(action['text'])}" for action in mode["interventions"]
    ]
    lists = [
        "\n".join([f"{title}:", "", *lines])
        for title, lines in (("Why", causes), ("What to do", actions))
        if lines
    ]
    return [f"### {mode['rank']}. {escape(mode['title'])}", *lists] if lists else []


def _error_types(summary: Summary) -> list[str]:
    rows = [
        [kind["name"], f"{kind['count']:,}", "–" if kind["delta_ap"] is None else f"+{kind['delta_ap']:.3f}"]
        for kind in summary["error_types"]
    ]
    return ["## Error types", markdown_table(["error type", "errors", "AP if fixed"], rows)] if rows else []


def _errors_by_class(summary: Summary) -> list[str]:
    names = [kind["name"] for kind in summary["error_types"]]
    rows = []
    for row in summary["errors_by_class"]:
        counts = {kind["name"]: kind["count"] for kind in row["types"]}
        ap = "–" if row["ap"] is None else f"{row['ap']:.3f}"
        label = escape(summary["labels"][row["label"]])
        rows.append([label, ap, *(f"{counts.get(name, 0):,}" for name in names)])
    return ["## Errors by class", markdown_table(["class", "AP", *names], rows)] if rows else []


def _label_suspects(summary: Summary) -> list[str]:
    suspects = summary["label_suspects"]
    kinds = [kind for kind in (*suspects["kinds"], suspects["together"]) if kind["suspects"]]
    if not kinds:
        return []
    gains = list(suspects["together"]["gains"])
    counts = [
        [escape(kind["title"]), f"{kind['suspects']:,}", *(_gain(kind["gains"].get(name)) for name in gains)]
        for kind in kinds
    ]
    rows = [
        [str(row["rank"]), escape(row["reason"]), f"{row['suspicion']:.2f}", escape(row["file_name"])]
        for row in suspects["suspects"]
    ]
    return [
        "## Labels to look at again",
        markdown_table(["kind", "labels", *(f"{name} if put right" for name in gains)], counts),
        markdown_table(["", "why", "suspicion", "image"], rows),
    ]


def _gain(gain: float | None) -> str:
    return "–" if gain is None else f"{gain:+.3f}"


def _scores(summary: Summary) -> list[str]:
    curve = summary["curves"]["everything"]
    if curve is None:
        return []
    lines = [f"- {escape(sentence)}" for sentence in summary["calibration"]["sentences"]]
    area = curve["area"]["estimate"]
    if area is not None:
        lines.append(f"- Area below precision against recall, all classes pooled: {area:.3f}.")
    lines += [f"- {escape(sentence)}" for sentence in summary["better_thresholds"]["sentences"]]
    return ["## Scores and thresholds", "\n".join(lines)] if lines else []


def _confused_pairs(summary: Summary) -> list[str]:
    confusion, labels = summary["confusion"], summary["labels"]
    cells = [confusion["cells"][place] for place in confusion["pairs"]]
    rows = [[escape(labels[c["true"]]), escape(labels[c["predicted"]]), f"{c['count']:,}"] for c in cells]
    return ["## Most confused pairs", markdown_table(["true", "predicted", "count"], rows)] if rows else []


def _worst_cells(summary: Summary) -> list[str]:
    """The cells of heatmaps whose interval is worse than everything, by errors beyond the rate of everything."""
    overall = next(row["recall"]["estimate"] for row in summary["averages"] if row["average"] == "micro")
    worst = [
        ((overall - recall["estimate"]) * cell["support"], heatmap, cell)
        for heatmap in summary["heatmaps"]
        for cell in heatmap["cells"]
        if overall is not None
        and (recall := cell["recall"])["estimate"] is not None
        and not cell["thin"]
        and recall["upper"] is not None
        and recall["upper"] < overall
    ]
    worst.sort(key=lambda entry: -entry[0])
    rows = [[*_cell_names(heatmap, cell), *_error_rate(cell["recall"])] for _, heatmap, cell in worst]
    wrong = "missed" if summary["task"] == "detection" else "wrong"
    header = ["where", "and", wrong, "95% interval", "of"]
    return ["## Worst cells of two attributes", markdown_table(header, rows)] if rows else []


def _cell_names(heatmap: Heatmap, cell: HeatmapCell) -> list[str]:
    row, column = heatmap["rows"][cell["row"]], heatmap["columns"][cell["column"]]
    named = ((heatmap["rows_by"], row), (heatmap["columns_by"], column))
    return [escape(f"{name}={level['value'] or '(not known)'}") for name, level in named]


def _error_rate(value: Estimate) -> list[str]:
    known = (value["estimate"], value["upper"], value["lower"])
    wrong, low, high = (share(None if bound is None else 1 - bound) for bound in known)
    return [wrong, f"{low} – {high}", f"{value['support']:,}"]


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
        parts += [f"## By {escape(table['attribute'])}", markdown_table(header, rows)]
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
    return ["## By class", markdown_table(header, rows)] if rows else []


def _rate(value: Estimate) -> list[str]:
    return [share(value["estimate"]), f"{share(value['lower'])} – {share(value['upper'])}"]
