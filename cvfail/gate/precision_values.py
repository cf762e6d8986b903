"""Average precision of a model with replicates that pair with those of any other model on the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.gate.question import Question
from cvfail.metrics.average_precision import replicate_precision
from cvfail.metrics.precision_recall import levelled_precision
from cvfail.slices.predicates import Slice
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence

Numbers = NDArray[np.float64]

_BATCH = 100
"""Replicates that are made at one time."""

_AT_HALF = 0.5


def precision_values(
    evidence: Evidence,
    questions: Sequence[Question],
    *,
    replicates: int,
    seed: int,
    threads: int | None = None,
) -> Mapping[str, Numbers]:
    """AP of what is asked: the value, then its replicates.

    Args:
        evidence: Matched detections.
        questions: Of the metrics ``ap`` and ``ap50``; without a class the mean over classes that have objects.
        replicates: How many.
        seed: Of the weights of clusters: Poisson(1), the same for every model on the same images.
        threads: Threads over classes; all processors if not given.

    Returns:
        By key of the question, shape (1 + replicates,); NaN where undefined.

    Raises:
        QueryError: A slice has no objects, or the ladder has no overlap of .5.
    """
    found: dict[str, Numbers] = {}
    in_order = sorted(questions, key=lambda question: question.slice or "")
    for slice_, group in groupby(in_order, key=lambda question: question.slice):
        own = list(group)
        if any(one.metric == "ap50" for one in own) and _AT_HALF not in evidence.policy.iou_thresholds:
            raise QueryError('ap50: the policy has no overlap of 0.5. Hint: metric = "ap"')
        side = evidence if slice_ is None else _sliced(evidence, slice_)
        values = _values(side, {one.metric for one in own}, replicates, seed, threads)
        labels = evidence.category_names
        for question in own:
            row = -1 if question.category is None else labels.index(question.category)
            found[question.key] = values[question.metric][row]
    return found


def _sliced(evidence: Evidence, slice_: str) -> Evidence:
    chosen = Selection(Slice(slice_), "shared")
    if chosen.of(OperatingPoint.of(evidence)).truth is None:
        raise QueryError(
            f"{slice_}: no object lies in a slice by what only predictions have. Hint: by images"
        )
    return SlicedEvidence(evidence, chosen)


def _values(
    evidence: Evidence, metrics: set[str], replicates: int, seed: int, threads: int | None
) -> dict[str, Numbers]:
    """Of every class, and last their mean, shape (K + 1, 1 + replicates)."""
    whole = levelled_precision(evidence, threads=threads).average_precision[:, 0, 0]
    drawn: dict[str, list[Numbers]] = {name: [_summary(whole[..., None], evidence, name)] for name in metrics}
    whole_batches, rest = divmod(replicates, _BATCH)
    for number, count in enumerate([_BATCH] * whole_batches + [rest] * (rest > 0)):
        samples = replicate_precision(
            evidence, area_count=1, replicates=count, seed=seed + number, threads=threads
        ).average_precision[:, 0]
        for name, parts in drawn.items():
            parts.append(_summary(samples, evidence, name))
    return {name: _with_mean(np.concatenate(parts, axis=1)) for name, parts in drawn.items()}


def _summary(values: Numbers, evidence: Evidence, name: str) -> Numbers:
    """Over the ladder or at .5, from shape (K, T, B)."""
    if name == "ap":
        return np.asarray(values.mean(axis=1))
    return values[:, evidence.policy.iou_thresholds.index(_AT_HALF)]


def _with_mean(values: Numbers) -> Numbers:
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.concatenate([values, mean[None]])
