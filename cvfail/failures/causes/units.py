"""The units of an error on both sides, objects and predictions, and where a set of units begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.failures.mode_errors import ModeErrors

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class UnitRows:
    """Some objects and some predictions.

    Attributes:
        truth: Ground-truth rows, shape (G,).
        predictions: Prediction rows, shape (D,).
    """

    truth: Mask
    predictions: Mask

    def __and__(self, other: UnitRows) -> UnitRows:
        return UnitRows(self.truth & other.truth, self.predictions & other.predictions)

    def __sub__(self, other: UnitRows) -> UnitRows:
        return UnitRows(self.truth & ~other.truth, self.predictions & ~other.predictions)

    def of_errors(self, errors: ModeErrors) -> Mask:
        """Which rows of the mode's errors are among them, shape (errors,)."""
        side = self.predictions if errors.mode.unit == "predictions" else self.truth
        return np.asarray(side[errors.rows])

    def per_cluster(self, errors: ModeErrors, evidence: Evidence) -> pl.DataFrame:
        """Errors and units in each cluster that has any: cluster, errors, units.

        Units are regular objects and, for errors of predictions, these errors as well, in the mode's slice or not.
        """
        count = len(evidence.cluster_ids)
        objects = self.truth & evidence.regular()
        of_truth = evidence.clusters[evidence.coding.truth_image]
        units = np.bincount(of_truth[objects], minlength=count)
        if errors.mode.unit == "predictions":
            found = self.predictions & errors.wrong_predictions
            wrong = np.bincount(evidence.clusters[evidence.coding.image[found]], minlength=count)
            units = units + wrong
        else:
            wrong = np.bincount(of_truth[objects & errors.wrong_objects], minlength=count)
        present = np.flatnonzero(units)
        return pl.DataFrame(
            {
                "cluster": present,
                "errors": wrong[present].astype(np.float64),
                "units": units[present].astype(np.float64),
            }
        )
