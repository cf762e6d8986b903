"""A frozen mode on two models: its errors and units in every cluster, side by side."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.mode_errors import ModeErrors


class PairedModes:
    """Counts of frozen modes on two models; the errors of all rows are worked out once per operating point.

    Args:
        first: The baseline.
        second: The candidate, on the same images and labels.
    """

    def __init__(self, first: Evidence, second: Evidence) -> None:
        self._models = first, second
        self._known: dict[tuple[int, float, float], RowErrors] = {}

    def errors(self, mode: FailureMode) -> tuple[ModeErrors, ModeErrors]:
        """The mode on each of the two.

        Raises:
            PolicyError: They were matched in another way than the mode says.
            QueryError: An attribute or a class of the mode is unknown.
        """
        made = [ModeErrors.of(mode, self._rows(mode, model)) for model in range(2)]
        return made[0], made[1]

    def sums(self, mode: FailureMode) -> pl.DataFrame:
        """Errors and units per cluster: columns cluster (its id), y1, n1, y2, n2; a cluster has several rows.

        Raises:
            PolicyError: The slice of a mode of objects has other objects in the second model.
        """
        frames = []
        for number, (evidence, errors) in enumerate(zip(self._models, self.errors(mode), strict=True), 1):
            own, _ = errors.per_cluster()
            frames.append(
                sums_of_model(number, evidence, own["cluster"].to_numpy(), own["errors"], own["units"])
            )
        sums = side_by_side(frames)
        if mode.unit == "ground_truth":
            _refuse_other_objects(mode, sums)
        return sums

    def _rows(self, mode: FailureMode, model: int) -> RowErrors:
        key = (model, mode.iou, mode.score)
        point = mode.on(self._models[model])
        if key not in self._known:
            self._known[key] = RowErrors(point)
        return self._known[key]


def _refuse_other_objects(mode: FailureMode, sums: pl.DataFrame) -> None:
    units = sums.group_by("cluster").agg(pl.col("n1", "n2").sum())
    if not units["n1"].equals(units["n2"].alias("n1")):
        raise PolicyError(
            f"{mode.name!r} has other objects in the candidate than in the baseline: the attribute differs between "
            "the two. Hint: join the same table to both"
        )


def sums_of_model(
    number: int, evidence: Evidence, clusters: NDArray[np.int64], y: pl.Series, n: pl.Series
) -> pl.DataFrame:
    """Sums of one model by the id of the cluster, columns cluster, y1 and n1 (or y2 and n2)."""
    return pl.DataFrame(
        {
            "cluster": evidence.cluster_ids.gather(clusters),
            f"y{number}": y.cast(pl.Float64),
            f"n{number}": n.cast(pl.Float64),
        }
    )


def side_by_side(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """The sums of both models, one under the other, 0 where the other model's stand."""
    return pl.concat(frames, how="diagonal").with_columns(pl.col("y1", "n1", "y2", "n2").fill_null(0.0))
