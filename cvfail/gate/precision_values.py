"""Average precision of a model with replicates that pair with those of any other model on the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cvfail.comparison.precision import class_precision
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.gate.question import Question
from cvfail.slices.predicates import Slice
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence
from cvfail.statistics.bootstrap import poisson_weights

Numbers = NDArray[np.float64]

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
    weights = poisson_weights(evidence.cluster_ids, replicates, seed=seed).T
    in_order = sorted(questions, key=lambda question: question.slice or "")
    for slice_, group in groupby(in_order, key=lambda question: question.slice):
        own = list(group)
        if any(one.metric == "ap50" for one in own) and _AT_HALF not in evidence.policy.iou_thresholds:
            raise QueryError('ap50: the policy has no overlap of 0.5. Hint: metric = "ap"')
        side = evidence if slice_ is None else _sliced(evidence, slice_)
        values = class_precision(side, weights, threads=threads)
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
