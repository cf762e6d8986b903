"""One rule of a gate: a metric, where it is looked at, and the bound that it must keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cvfail.errors import FormatError

Bound = Literal["at_least", "at_most", "max_fall", "max_rise", "improve"]

RATES = ("precision", "recall", "f1", "false_positives_per_image")
"""Metrics at an operating point."""

MACROS = ("macro_precision", "macro_recall", "macro_f1")
"""Their means over the classes that have objects, each the same."""

PRECISIONS = ("ap", "ap50")
"""Metrics over all scores."""

ERROR_RATE = "error_rate"
"""The metric of frozen failure modes."""

METRICS = (*RATES, *MACROS, *PRECISIONS, ERROR_RATE)

EVERY = "*"
"""Stands for every class, or every mode of the file."""

_LOWER_IS_BETTER = {"false_positives_per_image", ERROR_RATE}
_BOUNDS: tuple[Bound, ...] = ("at_least", "at_most", "max_fall", "max_rise", "improve")
_PLACES = ("class", "slice", "by", "mode")
_FIELDS = ("name", "metric", *_BOUNDS, *_PLACES, "min_units", "min_clusters", "critical")
_WORDING = {
    "at_least": "{metric} at least {value:g}",
    "at_most": "{metric} at most {value:g}",
    "max_fall": "{metric} falls by at most {value:g}",
    "max_rise": "{metric} rises by at most {value:g}",
    "improve": "{metric} {improves} by more than {value:g}",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must hold of one metric, overall or in many places.

    Attributes:
        metric: One of `METRICS`.
        bound: ``at_least`` and ``at_most`` are of the candidate alone, ``max_fall`` and ``max_rise`` of its
            difference to the baseline, and ``improve``: it must rise, or fall where lower is better, by more.
        value: Of the bound.
        name: How tables call it; what it demands if empty.
        classes: Classes by name, each by itself; `EVERY` for all that have objects.
        slices: Slices, each by itself, as in `cvfail.slices.predicates.Slice`.
        by: Attributes whose every value is a slice.
        modes: Frozen failure modes by hash or name; `EVERY` for all of the file.
        min_units: Below so many units (objects, predictions, images) it is not judged; the gate's if None.
        min_clusters: Below so many images (or clusters) with units likewise.
        critical: Whether it fails where it cannot be told.

    Raises:
        FormatError: A field has no meaning, with the field and what to write.

    Example:
        >>> Rule(metric="recall", bound="max_fall", value=0.03, classes=(EVERY,)).title
        'recall falls by at most 0.03 | each class'
    """

    metric: str
    bound: Bound
    value: float
    name: str = ""
    classes: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    min_units: int | None = None
    min_clusters: int | None = None
    critical: bool = False

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise FormatError(f"metric: no metric {self.metric!r}. Hint: one of {', '.join(METRICS)}")
        allowed = ("at_most", "max_rise") if self.metric in _LOWER_IS_BETTER else ("at_least", "max_fall")
        if self.bound not in {*allowed, "improve"}:
            better = "lower" if self.metric in _LOWER_IS_BETTER else "higher"
            raise FormatError(
                f"{self.bound}: a {better} {self.metric} is better. Hint: {' or '.join(allowed)}"
            )
        highest = math.inf if self.metric == "false_positives_per_image" else 1.0
        if not 0.0 <= self.value <= highest or not math.isfinite(self.value):
            told = "0 or more" if highest > 1.0 else "in [0, 1]"
            raise FormatError(
                f"{self.bound}: must be {told}; found {self.value:g}. Hint: shares, not percentages"
            )
        self._check_places()

    def _check_places(self) -> None:
        if (self.metric == ERROR_RATE) != bool(self.modes):
            raise FormatError(
                f"mode: {ERROR_RATE} is the metric of frozen failure modes, and of these alone. "
                f'Hint: metric = "{ERROR_RATE}" with mode = "{EVERY}" or the hash of a mode'
            )
        if self.modes and (self.classes or self.slices or self.by):
            raise FormatError(
                "mode: a mode has its own slice. Hint: leave class, slice and by out, or freeze another mode"
            )
        if self.metric in MACROS and self.classes:
            raise FormatError(f"class: {self.metric} is the mean over classes. Hint: leave class out")
        if self.slices and self.by:
            raise FormatError("by: stands beside slice. Hint: write two rules")

    @property
    def is_relative(self) -> bool:
        """Whether it needs a baseline."""
        return self.bound in {"max_fall", "max_rise", "improve"}

    @property
    def limit(self) -> float:
        """What the metric, or its difference to the baseline, must not pass."""
        falls = self.bound == "max_fall" or (self.bound == "improve" and not self.is_floor)
        return 0.0 - self.value if falls else self.value

    @property
    def is_floor(self) -> bool:
        """Whether the limit is the lowest number allowed, not the highest."""
        return self.bound in {"at_least", "max_fall"} or (
            self.bound == "improve" and self.metric not in _LOWER_IS_BETTER
        )

    @property
    def demand(self) -> str:
        """The rule as words, without where."""
        improves = "rises" if self.is_floor else "falls"
        return _WORDING[self.bound].format(metric=self.metric, value=self.value, improves=improves)

    @property
    def title(self) -> str:
        """Its name, or what it demands."""
        if self.name:
            return self.name
        where = [
            *("each class" if one == EVERY else one for one in self.classes),
            *self.slices,
            *(f"each {one}" for one in self.by),
            *("each mode" if one == EVERY else one for one in self.modes),
        ]
        return f"{self.demand} | {', '.join(where)}" if where else self.demand

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Rule:
        """The rule that a table of TOML stands for.

        Raises:
            FormatError: A field is unknown, missing or of another type, or has no meaning.
        """
        unknown = [name for name in table if name not in _FIELDS]
        if unknown:
            raise FormatError(f"{unknown[0]}: no such field. Hint: one of {', '.join(_FIELDS)}")
        given = [name for name in _BOUNDS if name in table]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise FormatError(
                f"{given[-1] if given else 'at_least'}: give one bound of {', '.join(_BOUNDS)}; "
                f"found {found}. Hint: two bounds are two rules"
            )
        bound = given[0]
        classes, slices, by, modes = (_texts(table, name) for name in _PLACES)
        return cls(
            metric=_typed(table, "metric", str, ""),
            bound=bound,
            value=float(_typed(table, bound, (int, float), 0.0)),
            name=_typed(table, "name", str, ""),
            classes=classes,
            slices=slices,
            by=by,
            modes=modes,
            min_units=_count(table, "min_units"),
            min_clusters=_count(table, "min_clusters"),
            critical=_typed(table, "critical", bool, False),
        )


def _typed(table: Mapping[str, Any], name: str, kind: type | tuple[type, ...], default: Any) -> Any:  # noqa: ANN401
    value = table.get(name, default)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        told = {str: "a text", bool: "true or false"}.get(kind, "a number")  # type: ignore[arg-type]
        raise FormatError(
            f"{name}: must be {told}; found {value!r}. Hint: {name} = {_SHOWN.get(name, '0.02')}"
        )
    return value


_SHOWN = {
    "metric": '"recall"',
    "name": '"small at night"',
    "critical": "true",
    "min_units": "30",
    "min_clusters": "10",
    "class": '["car", "bus"]',
    "slice": '"size=small & time_of_day=night"',
    "by": '"time_of_day"',
    "mode": '"*"',
}


def _texts(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) and one.strip() for one in found):
        raise FormatError(
            f"{name}: must be a text or a list of texts; found {value!r}. Hint: {name} = {_SHOWN[name]}"
        )
    return tuple(found)


def _count(table: Mapping[str, Any], name: str) -> int | None:
    if name not in table:
        return None
    value = _typed(table, name, int, 0)
    if value < 0:
        raise FormatError(f"{name}: must be 0 or more; found {value}. Hint: {name} = 30")
    return int(value)
