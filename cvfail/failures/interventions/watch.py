"""What a fix could break: the modes to look at again beside the one that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import attribute
from cvfail.evidence.evidence import Evidence
from cvfail.failures.conditions import Condition, condition_of_level, slice_of
from cvfail.failures.failure_mode import ARROW, FailureMode
from cvfail.slices.membership import membership

_SIBLINGS = 3
"""Other values of each attribute of the slice that are watched: those with most objects."""

_CLASS = "category"


def watched_modes(mode: FailureMode, evidence: Evidence) -> tuple[FailureMode, ...]:
    """Frozen modes that a fix of one should leave as they are.

    Args:
        mode: The mode.
        evidence: Whose values tell what other slices there are.

    Returns:
        In this order: what a fix trades errors for, in the same slice and everywhere (false positives on background
        for errors of objects, missed objects for those of predictions; for a→b the confusion b→a); then the same
        error in the sibling slices, which differ in one condition: up to three other values of its attribute, those
        with most objects under the other conditions first (of a→b not the class).
    """
    alone = replace(mode, against=None)
    traded = [
        replace(alone, error=_opposite(mode), conditions=conditions)
        for conditions in (_traded_conditions(mode), ())
    ]
    siblings = [
        replace(alone, conditions=_changed(mode.conditions, place, condition))
        for place, own in enumerate(mode.conditions)
        if not (mode.confusion and own.attribute == _CLASS)
        for condition in _siblings(own, _objects(mode, place, evidence), evidence)
    ]
    unique = dict.fromkeys([*traded, *siblings])
    return tuple(one for one in unique if one != mode and _is_defined(one, evidence))


def _opposite(mode: FailureMode) -> str:
    if mode.confusion is not None:
        return ARROW.join(reversed(mode.confusion))
    if mode.task == "classification":
        return "classification"
    return "missed" if mode.unit == "predictions" else "background"


def _traded_conditions(mode: FailureMode) -> tuple[Condition, ...]:
    """The mode's own, but for the class of a confusion, which is the other one then."""
    if mode.confusion is None:
        return mode.conditions
    other = mode.confusion[1]
    return tuple(replace(own, value=other) if own.attribute == _CLASS else own for own in mode.conditions)


def _objects(mode: FailureMode, place: int, evidence: Evidence) -> NDArray[np.bool_]:
    """Ground-truth rows that meet all conditions of a mode but one."""
    others = (*mode.conditions[:place], *mode.conditions[place + 1 :])
    inside = membership(mode.on(evidence), slice_of(others)).truth
    return np.asarray(evidence.regular() if inside is None else evidence.regular() & inside)


def _siblings(own: Condition, objects: NDArray[np.bool_], evidence: Evidence) -> Iterator[Condition]:
    """Conditions on the same attribute with other values, those with most objects first."""
    levels = attribute(evidence, own.attribute).truth.filter(pl.Series(objects)).drop_nulls()
    counts = levels.cast(pl.String).value_counts(name="_objects")
    names = [level for level, _ in sorted(counts.rows(), key=lambda row: (-row[1], row[0]))]
    made = (condition_of_level(evidence, own.attribute, level) for level in names)
    others = [one for one in made if not _overlap(one, own)]
    yield from others[:_SIBLINGS]


def _overlap(one: Condition, other: Condition) -> bool:
    """Whether a value can meet both conditions."""
    if one.is_range and other.is_range:
        lows = [-np.inf if own.low is None else own.low for own in (one, other)]
        highs = [np.inf if own.high is None else own.high for own in (one, other)]
        return max(lows) < min(highs)
    return one == other


def _changed(conditions: tuple[Condition, ...], place: int, condition: Condition) -> tuple[Condition, ...]:
    return (*conditions[:place], condition, *conditions[place + 1 :])


def _is_defined(mode: FailureMode, evidence: Evidence) -> bool:
    """Whether the mode's rows have the attributes of its slice."""
    if mode.unit != "predictions":
        return True
    return all(attribute(evidence, one.attribute).prediction is not None for one in mode.conditions)
