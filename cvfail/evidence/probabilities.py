"""The probability of every class of every classified image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.tables.identifiers import encode


def has_probabilities(evidence: Evidence) -> bool:
    """Whether the model gave a probability of each class."""
    names = evidence.outcomes.names("predictions")
    if "probabilities" not in names:
        return False
    column = evidence.outcomes.column("predictions", "probabilities")
    return column.null_count() < len(column) or column.is_empty()


def labelled_probabilities(
    evidence: Evidence,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Regular labels of images for which the model gave probabilities.

    Args:
        evidence: Of a classifier; see `has_probabilities`.

    Returns:
        Ground-truth row and prediction row of each, shape (n,), and the probability of each category code, shape
        (n, K); 0 for classes that the model does not know.
    """
    coding = evidence.coding
    given = evidence.outcomes.column("predictions", "probabilities")
    answer = np.full(len(coding.image_keys), -1, np.int64)
    told = np.flatnonzero(given.is_not_null().to_numpy())
    answer[coding.image[told]] = told
    truth = np.flatnonzero(evidence.regular() & (answer[coding.truth_image] >= 0))
    prediction = answer[coding.truth_image[truth]]
    return truth, prediction, probability_matrix(evidence, prediction)


def probability_matrix(evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The probability of each category code.

    Args:
        evidence: Of a classifier.
        rows: Prediction rows that have probabilities, shape (n,).

    Returns:
        Shape (n, K); 0 for classes that the model does not know.
    """
    keys = evidence.coding.category_keys
    given = evidence.outcomes.column("predictions", "probabilities").gather(rows)
    width = int(given.list.len().max() or 0)  # type: ignore[arg-type]
    matrix = np.zeros((rows.size, len(keys)))
    columns = encode(evidence.categories["category_id"], keys)[:width]
    matrix[:, columns] = given.explode(empty_as_null=False).to_numpy().reshape(rows.size, width)
    return matrix
