"""The report: one summary, rendered as an offline HTML page."""
