"""Numbers with their intervals: the first screen, and what every row of rates has."""

from __future__ import annotations

from typing import Literal, TypedDict


class Estimate(TypedDict):
    """A number that never travels alone.

    Attributes:
        estimate: The value, None where it is undefined (0 / 0).
        lower: Lower end of the 95 % interval, clustered by image; None where there is none.
        upper: Upper end of it.
        support: Rows that the number rests on: objects, detections or images.
    """

    estimate: float | None
    lower: float | None
    upper: float | None
    support: int | None


class Headline(TypedDict):
    """One number of the first screen.

    Attributes:
        name: Short name: ``AP``, ``Recall``.
        explanation: What it is, in one plain sentence.
        style: ``score`` is printed as 0.421, ``rate`` as 42.1 %.
        group: ``ranking`` (all scores) or ``operating_point``.
        value: The number.
    """

    name: str
    explanation: str
    style: Literal["score", "rate"]
    group: Literal["ranking", "operating_point"]
    value: Estimate


class Rates(TypedDict):
    """What every row of rates has.

    Attributes:
        precision: Of what was predicted, the share that is right.
        recall: Of what is there, the share that was found.
        f1: Their harmonic mean.
    """

    precision: Estimate
    recall: Estimate
    f1: Estimate


class AverageRow(Rates):
    """Rates over all classes; ``micro`` pools them, ``macro`` is their mean."""

    average: Literal["micro", "macro"]
