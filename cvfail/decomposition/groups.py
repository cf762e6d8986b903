"""Groups that errors are told by: levels of attributes, or declared slices."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.replay import Replay
from cvfail.errors import QueryError
from cvfail.evidence.attributes import Attribute, attribute, attribute_names
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.membership import Rule
from cvfail.slices.predicates import Predicate, Slice, declared_slices
from cvfail.slices.sliced_evidence import Selection

Mask = NDArray[np.bool_]

By = Predicate | Sequence[Predicate] | Mapping[str, Predicate]
"""Names of attributes, ``category`` among them, whose levels are combined; or declared slices."""

CATEGORY = "category"

MEAN = "(mean)"
"""Stands for the mean over the classes."""


@dataclass(frozen=True)
class Group:
    """The objects and errors of one level, combination of levels, or slice.

    Attributes:
        key: What the group is called: the levels by attribute, or the slice.
        rule: How errors were given to it; ``exact`` for everything together.
        objects: Ground truth in it, shape (G,); None for all.
        errors: Predictions in it if they are false positives, shape (D,); None for all.
    """

    key: dict[str, str | None]
    rule: Rule
    objects: Mask | None = None
    errors: Mask | None = None

    def of(self, replay: Replay) -> Replay:
        """The replay as the group sees it."""
        if self.objects is None or self.errors is None:
            return replay
        return replay.within(objects=self.objects, errors=self.errors)


def grouped(
    point: OperatingPoint, replay: Replay, by: By, *, columns: Container[str] = ()
) -> tuple[list[Group], bool]:
    """Divide the rows, but for the class, which needs no match and no replay of its own.

    Args:
        point: The evaluation over every score.
        replay: Its replay.
        by: Attributes or slices; nothing for one group of everything.
        columns: Of the answer beside those of the groups.

    Returns:
        The groups, and whether every class is to be told apart in each.

    Raises:
        QueryError: An attribute is unknown or has the name of a column, or a slice has no meaning for objects.

    Notes:
        An object lies where its own values, its image and its class say. A false positive lies where its image and
        class say (``exact``) or its own box (``own_geometry``); if only ground truth has the attribute, where the
        object that it aims at does (``attributed``), so that background errors are in no group of it.
    """
    if isinstance(by, Sequence) and not isinstance(by, str) and not len(by):
        return [Group({}, "exact")], False
    names = _attribute_names(point, by)
    if names is None:
        return [_slice(point, one) for one in declared_slices(by)], False
    taken = [name for name in names if name != CATEGORY and name in columns]
    if taken:
        raise QueryError(f"{taken[0]!r} is the name of a column of the answer. Hint: rename the attribute")
    levels = [attribute(point.evidence, name) for name in names if name != CATEGORY]
    return (_levels(replay, levels) if levels else [Group({}, "exact")]), CATEGORY in names


def _attribute_names(point: OperatingPoint, by: By) -> list[str] | None:
    """The names if all are attributes; None if slices are meant.

    Raises:
        QueryError: A text is neither an attribute nor a predicate.
    """
    if isinstance(by, Mapping):
        return None
    asked = [by] if isinstance(by, str | pl.Expr | Slice) else list(by)
    known = {*attribute_names(point.evidence), *point.evidence.attributes("images")}
    known |= set(point.evidence.attributes("ground_truth"))
    names = [one for one in asked if isinstance(one, str)]
    if len(names) == len(asked) and all(name in known for name in names):
        return list(dict.fromkeys(names))
    unknown = [name for name in names if name not in known and name.replace("_", "a").isalnum()]
    if unknown:
        shown = ", ".join(attribute_names(point.evidence))
        raise QueryError(f"{unknown[0]!r} is not an attribute. Hint: one of {shown}; or attribute=value")
    return None


def _slice(point: OperatingPoint, one: Slice) -> Group:
    selection = Selection(one, "attributed")
    parts = [selection.of(part) for _, part in point.blocks()]
    if any(part.truth is None or part.wrong is None for part in parts):
        raise QueryError(
            f"{one.name!r} asks for what only predictions have, so that it has no objects. "
            "Hint: slices() has the metrics of predictions alone"
        )
    objects = np.concatenate([part.truth for part in parts if part.truth is not None])
    errors = np.concatenate([part.wrong for part in parts if part.wrong is not None])
    return Group({"slice": one.name}, parts[0].rule, objects, errors)


def _levels(replay: Replay, attributes: list[Attribute]) -> list[Group]:
    """One group for each combination of levels that an object or a false positive has."""
    aims = np.where(replay.kind > 0, replay.target, -1)
    truths, errors = [], []
    attributed = np.ones(aims.size, np.bool_)
    for one in attributes:
        truth = one.truth.rename(one.name)
        truths.append(truth)
        if one.prediction is None:
            attributed &= aims >= 0
            errors.append(truth.gather(pl.Series(aims).replace(-1, None)))
        else:
            errors.append(one.prediction.rename(one.name))
    sides = [pl.DataFrame(truths), pl.DataFrame(errors)]
    names = [one.name for one in attributes]
    counted = [pl.Series(replay.found | replay.unfound), pl.Series(replay.wrong & attributed)]
    frames = [side.filter(mask) for side, mask in zip(sides, counted, strict=True)]
    keys = pl.concat(frames).unique().sort(names, nulls_last=True)
    numbered = keys.with_columns(pl.int_range(pl.len(), dtype=pl.Int32).alias("unit:level"))
    codes = [
        side.join(numbered, on=names, how="left", nulls_equal=True, maintain_order="left")["unit:level"]
        for side in sides
    ]
    objects, wrong = (code.fill_null(-1).to_numpy() for code in codes)
    rule = _rule(attributes)
    return [
        Group(
            {name: None if value is None else str(value) for name, value in key.items()},
            rule,
            objects == level,
            (wrong == level) & attributed,
        )
        for level, key in enumerate(keys.to_dicts())
    ]


def _rule(attributes: list[Attribute]) -> Rule:
    rules = {one.rule for one in attributes}
    if "none" in rules:
        return "attributed"
    return "own_geometry" if "own_geometry" in rules else "exact"
