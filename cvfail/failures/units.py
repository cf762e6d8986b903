"""The units in which each error type is counted: objects that were not found, predictions that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from cvfail.evidence.attributes import Attribute, attributes
from cvfail.evidence.operating_point import OBJECT_ERRORS, OperatingPoint

ROW = "unit:row"
CLUSTER = "unit:cluster"
"""Columns of `Units.frame` beside attributes, which may have any name."""


@dataclass(frozen=True)
class Units:
    """Rows of one kind with their attributes and their errors.

    Attributes:
        kind: The table that the errors are rows of: ``ground_truth`` or ``predictions``.
        error_types: The errors that are told of this kind.
        frame: One row per unit: ``unit:cluster``, one column per attribute, one 0/1 column per error type (named
            ``error:<type>``), and ``unit:row``, the row number in the table; null for a unit of the other table.
        attributes: Names of the attribute columns that have more than one value here.
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
        return self.frame[CLUSTER]


def error_column(error_type: str) -> str:
    """The column of `Units.frame` that marks an error type."""
    return f"error:{error_type}"


def truth_units(point: OperatingPoint, names: Sequence[str]) -> Units:
    """Every regular ground truth; an object has at most one error."""
    frame = _truths(point, attributes(point.evidence, names))
    outcome = point.ground_truth["outcome"].filter(pl.Series(point.evidence.regular()))
    return _units("ground_truth", OBJECT_ERRORS, frame, outcome)


def prediction_units(point: OperatingPoint, names: Sequence[str], error_type: str) -> Units:
    """Every false positive of one type, and every regular ground truth, which bears no error.

    Objects and not predictions are what false positives are measured against: where many objects are missed
    there are fewer predictions, and the same false positives would seem more frequent. Attributes that only
    ground truth has are left out.
    """
    evidence = point.evidence
    chosen = [attribute for attribute in attributes(evidence, names) if attribute.prediction is not None]
    values = [
        attribute.prediction.alias(attribute.name) for attribute in chosen if attribute.prediction is not None
    ]
    clusters = pl.Series(CLUSTER, evidence.clusters[evidence.coding.image])
    rows = pl.Series(ROW, np.arange(clusters.len()))
    kinds = point.all_predictions["error_type"].cast(pl.String)
    wrong = pl.DataFrame([rows, clusters, *values]).filter(kinds.eq_missing(pl.Series([error_type])))
    objects = _truths(point, chosen).with_columns(pl.lit(None, pl.Int64).alias(ROW))
    outcome = pl.repeat(error_type, wrong.height, dtype=pl.String, eager=True).extend_constant(
        None, objects.height
    )
    return _units("predictions", (error_type,), pl.concat([wrong, objects]), outcome)


def _truths(point: OperatingPoint, chosen: Sequence[Attribute]) -> pl.DataFrame:
    """Row, cluster and attribute values of every regular ground truth."""
    evidence = point.evidence
    clusters = pl.Series(CLUSTER, evidence.clusters[evidence.coding.truth_image])
    rows = pl.Series(ROW, np.arange(clusters.len()))
    values = [attribute.truth.alias(attribute.name) for attribute in chosen]
    return pl.DataFrame([rows, clusters, *values]).filter(pl.Series(evidence.regular()))


def _units(kind: str, error_types: tuple[str, ...], frame: pl.DataFrame, outcome: pl.Series) -> Units:
    text = outcome.cast(pl.String)
    errors = [
        text.eq_missing(pl.Series([name])).cast(pl.Float64).alias(error_column(name)) for name in error_types
    ]
    names = [name for name in frame.columns if name not in {ROW, CLUSTER} and frame[name].n_unique() > 1]
    return Units(kind, error_types, frame.with_columns(errors), tuple(names))
