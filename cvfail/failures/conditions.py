"""Conditions of a slice that mean the same on every dataset: values and ranges, never quartiles of this set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

import polars as pl

from cvfail.errors import FormatError, QueryError
from cvfail.evidence.attributes import attribute as known_attribute
from cvfail.evidence.attributes import attribute_levels, level_bounds
from cvfail.evidence.evidence import Evidence
from cvfail.slices.predicates import NULL, AttributeValue, Slice

EVERYTHING = "(all)"
"""The name of the slice without conditions."""

_MOST_NAMED = 20


@dataclass(frozen=True)
class Condition:
    """One attribute that has a value, no value, or a number in a range.

    Attributes:
        attribute: Column of images, ground truth or predictions, or ``category``, or ``size``.
        value: What it must be; None if it must have no value, or be in the range.
        low: Lowest number of the range; None if it is open below, or there is none.
        high: The first number above the range; None if it is open above, or there is none.

    Example:
        >>> str(Condition("light", "night")), str(Condition("brightness", low=10.0, high=24.5))
        ('light=night', 'brightness=10 – 24.5')
        >>> Condition("brightness", high=24.5).sql
        'brightness < 24.5'
    """

    attribute: str
    value: str | float | bool | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return f"{self.attribute}={self.level}"

    @property
    def is_range(self) -> bool:
        """Whether it asks for a number in a range."""
        return self.low is not None or self.high is not None

    @property
    def level(self) -> str:
        """The value as tables show it."""
        if self.low is not None and self.high is not None:
            return f"{self.low:.6g} – {self.high:.6g}"
        if self.low is not None:
            return f"≥ {self.low:.6g}"
        if self.high is not None:
            return f"< {self.high:.6g}"
        if self.value is None:
            return NULL
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return self.value if isinstance(self.value, str) else f"{self.value:g}"

    @property
    def expression(self) -> pl.Expr:
        """What must hold, on any table that has the column."""
        column = pl.col(self.attribute)
        if self.low is not None and self.high is not None:
            return (column >= self.low) & (column < self.high)
        if self.low is not None:
            return (column >= self.low) & column.is_finite()
        if self.high is not None:
            return column < self.high
        if self.value is None:
            return column.is_null()
        return column.cast(pl.String) == self.value if isinstance(self.value, str) else column == self.value

    @property
    def sql(self) -> str:
        """What must hold, as after WHERE."""
        name = (
            self.attribute if self.attribute.isidentifier() else '"' + self.attribute.replace('"', '""') + '"'
        )
        return self.sql_on(name)

    def sql_on(self, name: str) -> str:
        """The same on a column, or an expression, of SQL."""
        if self.is_range:
            bounds = [f"{name} >= {self.low!r}"] if self.low is not None else []
            bounds += [f"{name} < {self.high!r}"] if self.high is not None else []
            return " AND ".join(bounds)
        if self.value is None:
            return f"{name} IS NULL"
        if isinstance(self.value, str):
            return f"{name} = '" + self.value.replace("'", "''") + "'"
        return f"{name} = {str(self.value).lower() if isinstance(self.value, bool) else repr(self.value)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without those that say nothing."""
        named = {name: value for name, value in asdict(self).items() if value is not None}
        return named if len(named) > 1 else {**named, "value": None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Condition:
        """The condition that `to_dict` wrote down.

        Raises:
            FormatError: It has other fields.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise FormatError(
                f"{dict(values)} is no condition: {error}. Hint: attribute with value, or with low and high"
            ) from error


def condition_of_level(evidence: Evidence, attribute: str, level: str | None) -> Condition:
    """The condition that a level of an attribute stands for, as the evidence cuts it.

    Args:
        evidence: Whose images and ground truth the attribute is of.
        attribute: Its name.
        level: As `cvfail.evidence.attributes.attribute` names it; None for rows without a value.
    """
    if level is None or level == NULL:
        return Condition(attribute)
    bounds = level_bounds(evidence, attribute)
    if bounds is not None:
        low, high = bounds[level]
        return Condition(attribute, low=low, high=high)
    dtype = evidence_dtype(evidence, attribute)
    if dtype.is_numeric():
        return Condition(attribute, float(level))
    return Condition(attribute, level == "true" if dtype == pl.Boolean else level)


def conditions_of(evidence: Evidence, where: str) -> tuple[Condition, ...]:
    """The conditions that a text stands for: ``category=car & size=small``; none for an empty text.

    Args:
        evidence: Whose attributes and values they are of.
        where: ``attribute=value``, or several of these with ``&`` between them, as tables write slices.

    Raises:
        QueryError: It is another predicate, or an attribute or a value is unknown.
    """
    if not where.strip():
        return ()
    parts = Slice(where).parts
    if not all(isinstance(part, AttributeValue) for part in parts):
        raise QueryError(
            f"{where!r} cannot be frozen. Hint: attribute=value, or several of these joined by ' & '"
        )
    return tuple(
        _condition(evidence, part.attribute, part.value) for part in parts if isinstance(part, AttributeValue)
    )


def _condition(evidence: Evidence, name: str, value: str) -> Condition:
    return condition_of_level(evidence, name, level_of(evidence, name, value))


def level_of(evidence: Evidence, attribute: str, value: str | float | bool | None) -> str | None:
    """The level of an attribute that a value is or names; None for no value.

    Args:
        evidence: Whose attribute it is.
        attribute: Its name.
        value: A level as tables show it (``(null)`` for no value), or the number or truth value itself.

    Raises:
        QueryError: There is no such attribute, or it has no such value.
    """
    known_attribute(evidence, attribute)
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
    raise QueryError(f"{attribute} is never {named or NULL!r}. Hint: {named_levels(levels)}")


def named_levels(levels: Sequence[str | None]) -> str:
    """Levels as a hint lists them."""
    names = [NULL if level is None else level for level in levels]
    if not names:
        return "it has no values here"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"one of {', '.join(names[:_MOST_NAMED])}{more}"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def evidence_dtype(evidence: Evidence, attribute: str) -> pl.DataType:
    """The type of an attribute's column; text for the class and the size."""
    for table in ("images", "ground_truth"):
        if attribute in evidence.attributes(table):
            return evidence.whole.attribute_column(table, attribute).dtype
    return pl.String()


def slice_of(conditions: Sequence[Condition]) -> Slice:
    """The slice in which all conditions hold."""
    expressions = [condition.expression for condition in conditions]
    name = slice_name(conditions)
    if not expressions:
        return Slice(pl.lit(value=True), name=name)
    return Slice(reduce(lambda a, b: a & b, expressions), name=name)


def slice_name(conditions: Sequence[Condition]) -> str:
    """The conditions as tables show them: ``light=night & size=small``."""
    return " & ".join(map(str, conditions)) or EVERYTHING


def slice_sql(conditions: Sequence[Condition]) -> str:
    """The conditions as after WHERE."""
    return " AND ".join(condition.sql for condition in conditions) or "true"
