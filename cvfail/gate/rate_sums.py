"""Numerators and denominators per cluster of everything that is asked of a model at its operating point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.mode_errors import ModeErrors
from cvfail.gate.question import Question
from cvfail.slices.membership import membership
from cvfail.slices.predicates import Slice
from cvfail.slices.sliced_images import images_of

Mask = NDArray[np.bool_]

SUMS_SCHEMA: dict[str, type[pl.DataType]] = {
    "question": pl.String,
    "cluster": pl.Int32,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
}

_OBJECTS, _FOUND, _WRONG = pl.col("objects"), pl.col("found"), pl.col("wrong")
_PARTS = {
    "recall": (_FOUND, _OBJECTS),
    "precision": (_FOUND, _FOUND + _WRONG),
    "f1": (2 * _FOUND, _FOUND + _WRONG + _OBJECTS),
    "false_positives_per_image": (_WRONG, pl.col("images")),
}
_NUMBERS = ("objects", "found", "wrong")


def rate_sums(point: OperatingPoint, questions: Sequence[Question]) -> pl.DataFrame:
    """The sums behind rates of classes and slices.

    Args:
        point: The model at its operating point.
        questions: Of the metrics of `cvfail.gate.rule.RATES`.

    Returns:
        One row per question and cluster with a denominator other than 0: question (its key), cluster (its code),
        numerator and denominator.

    Raises:
        QueryError: A slice is unknown, or has no objects or no false positives of its own.
    """
    frames = []
    in_order = sorted(questions, key=lambda question: (question.slice or "", question.metric))
    for slice_, own in groupby(in_order, key=lambda question: question.slice):
        cells = _Cells.of(point, None if slice_ is None else Slice(slice_))
        frames += [
            cells.sums(metric, list(group)) for metric, group in groupby(own, key=lambda one: one.metric)
        ]
    return pl.concat([pl.DataFrame(schema=SUMS_SCHEMA), *frames])


def mode_sums(evidence: Evidence, questions: Iterable[Question]) -> pl.DataFrame:
    """Errors and units of frozen failure modes, with the columns of `rate_sums`.

    Raises:
        PolicyError: The evidence was matched in another way than a mode says.
        QueryError: An attribute or a class of a mode is unknown.
    """
    known: dict[tuple[float, float], RowErrors] = {}
    frames = [pl.DataFrame(schema=SUMS_SCHEMA)]
    for question in questions:
        mode = question.mode
        assert mode is not None
        point = mode.on(evidence)
        errors = known.setdefault((mode.iou, mode.score), RowErrors(point))
        own, _ = ModeErrors.of(mode, errors).per_cluster()
        sums = own.select("cluster", numerator="errors", denominator="units", question=pl.lit(question.key))
        frames.append(_told(sums))
    return pl.concat(frames)


def _told(sums: pl.DataFrame) -> pl.DataFrame:
    """One row per question and cluster, in order; clusters without units left out."""
    by_cluster = sums.group_by("question", "cluster", maintain_order=True).agg(
        pl.col("numerator", "denominator").sum()
    )
    known = by_cluster.filter(pl.col("denominator") != 0).sort("question", "cluster")
    return known.select(pl.col(name).cast(dtype) for name, dtype in SUMS_SCHEMA.items())


@dataclass(frozen=True)
class _Cells:
    """Objects, found objects and false positives of a slice by class and cluster.

    Attributes:
        counts: category and cluster (codes), objects, found, wrong.
        images: cluster and images: of the slice.
        labels: Classes by code.
        slice: The slice; None for everything.
        has_wrong: Whether the slice has false positives of its own.
    """

    counts: pl.DataFrame
    images: pl.DataFrame
    labels: list[str]
    slice: Slice | None
    has_wrong: bool

    @classmethod
    def of(cls, point: OperatingPoint, slice_: Slice | None) -> _Cells:
        evidence, coding = point.evidence, point.evidence.coding
        truth, found, wrong = evidence.regular(), point.found, point.wrong
        here = np.ones(evidence.images.height, np.bool_)
        has_wrong = True
        if slice_ is not None:
            rows = membership(point, slice_)
            if rows.truth is None:
                raise QueryError(
                    f"{slice_.name}: no object lies in a slice by what only predictions have. "
                    "Hint: slice by images or objects"
                )
            truth, found = truth & rows.truth, found & rows.truth
            has_wrong = rows.wrong is not None
            wrong = wrong & rows.wrong if rows.wrong is not None else np.zeros_like(wrong)
            here = images_of(evidence, slice_)
        clusters = len(evidence.cluster_ids)
        of_truth = coding.truth_category.astype(np.int64) * clusters + evidence.clusters[coding.truth_image]
        of_wrong = coding.category.astype(np.int64) * clusters + evidence.clusters[coding.image]
        counts = pl.concat(
            [
                _counted(of_truth[truth], "objects"),
                _counted(of_truth[found], "found"),
                _counted(of_wrong[wrong], "wrong"),
            ],
            how="diagonal",
        )
        cells = counts.with_columns(pl.col(_NUMBERS).fill_null(0)).select(
            (pl.col("key") // max(clusters, 1)).alias("category"),
            (pl.col("key") % max(clusters, 1)).alias("cluster"),
            *_NUMBERS,
        )
        count = np.bincount(evidence.clusters[here], minlength=clusters)
        images = pl.DataFrame({"cluster": np.arange(clusters), "images": count}).filter(pl.col("images") > 0)
        return cls(cells, images, evidence.category_names, slice_, has_wrong)

    def sums(self, metric: str, questions: Sequence[Question]) -> pl.DataFrame:
        """What questions of one metric in this slice ask for."""
        if metric != "recall" and not self.has_wrong:
            assert self.slice is not None
            raise QueryError(
                f"{self.slice.name}: {metric} is unknown, false positives have no such attribute. "
                "Hint: ask for recall, or slice by images, class or size"
            )
        keys = pl.DataFrame(
            {
                "category": [
                    self.labels.index(one.category) for one in questions if one.category is not None
                ],
                "question": [one.key for one in questions if one.category is not None],
            },
            schema={"category": pl.Int64, "question": pl.String},
        )
        cells = [self.counts.join(keys, on="category")]
        cells += [
            self.counts.with_columns(question=pl.lit(one.key)) for one in questions if one.category is None
        ]
        whole = pl.concat(cells)
        if metric == "false_positives_per_image":
            whole = self._with_images(whole, questions)
        numerator, denominator = _PARTS[metric]
        return _told(whole.select("question", "cluster", numerator=numerator, denominator=denominator))

    def _with_images(self, cells: pl.DataFrame, questions: Sequence[Question]) -> pl.DataFrame:
        """The same, and how many images each cluster has, those without false positives as well."""
        every = pl.DataFrame({"question": [one.key for one in questions]}).join(self.images, how="cross")
        return pl.concat([cells, every], how="diagonal").with_columns(pl.col("wrong", "images").fill_null(0))


def _counted(keys: NDArray[np.int64], name: str) -> pl.DataFrame:
    known, count = np.unique(keys, return_counts=True)
    return pl.DataFrame({"key": known, name: count.astype(np.int64)})
