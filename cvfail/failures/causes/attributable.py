"""The attributable fraction: how many of the errors among some units would not be if they were like other units."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cvfail.evidence.evidence import Evidence
from cvfail.failures.causes.units import UnitRows
from cvfail.failures.mode_errors import ModeErrors
from cvfail.statistics.contrast import slice_against_rest

LEVEL = 0.05
"""A difference with a larger p-value explains nothing."""


@dataclass(frozen=True)
class Attributable:
    """Two error rates, and what follows.

    Attributes:
        rate_with: Errors ÷ units that have it; None without units.
        rate_without: The same of the others.
        p_value: Two-sided, of no difference, clustered by image; None where it cannot be tested.
        fraction: max(0, 1 - rate_without / rate_with) if the p-value is below `LEVEL`, else 0.
    """

    rate_with: float | None
    rate_without: float | None
    p_value: float | None

    @property
    def fraction(self) -> float:
        """The share of the errors among those who have it that is due to it."""
        if self.p_value is None or self.p_value >= LEVEL or not self.rate_with or self.rate_without is None:
            return 0.0
        return max(0.0, 1.0 - self.rate_without / self.rate_with)


def attributable(
    errors: ModeErrors, evidence: Evidence, *, with_it: UnitRows, without_it: UnitRows
) -> Attributable:
    """Compare the rate of a mode's error among two sets of units, inside its slice or not.

    Args:
        errors: The mode, for its error.
        evidence: What its rows are of.
        with_it: Units with a property.
        without_it: Units without it; none of those with it.

    Source: attributable fraction among the exposed, Levin, Acta Unio Int. Cancrum 9 (1953) 531.
    """
    inside, outside = (rows.per_cluster(errors, evidence) for rows in (with_it, without_it))
    table = slice_against_rest(
        inside.with_columns(slice=pl.lit(0)), pl.concat([inside, outside]), by=["slice"]
    )
    if not len(table):
        return Attributable(None, None, None)
    row = table.row(0, named=True)
    return Attributable(row["rate"], row["rest_rate"], row["p_value"])
