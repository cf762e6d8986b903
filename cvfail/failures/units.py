"""The units in which errors are counted: objects for what is not found, objects and false positives for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import attributes
from cvfail.evidence.operating_point import OBJECT_ERRORS, PREDICTION_ERRORS, OperatingPoint
from cvfail.failures.errors_of_rows import NO_ERROR, code_of, object_errors, prediction_errors
from cvfail.failures.failure_mode import REDUNDANT
from cvfail.slices.every_slice import ClusteredUnits

_CLUSTER, _ERROR = "unit:cluster", "unit:error"


@dataclass(frozen=True)
class Units:
    """Units of one kind with the error of each.

    Attributes:
        errors: The errors that are told of them.
        clustered: Their attributes and clusters.
        codes: The error of each unit, in the order of `clustered.rows`, see `cvfail.failures.errors_of_rows`.
    """

    errors: tuple[str, ...]
    clustered: ClusteredUnits
    codes: NDArray[np.int8]

    def of_error(self, error: str) -> tuple[ClusteredUnits, NDArray[np.float64]]:
        """The units that one error is a share of, and which of them have it.

        Objects are all of them. False positives are those of this error and all objects, which do not have it.
        """
        code = code_of(error)
        if error in OBJECT_ERRORS:
            return self.clustered, (self.codes == code).astype(np.float64)
        kept = (self.codes == code) | (self.codes == NO_ERROR)
        return self.clustered.where(kept), (self.codes[kept] == code).astype(np.float64)


def object_units(point: OperatingPoint, names: Sequence[str], *, min_support: int) -> Units:
    """Every regular ground truth."""
    frame = pl.concat(point.over_blocks(lambda part: _objects(part, names)))
    return _units(OBJECT_ERRORS, frame, min_support)


def prediction_units(point: OperatingPoint, names: Sequence[str], *, min_support: int) -> Units:
    """Every false positive that costs no object, and every regular ground truth, which bears no error.

    Objects and not predictions are what false positives are measured against: where many objects are missed
    there are fewer predictions, and the same false positives would seem more frequent. Attributes that only
    ground truth has are left out.
    """
    frame = pl.concat(point.over_blocks(lambda part: _predictions(part, names)))
    return _units((*PREDICTION_ERRORS, REDUNDANT), frame, min_support)


def _units(errors: tuple[str, ...], frame: pl.DataFrame, min_support: int) -> Units:
    clustered = ClusteredUnits.of(
        frame.drop(_CLUSTER, _ERROR), frame[_CLUSTER].to_numpy(), min_support=min_support
    )
    return Units(errors, clustered, frame[_ERROR].to_numpy()[clustered.rows])


def _objects(point: OperatingPoint, names: Sequence[str]) -> pl.DataFrame:
    """Attributes, cluster and error of the regular ground truth of a block."""
    evidence = point.evidence
    values = [one.truth.alias(one.name) for one in attributes(evidence, names)]
    clusters = pl.Series(_CLUSTER, evidence.clusters[evidence.coding.truth_image])
    errors = pl.Series(_ERROR, object_errors(point))
    return pl.DataFrame([*values, clusters, errors]).filter(pl.Series(evidence.regular()))


def _predictions(point: OperatingPoint, names: Sequence[str]) -> pl.DataFrame:
    """The same of the false positives of a block, then of its regular ground truth."""
    evidence = point.evidence
    chosen = [one for one in attributes(evidence, names) if one.prediction is not None]
    values = [one.prediction.alias(one.name) for one in chosen if one.prediction is not None]
    clusters = pl.Series(_CLUSTER, evidence.clusters[evidence.coding.image])
    errors = pl.Series(_ERROR, prediction_errors(point))
    wrong = pl.DataFrame([*values, clusters, errors]).filter(pl.col(_ERROR) != NO_ERROR)
    objects = _objects(point, [one.name for one in chosen])
    return pl.concat([wrong, objects.with_columns(pl.lit(NO_ERROR, pl.Int8).alias(_ERROR))])
