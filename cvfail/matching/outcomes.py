"""What matching decides, as flat arrays in the row order of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cvfail.tables.arrays import read_only


@dataclass(frozen=True)
class Pairs:
    """Overlapping pairs, by image and then by the prediction's class and score; all shape (P,).

    Attributes:
        prediction: Prediction row.
        truth: Ground-truth row.
        overlap: Intersection over union; over the prediction's area where the ground truth is a crowd.
        same_class: Whether the categories agree.
        matched: Bit t is set where the pair is the match at threshold t.
    """

    prediction: NDArray[np.int64]
    truth: NDArray[np.int64]
    overlap: NDArray[np.float64]
    same_class: NDArray[np.bool_]
    matched: NDArray[np.uint16]

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Pairs of consecutive runs of images as one."""
        if len(parts) == 1:
            return parts[0]
        names = [field.name for field in fields(cls)]
        return cls(*(read_only(np.concatenate([getattr(part, name) for part in parts])) for name in names))


@dataclass(frozen=True)
class Outcomes:
    """What matching decided.

    Attributes:
        rank: Rank by score inside image and category, shape (D,).
        matched: Per area range, bit t is set where matched at threshold t, shape (A, D).
        ignored: Per area range, bit t is set where neither right nor wrong, shape (A, D).
        runs: The overlapping pairs of each run of images, with the matches of the range ``all``.
    """

    rank: NDArray[np.int32]
    matched: NDArray[np.uint16]
    ignored: NDArray[np.uint16]
    runs: Sequence[Pairs]

    @cached_property
    def pairs(self) -> Pairs:
        """The overlapping pairs of all images."""
        return Pairs.joined(self.runs)
