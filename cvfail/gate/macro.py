"""Means over classes, each the same: of one model, and the difference of two with the clusters paired."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.gate.measured import Measured
from cvfail.gate.question import Question

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Macro:
    """The mean of a rate over classes that have objects, and what each cluster adds to its error.

    Attributes:
        value: The mean; NaN if no class has objects.
        influence: By cluster code, shape (clusters,).
        units: Denominators of the classes in the mean, shape (K,).
        objects: Objects of all these classes by cluster, shape (clusters,).
    """

    value: float
    influence: Numbers
    units: Numbers
    objects: Numbers

    @classmethod
    def of(cls, question: Question, measured: Measured, clusters: int) -> Macro:
        """Put the classes of a model together.

        Args:
            question: Of a metric in `cvfail.gate.rule.MACROS`.
            measured: The model.
            clusters: More than the highest code of a cluster.

        Notes:
            With sums y and n of class c in cluster i, totals N, ratios r and K classes that have objects and a ratio
            (without predictions there is no precision)::

                z_i = Σ_c (y_ic - r_c n_ic)/N_c / K
        """
        sums = _by_class(question, measured)
        objects = sums.filter(pl.col("metric") == "recall")
        own = sums.filter(
            pl.col("metric") == question.rate, pl.col("category").is_in(objects["category"].implode())
        )
        totals = own.group_by("category", maintain_order=True).agg(pl.col("numerator", "denominator").sum())
        totals = totals.filter(pl.col("denominator") > 0).select(
            "category", total="denominator", ratio=pl.col("numerator") / pl.col("denominator")
        )
        cells = own.join(totals, on="category")
        residual = (pl.col("numerator") - pl.col("ratio") * pl.col("denominator")) / pl.col("total")
        parts = cells.select("cluster", residual.alias("part"))
        kinds = max(len(totals), 1)
        return cls(
            float(totals["ratio"].to_numpy().mean()) if len(totals) else np.nan,
            np.bincount(parts["cluster"].to_numpy(), parts["part"].to_numpy(), clusters) / kinds,
            totals["total"].to_numpy(),
            np.bincount(objects["cluster"].to_numpy(), objects["denominator"].to_numpy(), clusters).astype(
                np.float64
            ),
        )

    def step(self, question: Question) -> float:
        """By how much one unit can move the mean, of classes that are unsure by themselves."""
        moved = 2.0 if question.rate == "f1" else 1.0
        return (
            moved * float(np.sqrt((self.units**-2.0).sum())) / self.units.size if self.units.size else np.nan
        )


def macro_difference(question: Question, baseline: Measured, candidate: Measured) -> dict[str, object]:
    """Candidate less baseline, as a row of `cvfail.gate.estimates.ESTIMATES_SCHEMA`."""
    clusters = max(_clusters(baseline), _clusters(candidate))
    ours, theirs = (Macro.of(question, one, clusters) for one in (baseline, candidate))
    row = _row(question, theirs, theirs.influence - ours.influence)
    estimate = theirs.value - ours.value
    steps = [one.step(question) for one in (ours, theirs)]
    return row | {
        "baseline": _known(ours.value),
        "estimate": _known(estimate),
        "error": row["error"] if np.isfinite(estimate) else None,
        "step": _known(max(steps)),
    }


def macro_alone(question: Question, candidate: Measured) -> dict[str, object]:
    """The candidate alone, as a row of `cvfail.gate.estimates.ESTIMATES_SCHEMA`."""
    own = Macro.of(question, candidate, _clusters(candidate))
    row = _row(question, own, own.influence)
    objects, error = float(own.objects.sum()), row["error"]
    trials = None
    if np.isfinite(own.value) and isinstance(error, float):
        spread = own.value * (1.0 - own.value)
        trials = min(objects, spread / error**2) if spread > 0.0 and error > 0.0 else objects
    return row | {"estimate": row["candidate"], "trials": trials}


def _row(question: Question, own: Macro, influence: Numbers) -> dict[str, object]:
    """What a row has of both kinds: the error is that of an influence."""
    clusters = int(np.count_nonzero(own.objects))
    error = np.sqrt(clusters / (clusters - 1.0) * (influence**2).sum()) if clusters > 1 else np.nan
    return {
        "question": question.key,
        "candidate": _known(own.value),
        "error": _known(float(error)),
        "support": float(own.objects.sum()),
        "clusters": clusters,
    }


def _by_class(question: Question, measured: Measured) -> pl.DataFrame:
    """Sums of the question's classes, with metric and category."""
    asked = [
        (key, metric, category)
        for key in sorted(measured.asked)
        for metric, slice_, category, mode in [msgspec.json.decode(key)]
        if category is not None and mode is None and slice_ == question.slice and metric in question.parts
    ]
    keys = pl.DataFrame(
        asked, schema=dict.fromkeys(("question", "metric", "category"), pl.String), orient="row"
    )
    return measured.sums.join(keys, on="question", maintain_order="left")


def _clusters(measured: Measured) -> int:
    return int(measured.sums["cluster"].to_numpy().max(initial=-1)) + 1


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
