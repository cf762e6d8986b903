"""Declared slices: named predicates over images, ground truth and predictions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import QueryError

NULL = "(null)"
"""How the value of rows without one is written."""

_EQUALS = re.compile(r"\s*([A-Za-z_][\w .-]*?)\s*=(?!=)\s*([^'\"\s].*?)\s*")
_SQL_WORDS = re.compile(r"\b(and|or|not|in|is|like|between)\b", re.IGNORECASE)


@dataclass(frozen=True)
class AttributeValue:
    """Rows whose attribute has a value, as text; for numbers with many values one of the ranges they are cut at."""

    attribute: str
    value: str

    def __str__(self) -> str:
        return f"{self.attribute}={self.value}"


Part = AttributeValue | pl.Expr
"""One condition of a slice; all must hold."""


class Slice:
    """A named predicate over rows; ``&`` combines slices, ``|`` and ``~`` those that are expressions.

    Args:
        where: What must hold: a Polars expression; SQL as after WHERE; ``attribute=value``, or several of these
            with ``&`` between them, as `find_slices` writes its slices (``(null)`` is the value of rows that have
            none).
        name: How tables call it; the text of `where` if not given.

    Notes:
        Columns are those of the images (attributes, file_name …), those of ground truth and predictions, and
        ``category`` (the class by name) and ``size``. A row is decided by itself: an expression that looks at
        other rows, such as a mean, is refused. Where the predicate is null, the row is not in the slice.

    Raises:
        QueryError: The text is neither, or the expression looks at other rows.

    Example:
        >>> night = Slice("time_of_day=night")
        >>> small = Slice(pl.col("area") < 32**2, name="small")
        >>> (night & small).name
        'time_of_day=night & small'
        >>> Slice("brightness < 60 AND weather IN ('rain', 'fog')", name="dim").columns
        ('brightness', 'weather')
    """

    def __init__(self, where: str | pl.Expr, *, name: str | None = None) -> None:
        self.parts: tuple[Part, ...] = _parsed(where) if isinstance(where, str) else _conjuncts(where)
        self.name = name or (where if isinstance(where, str) else str(where))

    def __repr__(self) -> str:
        return f"Slice({self.name})"

    def __and__(self, other: Slice) -> Slice:
        return _made([*self.parts, *other.parts], f"{self.name} & {other.name}")

    def __or__(self, other: Slice) -> Slice:
        return _made([self._expression() | other._expression()], f"({self.name} | {other.name})")

    def __invert__(self) -> Slice:
        return _made([~self._expression()], f"~({self.name})")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns and attributes that it reads, in order."""
        names = [name for part in self.parts for name in columns_of(part)]
        return tuple(dict.fromkeys(names))

    def _expression(self) -> pl.Expr:
        """All parts as one expression.

        Raises:
            QueryError: A part is an ``attribute=value``, which is no expression before the data are known.
        """
        for part in self.parts:
            if isinstance(part, AttributeValue):
                raise QueryError(f"{part} cannot be negated or joined by |. Hint: write it as an expression")
        return pl.all_horizontal([part for part in self.parts if isinstance(part, pl.Expr)])


def columns_of(part: Part) -> list[str]:
    """The columns that a part reads."""
    return [part.attribute] if isinstance(part, AttributeValue) else part.meta.root_names()


Predicate = str | pl.Expr | Slice
"""A slice as users write it."""

Slices = Predicate | Sequence[Predicate] | Mapping[str, Predicate]
"""One slice, several, or several by name."""


def declared_slices(slices: Slices) -> list[Slice]:
    """Slices as users write them: one, several, or several by name.

    Raises:
        QueryError: Two have the same name, or one is no predicate.
    """
    if isinstance(slices, str | pl.Expr | Slice):
        slices = [slices]
    if isinstance(slices, Mapping):
        made = [_named(where, name) for name, where in slices.items()]
    else:
        made = [_named(where, None) for where in slices]
    names = [one.name for one in made]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise QueryError(f"two slices are called {repeated[0]!r}. Hint: give them names of their own")
    return made


def _named(where: Predicate, name: str | None) -> Slice:
    if isinstance(where, Slice):
        return where if name is None else _made(where.parts, name)
    return Slice(where, name=name)


def _made(parts: Sequence[Part], name: str) -> Slice:
    made = Slice.__new__(Slice)
    made.parts, made.name = tuple(parts), name
    return made


def _parsed(text: str) -> tuple[Part, ...]:
    pieces = [_EQUALS.fullmatch(piece) for piece in text.split(" & ")]
    if all(pieces) and not any(_SQL_WORDS.search(piece[0]) for piece in pieces if piece):
        return tuple(AttributeValue(piece[1], piece[2]) for piece in pieces if piece)
    try:
        return _conjuncts(pl.sql_expr(text))
    except PolarsError as error:
        raise QueryError(
            f"{text!r} is no predicate: {str(error).splitlines()[0]}. "
            "Hint: attribute=value, or SQL as after WHERE: brightness < 60 AND weather = 'rain'"
        ) from error


def _conjuncts(expression: pl.Expr) -> tuple[pl.Expr, ...]:
    """The conditions that must all hold, each by itself, so that each can be of another table.

    Raises:
        QueryError: It is no expression, one of several columns, or one that looks at other rows.
    """
    if not isinstance(expression, pl.Expr):
        raise QueryError(
            f"{expression!r} is no predicate. Hint: attribute=value, SQL as after WHERE, or a Polars expression"
        )
    if expression.meta.has_multiple_outputs():
        raise QueryError(
            f"{expression} names columns by a pattern. Hint: pl.any_horizontal or pl.all_horizontal"
        )
    if not _is_separable(expression):
        raise QueryError(
            f"{expression} looks at more than one row. Hint: compute the number first and compare with it"
        )
    return _split(expression)


def _split(expression: pl.Expr) -> tuple[pl.Expr, ...]:
    operands = expression.meta.pop()[::-1]
    if len(operands) == 2 and (operands[0] & operands[1]).meta.eq(expression):
        return tuple(part for operand in operands for part in _split(operand))
    return (expression,)


def _is_separable(expression: pl.Expr) -> bool:
    """Whether every row is decided by itself; Polars tells it of the outermost operation only."""
    try:
        separable = expression.meta.is_row_separable()
    except PolarsError:  # it cannot tell of operations whose type depends on the columns, such as IN
        separable = True
    operands = [operand for operand in expression.meta.pop() if not operand.meta.is_literal()]
    return separable and all(map(_is_separable, operands))
