"""What may be said of a report, in whatever form it is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from cvfail.report.reportable import Reportable

if TYPE_CHECKING:
    import polars as pl

    from cvfail.failures.interventions.rule import Rule


class SummaryOptions(TypedDict, total=False):
    """Options of `cvfail.report.summary.summarise`, which says what each means."""

    baseline: Reportable | None
    images: str | Path | None
    title: str | None
    max_thumbnails: int
    training: pl.DataFrame | None
    rules: Sequence[Rule] | None
