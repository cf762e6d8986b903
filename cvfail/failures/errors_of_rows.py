"""Which error each object and each prediction has: every unfound object and every false positive has exactly one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.operating_point import ERROR_TYPES, OBJECT_ERRORS, PREDICTION_ERRORS, OperatingPoint
from cvfail.failures.failure_mode import ERRORS, REDUNDANT

Codes = NDArray[np.int8]

NO_ERROR = 0
"""Errors are numbered from 1, in the order of `ERRORS`."""

_OF_TYPE = np.array([0, *(1 + ERRORS.index(n if n in PREDICTION_ERRORS else REDUNDANT) for n in ERROR_TYPES)])


def object_errors(point: OperatingPoint) -> Codes:
    """The error of each ground-truth row: missed, classification or localisation; 0 if found or ignored, shape (G,).

    Classification and localisation mean that a prediction with that error would find the object if it were
    repaired: the best one by score.
    """
    kind = np.append(point.typed[0], 0)[point.repairs]
    lost = point.evidence.regular() & ~point.found
    codes = np.zeros(lost.size, np.int8)
    for place, name in enumerate(OBJECT_ERRORS):
        codes[lost & (kind == place)] = code_of(name)
    return codes


def prediction_errors(point: OperatingPoint) -> Codes:
    """The error of each false positive that is not what an unfound object needs, else 0, shape (D,).

    A prediction that would find its object if its class or box were right is told with the object. All other
    wrong ones are ``duplicate``, ``background``, ``both``, or ``redundant``: of the wrong class or with a poor
    box on an object that has something better.
    """
    codes = _OF_TYPE[point.typed[0]].astype(np.int8)
    repairs = point.repairs
    codes[repairs[repairs >= 0]] = NO_ERROR
    return codes


@dataclass(frozen=True)
class RowErrors:
    """The errors of all rows at an operating point, computed once for all modes that ask.

    Attributes:
        point: The operating point.
    """

    point: OperatingPoint

    @cached_property
    def objects(self) -> Codes:
        """See `object_errors`."""
        return object_errors(self.point)

    @cached_property
    def predictions(self) -> Codes:
        """See `prediction_errors`."""
        return prediction_errors(self.point)


def code_of(error: str) -> int:
    """The number of an error."""
    return 1 + ERRORS.index(error)
