"""The page: the report, with pictures that are fetched when they are seen and a panel that asks SQL."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from cvfail.report.html import Addition, content_security_policy, render
from cvfail.report.summary import summarise
from cvfail.serve.pictures import Pictures

if TYPE_CHECKING:
    from cvfail.analyses import Analyses
    from cvfail.evaluation import Evaluation
    from cvfail.failures.mode_table import FailureModes
    from cvfail.labels.suspects import LabelErrors
    from cvfail.report.reportable import Reportable
    from cvfail.report.schema import Summary


class _Keeping:
    """Answers as an evaluation does; what SQL reads as well is made once."""

    def __init__(self, evaluation: Evaluation, analyses: Analyses) -> None:
        self._evaluation, self._analyses = evaluation, analyses

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._evaluation, name)

    def failure_modes(self) -> FailureModes:
        return self._analyses.failure_modes

    def label_errors(self) -> LabelErrors:
        return self._analyses.label_errors


def served_summary(evaluation: Evaluation, pictures: Pictures, token: str, *, title: str | None) -> Summary:
    """The summary of a report whose pictures have addresses on the server."""
    keeping = cast("Reportable", _Keeping(evaluation, evaluation.analyses()))
    summary = summarise(keeping, title=title)
    if pictures.known:
        codes = _codes(evaluation, summary)
        summary["pictures"] = pictures.enter(summary["examples"], summary["images"], codes, token)
        summary["picture_report"] = {
            **summary["picture_report"],
            "asked": True,
            "made": len(summary["pictures"]),
        }
    return summary


def served_page(summary: Summary) -> tuple[bytes, str]:
    """The page and the content security policy that its answer must carry."""
    folder = files(__package__) / "assets"
    addition = Addition(
        style=(folder / "explore.css").read_text(encoding="utf-8"),
        script="\n".join((folder / name).read_text(encoding="utf-8") for name in ("paging.js", "explore.js")),
    )
    return render(summary, addition).encode("utf-8"), content_security_policy(addition)


def _codes(evaluation: Evaluation, summary: Summary) -> list[int]:
    """The number of each image of a summary; the first of those that share a name."""
    table = evaluation.evidence.images.sort("image_id").select(
        code=pl.int_range(pl.len()), name=pl.coalesce("file_name", pl.col("image_id").cast(pl.String))
    )
    first = dict(reversed(list(table.select("name", "code").iter_rows())))
    return [first[image["file_name"]] for image in summary["images"]]
