"""The labels of classified images with their probabilities: what confident learning reads of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.probabilities import has_probabilities, labelled_probabilities
from cvfail.labels.confident_learning import ConfidentLearning
from cvfail.labels.label_quality import Compat

OUT_OF_SAMPLE = "probabilities must be out-of-sample: of images that the model was not fitted on"


@dataclass(frozen=True)
class ClassifiedLabels:
    """Labels that confident learning judges, and the rows that they are.

    Attributes:
        learnt: The estimates; codes of classes are category codes.
        truth: Ground-truth row of each, shape (n,).
        prediction: Prediction row of each, shape (n,).
    """

    learnt: ConfidentLearning
    truth: NDArray[np.int64]
    prediction: NDArray[np.int64]


def classified_labels(evidence: Evidence, *, compat: Compat | None = None) -> ClassifiedLabels:
    """Put the labels of an evaluation to confident learning.

    Args:
        evidence: Classified images.
        compat: See `cvfail.labels.confident_learning`.

    Returns:
        The estimates from every regular label whose image has probabilities.

    Raises:
        QueryError: The evaluation is not of a classifier, or has no probabilities.
    """
    if evidence.task != "classification":
        raise QueryError(
            "confident learning is for classification. Hint: label_errors() finds suspects of detection"
        )
    if not has_probabilities(evidence):
        raise QueryError(
            "label noise is estimated from the probabilities of all classes; this evaluation has none. "
            "Hint: from_labels(true, probabilities=...)"
        )
    truth, prediction, matrix = labelled_probabilities(evidence)
    labels = evidence.coding.truth_category[truth].astype(np.int64)
    return ClassifiedLabels(ConfidentLearning(labels, matrix, compat), truth, prediction)
