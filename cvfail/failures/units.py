"""The units in which each error type is counted: objects that were not found, predictions that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import attributes
from cvfail.evidence.operating_point import OperatingPoint

TRUTH_ERRORS = ("missed", "classification", "localisation")
"""Told of ground truth: nothing aims at it, or only something of the wrong class or with a poor box."""

PREDICTION_ERRORS = ("duplicate", "background", "both")
"""Told of predictions that count."""


@dataclass(frozen=True)
class Units:
    """Rows of one kind with their attributes and their errors.

    Attributes:
        kind: ``ground_truth`` or ``predictions``.
        error_types: The errors that are told of this kind.
        frame: One row per unit: ``cluster``, one column per attribute, one 0/1 column per error type (named
            ``error:<type>``), and ``row``, the row number in the table.
        attributes: Names of the attribute columns.
    """

    kind: str
    error_types: tuple[str, ...]
    frame: pl.DataFrame
    attributes: tuple[str, ...]

    def errors(self, error_type: str) -> pl.Series:
        """The 0/1 column of one error type."""
        return self.frame[error_column(error_type)]

    @cached_property
    def clusters(self) -> pl.Series:
        """Cluster of each unit."""
        return self.frame["cluster"]


def error_column(error_type: str) -> str:
    """The column of `Units.frame` that marks an error type."""
    return f"error:{error_type}"


def truth_units(point: OperatingPoint, names: Sequence[str]) -> Units:
    """Every regular ground truth; an object has at most one error."""
    evidence = point.evidence
    outcome = point.ground_truth["outcome"]
    chosen = attributes(evidence, names)
    columns = [attribute.truth.alias(attribute.name) for attribute in chosen]
    clusters = evidence.clusters[evidence.coding.truth_image]
    return _units("ground_truth", TRUTH_ERRORS, clusters, columns, outcome, evidence.regular())


def prediction_units(point: OperatingPoint, names: Sequence[str]) -> Units:
    """Every prediction that counts; attributes that only ground truth has are left out."""
    evidence = point.evidence
    chosen = [attribute for attribute in attributes(evidence, names) if attribute.prediction is not None]
    columns = [
        attribute.prediction.alias(attribute.name) for attribute in chosen if attribute.prediction is not None
    ]
    clusters = evidence.clusters[evidence.coding.image]
    kind = point.all_predictions["error_type"]
    return _units("predictions", PREDICTION_ERRORS, clusters, columns, kind, point.correct | point.wrong)


def _units(
    kind: str,
    error_types: tuple[str, ...],
    clusters: NDArray[np.int32],
    columns: Sequence[pl.Series],
    outcome: pl.Series,
    counted: NDArray[np.bool_],
) -> Units:
    text = outcome.cast(pl.String)
    errors = [
        (text == name).fill_null(False).cast(pl.Float64).alias(error_column(name)) for name in error_types
    ]
    frame = pl.DataFrame(
        [pl.Series("row", np.arange(counted.size)), pl.Series("cluster", clusters), *columns, *errors]
    )
    names = tuple(column.name for column in columns)
    return Units(kind, error_types, frame.filter(pl.Series(counted)), names)
