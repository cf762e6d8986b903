"""What a slice search ranks by, each objective with a bound that no narrower slice can exceed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import QueryError

Numbers = NDArray[np.float64]

ObjectiveName = Literal["sliceline", "excess", "risk", "rate"]
Reference = Literal["all", "rest"]


@dataclass(frozen=True)
class Totals:
    """Sums over all units that count.

    Attributes:
        units: Number of units N.
        weight: Σ weight, which is N where units have no weights.
        errors: Σ weight · error.
    """

    units: float
    weight: float
    errors: float


class Objective(Protocol):
    """A number to maximise over slices; only slices above 0 are of interest."""

    def score(self, support: Numbers, weight: Numbers, errors: Numbers) -> Numbers:
        """The objective of slices.

        Args:
            support: Units of each slice, >= 1.
            weight: Σ weight of each slice.
            errors: Σ weight · error of each slice.
        """
        ...

    def bound(self, support: Numbers, errors: Numbers, peak: Numbers | float, least: int) -> Numbers:
        """At least the objective of every slice with no more support, no more errors, no error above the peak.

        Args:
            support: Most units that a slice can have.
            errors: Largest Σ weight · error that it can have.
            peak: Largest error of a unit in it.
            least: Fewest units that it may have.
        """
        ...

    def describe(self) -> str:
        """The objective in a caption."""
        ...


@dataclass(frozen=True)
class SliceLineScore:
    """α (rate / overall rate - 1) - (1 - α) (N / support - 1): relative error against size.

    The whole table scores 0. The bound is the largest score over all feasible sizes s, which are reached at the
    smallest one, at the largest one, or where every unit has the largest error: Σ errors / peak.

    Source: Sagadeeva and Boehm, SliceLine, SIGMOD 2021, equations 1 and 3 with n the number of rows.
    """

    totals: Totals
    alpha: float = 0.95

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha <= 1.0:
            raise QueryError(
                f"alpha must be in (0, 1]; found {self.alpha}. Hint: 0.95 is the paper's setting"
            )

    def score(self, support: Numbers, weight: Numbers, errors: Numbers) -> Numbers:
        """See `Objective`."""
        units, wrong = self.totals.units, self.totals.errors
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = errors * units / (support * wrong) - 1.0
            return self.alpha * relative - (1.0 - self.alpha) * (units / support - 1.0)

    def bound(self, support: Numbers, errors: Numbers, peak: Numbers | float, least: int) -> Numbers:
        """See `Objective`."""
        smallest = np.minimum(np.full_like(support, least), support)
        full = np.clip(errors / peak, smallest, support)
        probes = (smallest, full, support)
        scores = [self.score(size, size, np.minimum(errors, size * peak)) for size in probes]
        return np.maximum(np.maximum(scores[0], scores[1]), scores[2])

    def describe(self) -> str:
        """See `Objective`."""
        return f"SliceLine score, alpha={self.alpha:g}"


@dataclass(frozen=True)
class ExcessErrors:
    """Errors beyond those expected at a reference rate: errors - rate · weight.

    With ``reference="all"`` the rate is that of all units; with ``"rest"`` that of the units outside the slice; a
    number is a rate of the user's. With weights errors and units count as much as they weigh, which makes it the
    risk in excess. Few units with many errors are best: the bound lets a slice keep all errors of its parents in
    as few units as can bear them.
    """

    totals: Totals
    reference: Reference | float = "all"
    weighted: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.reference, str) and self.reference not in {"all", "rest"}:
            raise QueryError(f"reference must be 'all', 'rest' or a rate; found {self.reference!r}")

    def score(self, support: Numbers, weight: Numbers, errors: Numbers) -> Numbers:
        """See `Objective`."""
        whole, wrong = self.totals.weight, self.totals.errors
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.reference == "all":
                return (errors * whole - weight * wrong) / whole
            if self.reference == "rest":
                excess = (errors * whole - weight * wrong) / (whole - weight)
                return np.where(whole > weight, excess, -np.inf)
        return errors - weight * float(self.reference)

    def bound(self, support: Numbers, errors: Numbers, peak: Numbers | float, least: int) -> Numbers:
        """See `Objective`."""
        lightest = errors / peak
        if not self.weighted:
            lightest = np.maximum(lightest, least)
        bound = self.score(support, lightest, errors)
        if self.reference == "rest":
            return np.where(lightest < self.totals.weight, bound, np.inf)
        return bound

    def describe(self) -> str:
        """See `Objective`."""
        kind = "risk" if self.weighted else "errors"
        words = {"all": "the rate of all", "rest": "the rate of the rest"}
        return f"{kind} in excess of {words.get(str(self.reference), f'a rate of {self.reference}')}"


@dataclass(frozen=True)
class ErrorRate:
    """Errors per unit; the minimum support keeps it from single units."""

    totals: Totals

    def score(self, support: Numbers, weight: Numbers, errors: Numbers) -> Numbers:
        """See `Objective`."""
        return errors / support

    def bound(self, support: Numbers, errors: Numbers, peak: Numbers | float, least: int) -> Numbers:
        """See `Objective`."""
        return np.minimum(errors / least, peak)

    def describe(self) -> str:
        """See `Objective`."""
        return "error rate"


def objective_named(
    name: ObjectiveName, totals: Totals, *, alpha: float = 0.95, reference: Reference | float = "all"
) -> Objective:
    """The objective of a name.

    Raises:
        QueryError: There is no such objective, or ``alpha`` or ``reference`` has no meaning.

    Example:
        >>> score = objective_named("sliceline", Totals(12, 12, 4), alpha=0.95).score
        >>> round(float(score(np.array([3.0]), np.array([3.0]), np.array([3.0]))[0]), 6)
        1.75
    """
    if name == "sliceline":
        return SliceLineScore(totals, alpha)
    if name in {"excess", "risk"}:
        return ExcessErrors(totals, reference, weighted=name == "risk")
    if name == "rate":
        return ErrorRate(totals)
    raise QueryError(f"objective must be 'sliceline', 'excess', 'risk' or 'rate'; found {name!r}")
