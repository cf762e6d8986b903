"""What an error costs, by kind, class and slice: a small TOML file of the user's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import FormatError, MissingFileError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.failure_mode import ARROW, ERRORS
from cvfail.slices.membership import membership
from cvfail.slices.predicates import Slice

_LINE = re.compile(rf"(?:(?P<category>.+?)\s+)?(?P<error>{'|'.join(ERRORS)})(?:\s+where\s+(?P<where>.+))?")
_PAIR = re.compile(rf"(?P<error>.+?\s*(?:{ARROW}|->)\s*.+?)(?:\s+where\s+(?P<where>.+))?")
_HINT = (
    'lines read "missed" = 2, "pedestrian missed" = 10, "pedestrian missed where time_of_day=night" = 50 or '
    f'"truck{ARROW}bus" = 0.5; errors are {", ".join(ERRORS)}'
)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Cost:
    """One line of the file.

    Attributes:
        error: One of `cvfail.failures.failure_mode.ERRORS`, or ``a→b``.
        category: Class of the object, or of the false positive; None for all.
        where: Where it holds; None everywhere.
        cost: Of one error, 0 or more.
    """

    error: str
    category: str | None
    where: Slice | None
    cost: float

    def applies_to(self, error: str) -> bool:
        """Whether it tells of an error; one of all confusions tells of each."""
        return self.error == error or (self.error == "classification" and ARROW in error)


@dataclass(frozen=True)
class Costs:
    """What errors cost; an error that no line fits costs 1, and of several lines the last one counts.

    Attributes:
        lines: In the order of the file.

    Example:
        >>> costs = Costs.from_dict({"pedestrian missed": 10, "pedestrian missed where light=night": 50})
        >>> [(line.error, line.category, line.cost) for line in costs.lines]
        [('missed', 'pedestrian', 10.0), ('missed', 'pedestrian', 50.0)]
    """

    lines: tuple[Cost, ...]

    @classmethod
    def read(cls, path: str | Path) -> Costs:
        """Read the table ``[costs]`` of a TOML file.

        Raises:
            MissingFileError: There is no such file.
            FormatError: It is no TOML, has no such table, or a line has no meaning.
        """
        path = Path(path)
        try:
            content = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise MissingFileError(
                f"{path} does not exist. Hint: a TOML file with a table [costs]"
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise FormatError(f"{path}: {error}. Hint: keys with spaces are written in quotes") from error
        if not isinstance(content.get("costs"), dict):
            raise FormatError(f"{path} has no table [costs]. Hint: {_HINT}")
        try:
            return cls.from_dict(content["costs"])
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error

    @classmethod
    def from_dict(cls, lines: Mapping[str, float]) -> Costs:
        """Costs by lines as in the file.

        Raises:
            FormatError: A line has no meaning, or its cost is no number of 0 or more.
        """
        return cls(tuple(_line(text, cost) for text, cost in lines.items()))

    def weights(self, point: OperatingPoint, error: str, table: str) -> Numbers:
        """What the error costs on each row of ``ground_truth`` or ``predictions``, if the row has it.

        Raises:
            QueryError: A slice names an unknown attribute.
        """
        evidence = point.evidence
        names = np.array(evidence.category_names, dtype=object)
        codes = evidence.coding.truth_category if table == "ground_truth" else evidence.coding.category
        weights = np.ones(codes.size)
        for line in self.lines:
            if not line.applies_to(error):
                continue
            chosen = np.ones(codes.size, np.bool_)
            if line.category is not None:
                chosen &= (names == line.category)[codes]
            if line.where is not None:
                members = membership(point, line.where)
                rows = members.truth if table == "ground_truth" else members.wrong
                chosen &= False if rows is None else rows
            weights[chosen] = line.cost
        return weights


def _line(text: str, cost: object) -> Cost:
    found = _LINE.fullmatch(text.strip()) or _PAIR.fullmatch(text.strip())
    if found is None:
        raise FormatError(f"{text!r} names no error. Hint: {_HINT}")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0.0 <= cost < np.inf:
        raise FormatError(f"the cost of {text!r} must be a number >= 0; found {cost!r}")
    parts = found.groupdict()
    error = re.sub(rf"\s*(?:{ARROW}|->)\s*", ARROW, parts["error"])
    where = parts["where"]
    return Cost(error, parts.get("category"), None if where is None else Slice(where), float(cost))
