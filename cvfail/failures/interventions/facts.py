"""What rules can say of a mode: its numbers, and how many images it takes to know them better."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite

import numpy as np

from cvfail.failures.causes.claim import Fact
from cvfail.failures.conditions import slice_name
from cvfail.failures.mode_errors import ModeErrors
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.power import required_paired_units, units_for_interval

_FIXED_TO_BROKEN = 3.0
"""Objects that a fix mends for each one that it breaks, as sample sizes assume."""


@dataclass(frozen=True)
class SliceSize:
    """How much a mode's rate rests on.

    Attributes:
        units: Objects, and for errors of predictions these errors as well.
        images: Images with units of the slice.
        rate: Errors ÷ units; None without units.
        lower: Lower end of its 95 % interval, clustered by image; None in fewer than two images.
        upper: Upper end of it.
        design_effect: How many units are worth one independent unit, 1 or more.
    """

    units: float
    images: int
    rate: float | None
    lower: float | None
    upper: float | None
    design_effect: float

    @classmethod
    def of(cls, errors: ModeErrors) -> SliceSize:
        """Count the slice of a mode."""
        own, _ = errors.per_cluster()
        ratio = clustered_ratio(own, numerator="errors", denominator="units", cluster="cluster").row(
            0, named=True
        )
        return cls(
            units=ratio["support"],
            images=errors.images,
            rate=ratio["estimate"],
            lower=ratio["lower"],
            upper=ratio["upper"],
            design_effect=max(1.0, ratio["design_effect"] or 1.0),
        )

    def images_for_interval(self, half_width: float, *, confidence: float = 0.95) -> int | None:
        """Images of the slice in all, so that the interval of the rate reaches so far to each side.

        None without units; a rate of 0 or 1 is taken for one error more or less.
        """
        if self.rate is None or not self.images:
            return None
        least = 1.0 / (self.units + 1.0)
        rate = float(np.clip(self.rate, least, 1.0 - least))
        units = units_for_interval(rate, half_width, design_effect=self.design_effect, confidence=confidence)
        return self._images(float(units))

    def images_to_see(self, fewer: float, *, level: float = 0.05, power: float = 0.8) -> int | None:
        """Images of the slice that both models must be run on, so that so many fewer errors here are seen.

        Args:
            fewer: Errors of the slice that are expected to go.
            level: Of the two-sided test.
            power: Probability of seeing it.

        Returns:
            The number; None if nothing is expected to change. Three objects are taken to be mended for each one that
            is broken, so that twice the difference are unlike.
        """
        if fewer <= 0.0 or not self.units or not self.images:
            return None
        difference = min(1.0, fewer / self.units)
        unlike = min(1.0, difference * (_FIXED_TO_BROKEN + 1.0) / (_FIXED_TO_BROKEN - 1.0))
        units = required_paired_units(
            unlike, difference, design_effect=self.design_effect, level=level, power=power
        )
        return self._images(float(units))

    def _images(self, units: float) -> int | None:
        return ceil(units * self.images / self.units) if isfinite(units) else None


def mode_facts(errors: ModeErrors, size: SliceSize, *, margin: float) -> dict[str, Fact]:
    """What is known of a mode whatever its causes.

    Args:
        errors: The mode.
        size: Of its slice.
        margin: Half the width of the interval that images are counted for.
    """
    mode = errors.mode
    wanted = size.images_for_interval(margin)
    pair = mode.confusion
    return {
        "error": mode.error,
        "slice": slice_name(mode.conditions),
        "where": mode.where,
        "hash": mode.hash,
        "score": mode.score if np.isfinite(mode.score) else None,
        "iou": mode.iou,
        "errors": int(errors.rows.size),
        "support": floor(size.units),
        "rate": size.rate,
        "images_here": size.images,
        "images_wanted": wanted,
        "images_missing": None if wanted is None else max(0, wanted - size.images),
        "margin": margin,
        "true_class": None if pair is None else pair[0],
        "predicted_class": None if pair is None else pair[1],
    }
