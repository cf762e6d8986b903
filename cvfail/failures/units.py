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
from cvfail.failures.value_pair import ValuePair
from cvfail.slices.every_slice import ClusteredUnits

_CLUSTER, _ERROR = "unit:cluster", "unit:error"


@dataclass(frozen=True)
class ErrorUnits:
    """The units that one error is a share of.

    Attributes:
        clustered: Their attributes and clusters.
        errors: 1 for those that have the error, else 0, in the order of `clustered.rows`, shape (n,).
        has_value: Which have the first value of a pair, where the others have the second; None without a pair.
    """

    clustered: ClusteredUnits
    errors: NDArray[np.float64]
    has_value: NDArray[np.bool_] | None


@dataclass(frozen=True)
class Units:
    """Units of one kind with the error of each.

    Attributes:
        errors: The errors that are told of them.
        clustered: Their attributes and clusters.
        codes: The error of each unit, in the order of `clustered.rows`, see `cvfail.failures.errors_of_rows`.
        has_value: See `ErrorUnits`.
    """

    errors: tuple[str, ...]
    clustered: ClusteredUnits
    codes: NDArray[np.int8]
    has_value: NDArray[np.bool_] | None

    def of_error(self, error: str) -> ErrorUnits:
        """The units that one error is a share of, and which of them have it.

        Objects are all of them. False positives are those of this error and all objects, which do not have it.
        """
        code = code_of(error)
        if error in OBJECT_ERRORS:
            return ErrorUnits(self.clustered, (self.codes == code).astype(np.float64), self.has_value)
        kept = (self.codes == code) | (self.codes == NO_ERROR)
        has_value = None if self.has_value is None else self.has_value[kept]
        wrong = (self.codes[kept] == code).astype(np.float64)
        return ErrorUnits(self.clustered.where(kept), wrong, has_value)


def object_units(
    point: OperatingPoint, names: Sequence[str], *, min_support: int, pair: ValuePair | None = None
) -> Units:
    """Every regular ground truth; of those with a pair of values only."""
    wanted = names if pair is None else [*names, pair.attribute]
    frame = pl.concat(point.over_blocks(lambda part: _objects(part, wanted)))
    return _units(OBJECT_ERRORS, frame, min_support, pair)


def prediction_units(
    point: OperatingPoint, names: Sequence[str], *, min_support: int, pair: ValuePair | None = None
) -> Units:
    """Every false positive that costs no object, and every regular ground truth, which bears no error.

    Objects and not predictions are what false positives are measured against: where many objects are missed
    there are fewer predictions, and the same false positives would seem more frequent. Attributes that only
    ground truth has are left out; with a pair of values of such there are no units.
    """
    wanted = names if pair is None else [*names, pair.attribute]
    frame = pl.concat(point.over_blocks(lambda part: _predictions(part, wanted)))
    return _units((*PREDICTION_ERRORS, REDUNDANT), frame, min_support, pair)


def _units(errors: tuple[str, ...], frame: pl.DataFrame, min_support: int, pair: ValuePair | None) -> Units:
    has_value = None
    if pair is not None:
        frame, has_value = _of_pair(frame, pair)
    clustered = ClusteredUnits.of(
        frame.drop(_CLUSTER, _ERROR), frame[_CLUSTER].to_numpy(), min_support=min_support
    )
    rows = clustered.rows
    codes = frame[_ERROR].to_numpy()[rows]
    return Units(errors, clustered, codes, None if has_value is None else has_value[rows])


def _of_pair(frame: pl.DataFrame, pair: ValuePair) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """The units that have either value, and which of them have the first."""
    if pair.attribute not in frame.columns:
        return frame.clear(), np.zeros(0, np.bool_)
    level = pl.col(pair.attribute).cast(pl.String)
    first, second = (level.eq_missing(pl.lit(one, pl.String)) for one in (pair.value, pair.against))
    frame = frame.filter(first | second)
    return frame.drop(pair.attribute), frame.select(first).to_series().to_numpy()


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
