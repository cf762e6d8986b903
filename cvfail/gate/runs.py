"""A history: the saved runs of a folder, listed and trended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl

from cvfail.errors import FormatError, MissingFileError, PolicyError, QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.manifest import MANIFEST, created_of
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.failures.failure_mode import FailureMode
from cvfail.gate.estimates import absolute_estimates
from cvfail.gate.inference import with_interval
from cvfail.gate.measured import Measured, measured
from cvfail.gate.question import Question
from cvfail.gate.rule import ERROR_RATE, METRICS, PRECISIONS
from cvfail.gate.rules_file import Rules
from cvfail.gate.trend import Trend, trend_of
from cvfail.tables.result import ResultTable

Order = Literal["date", "name"]

_HEADLINES = ("ap50", "precision", "recall", "f1")
_HEAD_SCHEMA: dict[str, pl.DataType] = {
    "run": pl.String(),
    "date": pl.Datetime("us", "UTC"),
    "task": pl.String(),
    "inputs": pl.String(),
    "policy": pl.String(),
    "images": pl.Int64(),
    "objects": pl.Int64(),
    "predictions": pl.Int64(),
}


@dataclass(frozen=True)
class Run:
    """A saved run in a folder.

    Attributes:
        name: Of its folder, below the folder of runs.
        folder: The folder.
        date: When it was saved, UTC, as its manifest says; a copy has the date of what was copied.
    """

    name: str
    folder: Path
    date: datetime

    def open(self) -> Evidence:
        """Its evidence; rows are read when they are needed."""
        return open_evidence(self.folder)


class Runs(ResultTable):
    """The runs of a folder, the oldest first.

    Attributes:
        df: run, date, task, inputs (twelve digits: the same for the same images, classes and labels), policy,
            images, objects, predictions, and each headline metric with _lower and _upper; null where undefined.
        found: The runs.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, found: Sequence[Run], settings: Rules) -> None:
        super().__init__(df, caption=caption)
        self.found = tuple(found)
        self._settings = settings

    def trend(
        self,
        *,
        slices: str | Sequence[str] = (),
        modes: Iterable[FailureMode] = (),
        metrics: str | Sequence[str] = ("recall",),
        classes: str | Sequence[str] = (),
        confidence: float = 0.95,
    ) -> Trend:
        """The same slices and failure modes on every run.

        Args:
            slices: Slices as in `cvfail.slices.predicates.Slice`; everything if neither these nor modes are given.
            modes: Frozen failure modes, for their error rates.
            metrics: What is asked of slices: precision, recall, f1, false_positives_per_image, ap, ap50.
            classes: Also each of these classes by itself, in every slice.
            confidence: Coverage of the intervals.

        Returns:
            See `cvfail.gate.trend.Trend`.

        Raises:
            PolicyError: A metric is unknown, or a run was matched in another way than a mode says.
            QueryError: A run has no such attribute or class.

        Notes:
            Values such as ``brightness=10 – 24.5`` are ranges of one data set's own quantiles; on other images write
            ``brightness < 24.5``.
        """
        asked_slices = [slices] if isinstance(slices, str) else list(slices)
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [name for name in names if name not in METRICS or name == ERROR_RATE]
        if unknown:
            known = ", ".join(name for name in METRICS if name != ERROR_RATE)
            raise PolicyError(f"no metric {unknown[0]!r}. Hint: one of {known}")
        frozen = list(modes)
        places: list[str | None] = [*asked_slices] or ([] if frozen else [None])
        of_classes: list[str | None] = [None, *([classes] if isinstance(classes, str) else classes)]
        questions = [
            *(
                Question(name, slice_, category)
                for slice_ in places
                for category in of_classes
                for name in names
            ),
            *(Question(ERROR_RATE, mode=mode) for mode in frozen),
        ]
        known_runs = [(run, _measured(run, questions, self._settings)) for run in self.found]
        return trend_of(
            [(run.name, run.date, one) for run, one in known_runs], questions, confidence=confidence
        )


def runs(
    folder: str | Path,
    *,
    metrics: Sequence[str] | None = None,
    order: Order = "date",
    iou: float | None = None,
    score: float | None = None,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
) -> Runs:
    """List the saved runs of a folder.

    Args:
        folder: Its subfolders that `Evaluation.save` wrote are runs; others are not looked at.
        metrics: Headline metrics; ap50 (of detectors), precision, recall and f1 if not given.
        order: By the time of saving, or by name.
        iou: Overlap threshold; each run's own if not given.
        score: Score threshold; each run's own if not given.
        replicates: Bootstrap replicates, of average precision.
        confidence: Coverage of the intervals.
        seed: Of the weights.

    Raises:
        MissingFileError: There is no such folder.
        FormatError: A run is damaged.
        PolicyError: A metric is unknown, or the folder is a run itself.
    """
    found = sorted(
        _found(Path(folder)), key=lambda run: (run.date, run.name) if order == "date" else run.name
    )
    settings = Rules(rules=(), iou=iou, score=score, replicates=replicates, seed=seed)
    wanted = list(_HEADLINES if metrics is None else metrics)
    unknown = [name for name in wanted if name not in METRICS or name == ERROR_RATE]
    if unknown:
        raise PolicyError(f"no metric {unknown[0]!r}. Hint: one of {', '.join(METRICS[:-1])}")
    lines = [_line(run, wanted, settings, confidence) for run in found]
    schema = _HEAD_SCHEMA | {
        f"{name}{end}": pl.Float64() for name in wanted for end in ("", "_lower", "_upper")
    }
    return Runs(
        pl.DataFrame(lines, schema=schema),
        caption=f"{len(found)} run{'s' * (len(found) != 1)} in {folder}; {confidence:.6g} intervals",
        found=found,
        settings=settings,
    )


def _found(folder: Path) -> list[Run]:
    if not folder.is_dir():
        raise MissingFileError(f"{folder} is not a folder. Hint: a folder with runs of cvfail evaluate -o")
    if (folder / MANIFEST).is_file():
        raise PolicyError(f"{folder} is one run. Hint: the folder that holds it")
    return [
        Run(path.parent.name, path.parent, created_of(path.parent)) for path in folder.glob(f"*/{MANIFEST}")
    ]


def _line(run: Run, metrics: list[str], settings: Rules, confidence: float) -> dict[str, object]:
    evidence = run.open()
    is_detector = evidence.task == "detection"
    known = [
        name for name in metrics if is_detector or name not in {*PRECISIONS, "false_positives_per_image"}
    ]
    questions = [Question(name) for name in known]
    one = _measured(run, questions, settings, evidence)
    rows = with_interval(absolute_estimates(questions, one), confidence)
    by_key = {row["question"]: row for row in rows.iter_rows(named=True)}
    line: dict[str, object] = {
        "run": run.name,
        "date": run.date,
        "task": evidence.task,
        "inputs": one.identity.inputs,
        "policy": one.described,
        "images": evidence.images.height,
        "objects": int(evidence.regular().sum()),
        "predictions": evidence.outcomes.rows("predictions"),
    }
    for question in questions:
        row = by_key.get(question.key, {})
        line |= {
            question.metric: row.get("estimate"),
            f"{question.metric}_lower": row.get("lower"),
            f"{question.metric}_upper": row.get("upper"),
        }
    return line


def _measured(
    run: Run, questions: Sequence[Question], settings: Rules, evidence: Evidence | None = None
) -> Measured:
    """A run, whose name every problem carries."""
    try:
        return measured(evidence or run.open(), questions, settings)
    except (FormatError, MissingFileError, PolicyError, QueryError) as error:
        raise type(error)(f"run {run.name}: {error}") from error
