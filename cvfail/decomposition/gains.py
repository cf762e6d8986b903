"""What a repair gains: average precision of every class before and after it, with bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from cvfail.decomposition.repaired_curves import Mask
from cvfail.decomposition.replay import Replay, mean_of_defined
from cvfail.statistics.bootstrap import percentile_interval


class Repair(TypedDict, total=False):
    """What of `Replay.average_precision` is changed."""

    repaired: Mask
    excused: Mask
    removed: Mask


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made; without replicates there are none."""

    replicates: int
    confidence: float
    seed: int


@dataclass(frozen=True)
class Gain:
    """Average precision of each class before and after a repair; NaN without ground truth.

    Attributes:
        before: Shape (K,).
        after: Shape (K,).
        before_replicates: The same in bootstrap replicates, shape (K, B); B may be 0.
        after_replicates: Shape (K, B).
        least: Below it is rounding.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    before_replicates: NDArray[np.float64]
    after_replicates: NDArray[np.float64]
    least: float

    def estimate(self, own: slice) -> float | None:
        """The gain of some classes on average; null if none of them has ground truth."""
        before, after = mean_or_null(self.before[own]), mean_or_null(self.after[own])
        return None if before is None or after is None else max(self.least, after - before)

    def bounds(self, own: slice, confidence: float) -> tuple[float | None, float | None]:
        """Its interval; null without replicates."""
        if not self.after_replicates.shape[1]:
            return None, None
        gains = mean_of_defined(self.after_replicates[own]) - mean_of_defined(self.before_replicates[own])
        return percentile_interval(np.maximum(self.least, gains), confidence=confidence)[:2]


def gain(
    replay: Replay,
    before: Repair,
    after: Repair,
    least: float,
    bootstrap: Bootstrap,
    *,
    otherwise: Replay | None = None,
) -> Gain:
    """What one repair gains over another.

    Args:
        replay: The outcomes before.
        before: What is repaired already.
        after: What is repaired then.
        least: A smaller gain is this.
        bootstrap: How intervals are made.
        otherwise: The outcomes after, if they are not those before; of the same evidence.
    """
    then = replay if otherwise is None else otherwise

    def samples(outcomes: Replay, change: Repair) -> NDArray[np.float64]:
        if not bootstrap.replicates:
            return np.zeros((outcomes.evidence.categories.height, 0))
        return outcomes.class_precision_replicates(
            **change, replicates=bootstrap.replicates, seed=bootstrap.seed
        )

    return Gain(
        replay.class_precision(**before),
        then.class_precision(**after),
        samples(replay, before),
        samples(then, after),
        least,
    )


def mean_or_null(values: NDArray[np.float64]) -> float | None:
    """The mean of what is not NaN; null if nothing is left."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else None
