"""What a program prints when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter


@dataclass
class Answer:
    """The numbers that a program found, so that a difference between tools is seen as well as the time.

    Attributes:
        numbers: To be compared with those of the other tools; none where the tool's are of another definition.
        seconds: Of the timed part, where the task leaves out starting and loading; whole process if None.
    """

    numbers: list[float] = field(default_factory=list)
    seconds: float | None = None

    @classmethod
    def of(cls, numbers: Iterable[float | None], since: float | None = None) -> Answer:
        """An answer with undefined numbers as -1, as COCO has them, timed from `since` until now."""
        seconds = None if since is None else perf_counter() - since
        return cls([-1.0 if number is None else float(number) for number in numbers], seconds)
