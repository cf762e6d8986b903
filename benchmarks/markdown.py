"""Comparisons as Markdown: what must be reached and what was, then a table a work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.comparison import OWN, TOLERANCE, Check, Comparison, checks
from benchmarks.works import NAMES, Target, Work

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def document(results: Mapping[Work, Comparison], versions: Mapping[str, str], remarks: list[str]) -> str:
    """The targets, then every work with its tools.

    Args:
        results: By work, in the order of the page.
        versions: Of the tools that took part.
        remarks: Lines about the machine and the runs.
    """
    tools = ", ".join(f"{NAMES[tool]} {version}" for tool, version in versions.items())
    lines = [*remarks, f"Tools: {tools}.", "", *targets(results)]
    for work, result in results.items():
        lines += ["", f"### {work.title}", "", *tools_table(work, result)]
    return "\n".join(lines)


def targets(results: Mapping[Work, Comparison]) -> list[str]:
    """One row is a work: what cvfail must reach, what it reached."""
    lines = ["| work | must reach | reached | met |", "|---|---|---|---|"]
    for work, result in results.items():
        found = checks(work.target, result, NAMES)
        bounds = "; ".join(f"≤ {check.bound:g} {check.what}" for check in found) or _bounds(work.target)
        reached = "; ".join(_shown(check) for check in found) or "not measured"
        met = "–" if not found else "yes" if all(check.met for check in found) else "**no**"
        lines.append(f"| {work.title} | {bounds} | {reached} | {met} |")
    return lines


def _shown(check: Check) -> str:
    return f"{check.measured:.2f} {check.what}"


def _bounds(target: Target) -> str:
    """The target in words, where nothing was measured."""
    against = NAMES.get(target.against, target.against + " peer")
    words = [
        f"≤ {target.ratio:g} × {against}" if target.ratio else "",
        f"≤ {target.memory_ratio:g} × its memory" if target.memory_ratio else "",
        f"≤ {target.seconds:g} s" if target.seconds else "",
        f"≤ {target.gigabytes:g} GB" if target.gigabytes else "",
    ]
    return "; ".join(word for word in words if word)


def tools_table(work: Work, result: Comparison) -> list[str]:
    """One row is a tool: median seconds, how many times cvfail's, peak memory, agreement of its numbers."""
    lines = ["| tool | median s | × cvfail | peak GB | runs | numbers |", "|---|---|---|---|---|---|"]
    for tool in sorted(result.runs, key=lambda tool: (tool != OWN, result.seconds(tool))):
        ratio = f"{result.ratio(tool, OWN):.2f}" if OWN in result.runs else "–"
        lines.append(
            f"| {NAMES[tool]} | {result.seconds(tool):.3g} | {ratio} | {result.gigabytes(tool):.2f} "
            f"| {len(result.runs[tool])} | {agreement(work, tool, result)} |"
        )
    lines += [f"| {NAMES[tool]} | – | – | – | 0 | failed: `{why}` |" for tool, why in result.failures.items()]
    return lines


def agreement(work: Work, tool: str, result: Comparison) -> str:
    """Whether a tool's numbers are cvfail's."""
    difference = result.difference(tool)
    if tool == OWN or difference is None:
        return ""
    if not work.exact:
        return "another definition"
    return "equal" if difference <= TOLERANCE else f"**differ by {difference:.2g}**"


def replace_measured(page: Path, text: str) -> None:
    """Put `text` between the marks of a page.

    Raises:
        ValueError: The page has no marks.
    """
    old = page.read_text(encoding="utf-8")
    head, begin, rest = old.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks the lines {BEGIN} and {END}")
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
