"""What rules ask of a model: one metric in one place."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute
from cvfail.evidence.evidence import Evidence
from cvfail.failures.failure_mode import FailureMode
from cvfail.gate.rule import ERROR_RATE, EVERY, MACROS, PRECISIONS, Rule
from cvfail.gate.rules_file import Rules


@dataclass(frozen=True)
class Question:
    """One metric in one place.

    Attributes:
        metric: See `cvfail.gate.rule.METRICS`.
        slice: The slice as it was written; None for everything.
        category: The class by name; None for all together.
        mode: The frozen failure mode, for its error rate.

    Example:
        >>> Question("recall", "light=night", "car").key
        '["recall","light=night","car",null]'
    """

    metric: str
    slice: str | None = None
    category: str | None = None
    mode: FailureMode | None = None

    @property
    def key(self) -> str:
        """Names it in a file of sums."""
        mode = None if self.mode is None else self.mode.hash
        return msgspec.json.encode([self.metric, self.slice, self.category, mode]).decode()

    @property
    def place(self) -> str | None:
        """The slice or the mode as tables call it; None for everything."""
        return self.slice if self.mode is None else self.mode.name

    @property
    def is_precision(self) -> bool:
        """Whether it is of all scores."""
        return self.metric in PRECISIONS

    @property
    def is_macro(self) -> bool:
        """Whether it is a mean over classes."""
        return self.metric in MACROS

    @property
    def rate(self) -> str:
        """The metric of which a mean over classes is."""
        return self.metric.removeprefix("macro_")

    @property
    def parts(self) -> tuple[str, ...]:
        """The metrics of every class that a mean over classes is made of."""
        return tuple(dict.fromkeys((self.rate, "recall")))

    @property
    def objects(self) -> Question:
        """The question whose denominators are the objects in the same place."""
        return Question("recall", self.slice, self.category)


def questions_of(rule: Rule, rules: Rules, evidence: Evidence) -> list[Question]:
    """What a rule asks on some data.

    Args:
        rule: The rule.
        rules: The gate that it is of.
        evidence: Whose classes and values every class and every value are of.

    Raises:
        QueryError: A class or an attribute is unknown, or the task has no such metric.
    """
    if rule.metric == ERROR_RATE:
        return [Question(ERROR_RATE, mode=mode) for mode in rules.modes_of(rule)]
    if evidence.task != "detection" and rule.metric in {*PRECISIONS, "false_positives_per_image"}:
        raise QueryError(f"{rule.title}: a classifier has no {rule.metric}. Hint: recall, precision or f1")
    slices: list[str | None] = [*rule.slices, *_values(evidence, rule.by)]
    classes: list[str | None] = [*_classes(rule, evidence)] if rule.classes else [None]
    return [Question(rule.metric, slice_, category) for slice_ in slices or [None] for category in classes]


def _classes(rule: Rule, evidence: Evidence) -> list[str]:
    labels = evidence.category_names
    if EVERY in rule.classes:
        present = set(evidence.coding.truth_category[evidence.regular()].tolist())
        return [label for code, label in enumerate(labels) if code in present]
    unknown = [name for name in rule.classes if name not in labels]
    if unknown:
        raise QueryError(f"{rule.title}: no class {unknown[0]!r}. Hint: one of {', '.join(labels[:20])}")
    return list(rule.classes)


def _values(evidence: Evidence, names: tuple[str, ...]) -> list[str]:
    """A slice for every value of every attribute."""
    found: list[str] = []
    for name in names:
        levels = attribute(evidence, name).truth.unique().sort().cast(pl.String).drop_nulls()
        found += [f"{name}={level}" for level in levels]
    return found
