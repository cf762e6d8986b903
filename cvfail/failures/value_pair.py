"""Two values of one attribute, one of which is held against the other."""

from __future__ import annotations

from dataclasses import dataclass

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute_levels
from cvfail.evidence.evidence import Evidence
from cvfail.failures.conditions import Condition, condition_of_level, level_of, named_levels
from cvfail.slices.predicates import NULL

Value = str | float | bool | None
"""As a level is named, or the number or truth value itself; None for rows without a value."""


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
        first, second = (level_of(evidence, attribute, one) for one in (value, against))
        if first == second:
            raise QueryError(
                f"{attribute}={NULL if first is None else first} cannot be held against itself. "
                f"Hint: {named_levels(attribute_levels(evidence, attribute))}"
            )
        conditions = (condition_of_level(evidence, attribute, level) for level in (first, second))
        return cls(attribute, first, second, *conditions)
