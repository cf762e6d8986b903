"""The report: one summary, rendered as an offline HTML page or as Markdown."""

from __future__ import annotations

from cvfail.report.folder import write_report_folder
from cvfail.report.html import render, write_report
from cvfail.report.markdown import render_markdown
from cvfail.report.schema import Summary
from cvfail.report.summary import summarise

__all__ = ["Summary", "render", "render_markdown", "summarise", "write_report", "write_report_folder"]
