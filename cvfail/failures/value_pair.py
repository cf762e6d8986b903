"""Two values of one attribute, one of which is held against the other."""

from __future__ import annotations

from dataclasses import dataclass

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute as known_attribute
from cvfail.evidence.attributes import attribute_levels
from cvfail.evidence.evidence import Evidence
from cvfail.failures.conditions import Condition, condition_of_level, evidence_dtype
from cvfail.slices.predicates import NULL

Value = str | float | bool | None
"""As a level is named, or the number or truth value itself; None for rows without a value."""

_MOST_NAMED = 20


@dataclass(frozen=True)
class ValuePair:
    """One value against another.

    Attributes:
        attribute: Of images or ground truth, or ``category``, or ``size``.
        value: The level of interest, as `cvfail.evidence.attributes.attribute` names it; None for no value.
        against: The level that it is compared with.
        condition: What the first means on any dataset.
        other: What the second does.
    """

    attribute: str
    value: str | None
    against: str | None
    condition: Condition
    other: Condition

    def __str__(self) -> str:
        return f"{self.condition} against {self.other}"

    @classmethod
    def of(cls, evidence: Evidence, attribute: str, value: Value, against: Value) -> ValuePair:
        """Look the values up.

        Raises:
            QueryError: There is no such attribute, it has no such value, or both are the same.
        """
        known_attribute(evidence, attribute)
        first, second = (_level(evidence, attribute, one) for one in (value, against))
        if first == second:
            raise QueryError(
                f"{attribute}={NULL if first is None else first} cannot be held against itself. "
                f"Hint: {_named(attribute_levels(evidence, attribute))}"
            )
        conditions = (condition_of_level(evidence, attribute, level) for level in (first, second))
        return cls(attribute, first, second, *conditions)


def _level(evidence: Evidence, attribute: str, value: Value) -> str | None:
    """The level that a value is, or names.

    Raises:
        QueryError: There is none.
    """
    levels = attribute_levels(evidence, attribute)
    named = None if value is None or value == NULL else str(value)
    if isinstance(value, bool):
        named = str(value).lower()
    if named in levels:
        return named
    if named is not None and evidence_dtype(evidence, attribute).is_numeric():
        number = _number(named)
        same = (level for level in levels if level is not None and _number(level) == number)
        found = None if number is None else next(same, None)
        if found is not None:
            return found
    raise QueryError(f"{attribute!r} is never {named or NULL!r}. Hint: {_named(levels)}")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named(levels: list[str | None]) -> str:
    names = [NULL if level is None else level for level in levels]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"one of {', '.join(names[:_MOST_NAMED])}{more}"
