"""What rows can be grouped by: attributes of images and objects, the class, and the size of the box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.attributes.binning import (
    MOST_LEVELS,
    SIZE_EDGES,
    SIZE_LABELS,
    bin_by_edges,
    edge_labels,
    finite,
    quantile_edges,
)
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence

Rule = Literal["exact", "own_geometry", "none"]
"""How a false positive gets the value: from its image or its own class; from its own box; not at all."""

ANSWER_NAMES = frozenset(
    {
        *("tp", "fp", "fn", "tn", "support", "predicted", "true", "clusters", "design_effect", "fp_rule"),
        *("precision", "recall", "f1", "specificity", "accuracy"),
        *("metric", "estimate", "lower", "upper", "numerator", "denominator"),
    }
)
"""Columns of answers; results cannot be grouped by an attribute that has one of these names."""

_IDENTIFIER_SHARE = 0.5


@dataclass(frozen=True)
class Attribute:
    """One way to group ground truth and predictions.

    Attributes:
        name: Column name, or ``category``, or ``size``.
        rule: How false positives get a value.
        truth: The value of each ground-truth row, text or an enumeration in its order, null where unknown.
        prediction: The value of each prediction row; None where false positives have none.
    """

    name: str
    rule: Rule
    truth: pl.Series
    prediction: pl.Series | None


def attribute_names(evidence: Evidence) -> list[str]:
    """Everything that `attribute` answers: category, size, then attributes of images and of ground truth."""
    own = ["category", "size"] if evidence.task == "detection" else ["category"]
    return list(dict.fromkeys([*own, *(name for name, fit in _candidates(evidence) if fit)]))


def dropped_attributes(evidence: Evidence) -> list[str]:
    """Attribute columns that no group can be made of: constant, almost unique, or named like a column of answers."""
    return list(dict.fromkeys(name for name, fit in _candidates(evidence) if not fit))


def _candidates(evidence: Evidence) -> Iterator[tuple[str, bool]]:
    """Every attribute column and whether groups can be made of it."""
    for table in ("images", "ground_truth"):
        for name in evidence.attributes(table):
            yield name, not _is_taken(name) and _is_groupable(evidence.attribute_column(table, name))


def attributes(evidence: Evidence, names: Sequence[str]) -> list[Attribute]:
    """Look up several attributes.

    Raises:
        QueryError: A name is no attribute; the message lists those that are.
    """
    return [attribute(evidence, name) for name in names]


def attribute(evidence: Evidence, name: str) -> Attribute:
    """The values of an attribute on both sides, as text.

    Numbers with more than 12 different values are cut at the quartiles of the images (or of the ground truth
    for its own columns), never of the predictions. Ground-truth columns have no value on false positives, but
    for those that predictions have as well, such as those that `cvfail.attributes` computes from the box of both.
    An attribute that images and ground truth both have is the images'.

    Raises:
        QueryError: There is no such attribute.
    """
    kept = evidence.levels_of.get(name)
    if kept is None:
        kept = _looked_up(evidence, name)
        if isinstance(kept.truth.dtype, pl.Enum):
            evidence.levels_of[name] = kept
    return kept


def _looked_up(evidence: Evidence, name: str) -> Attribute:
    """The attribute from the columns."""
    if name == "category":
        names = pl.Series(evidence.category_names, dtype=pl.Enum(evidence.category_names))
        coding = evidence.coding
        return Attribute(name, "exact", names.gather(coding.truth_category), names.gather(coding.category))
    column = evidence.outcomes.column
    if name == "size" and evidence.task == "detection":
        own = pl.select(column("predictions", "width") * column("predictions", "height")).to_series()
        return Attribute(name, "own_geometry", _size(column("ground_truth", "area")), _size(own))
    _refuse_unfit(evidence, name)
    if name in evidence.attributes("images"):
        coding = evidence.coding
        by_image = _levels(evidence.images[name], evidence.whole.attribute_column("images", name))
        return Attribute(name, "exact", by_image.gather(coding.truth_image), by_image.gather(coding.image))
    if name in evidence.attributes("ground_truth"):
        reference = evidence.whole.attribute_column("ground_truth", name)
        truth = _levels(column("ground_truth", name), reference)
        if is_of_both_sides(evidence, name):
            return Attribute(name, "own_geometry", truth, _like(column("predictions", name), reference))
        return Attribute(name, "none", truth, None)
    known = ", ".join(attribute_names(evidence))
    raise QueryError(f"{name!r} is not an attribute of the images or the ground truth. Hint: one of {known}")


def is_of_both_sides(evidence: Evidence, name: str) -> bool:
    """Whether ground truth and predictions have an attribute of one kind, so that false positives have values."""
    if not all(name in evidence.attributes(table) for table in ("ground_truth", "predictions")):
        return False
    own, other = (
        evidence.whole.attribute_column(table, name).dtype for table in ("ground_truth", "predictions")
    )
    return own == other or (own.is_numeric() and other.is_numeric())


@dataclass(frozen=True)
class ImageLevels:
    """The levels, or combinations of levels, that images fall into.

    Attributes:
        frame: One row per combination that occurs, sorted, nulls last; one row without columns for no attribute.
        of_image: The row of `frame` that each image code belongs to, shape (images,).
    """

    frame: pl.DataFrame
    of_image: NDArray[np.int32]


def image_levels(evidence: Evidence, names: Sequence[str]) -> ImageLevels:
    """Group the images by their attributes.

    Raises:
        QueryError: A name is no attribute of the images.
    """
    names = list(dict.fromkeys(names))
    known = evidence.attributes("images")
    for name in names:
        if name not in known:
            raise QueryError(f"{name!r} is not an attribute of the images. Hint: one of {', '.join(known)}")
        _refuse_unfit(evidence, name)
    if not names:
        return ImageLevels(pl.DataFrame(height=1), np.zeros(evidence.images.height, np.int32))
    values = pl.DataFrame([as_levels(evidence.images[name]) for name in names])
    frame = values.unique().sort(names, nulls_last=True)
    numbered = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int32).alias("unit:level"))
    level = values.join(numbered, on=names, how="left", nulls_equal=True, maintain_order="left")["unit:level"]
    return ImageLevels(frame, level.to_numpy())


def _refuse_unfit(evidence: Evidence, name: str) -> None:
    if _is_taken(name):
        raise QueryError(f"{name!r} is the name of a column of the answer. Hint: rename the attribute")
    for table in ("images", "ground_truth"):
        if name in evidence.attributes(table):
            dtype = evidence.attribute_column(table, name).dtype
            if not _has_levels(dtype):
                raise QueryError(f"{name!r} holds {dtype}, which has no levels to group by")


def as_levels(values: pl.Series) -> pl.Series:
    """An attribute as text levels: as it stands, or its quartile if it is a number with many values.

    Example:
        >>> as_levels(pl.Series(range(100))).unique(maintain_order=True).to_list()
        ['< 24.75', '24.75 – 49.5', '49.5 – 74.25', '≥ 74.25']
    """
    return _levels(values, values)


def _levels(values: pl.Series, reference: pl.Series) -> pl.Series:
    """Values as levels that are those of the reference: its quartiles, if it has many numbers."""
    if not values.dtype.is_numeric():
        return values if values.dtype == pl.Enum else values.cast(pl.String)
    numbers, known = finite(values), finite(reference).drop_nulls()
    if known.n_unique() > MOST_LEVELS:
        return bin_by_edges(numbers, quantile_edges(known))
    exact = values if reference.n_unique() <= MOST_LEVELS else numbers
    return exact.cast(pl.String).set(numbers.is_null(), None)


def attribute_levels(evidence: Evidence, name: str) -> list[str | None]:
    """All levels that an attribute of `attribute_names` has, whatever the block, null last."""
    if name == "category":
        return list(evidence.category_names)
    if name == "size" and evidence.task == "detection":
        return list(SIZE_LABELS)
    if name in evidence.attributes("images"):
        parts = [as_levels(evidence.whole.attribute_column("images", name))]
    else:
        parts = [as_levels(evidence.whole.attribute_column("ground_truth", name))]
        if is_of_both_sides(evidence, name):
            reference = evidence.whole.attribute_column("ground_truth", name)
            parts.append(_like(evidence.whole.attribute_column("predictions", name), reference))
    values = pl.concat([part.cast(pl.String) for part in parts])
    return values.unique().sort(nulls_last=True).to_list()


def level_bounds(evidence: Evidence, name: str) -> dict[str, tuple[float | None, float | None]] | None:
    """Lowest number of each level of an attribute and the first one above it; None if its levels are no ranges."""
    if name not in evidence.bounds_of:
        evidence.bounds_of[name] = _level_bounds(evidence, name)
    return evidence.bounds_of[name]


def _level_bounds(evidence: Evidence, name: str) -> dict[str, tuple[float | None, float | None]] | None:
    for table in ("images", "ground_truth"):
        if name in evidence.attributes(table):
            reference = evidence.whole.attribute_column(table, name)
            known = finite(reference).drop_nulls() if reference.dtype.is_numeric() else None
            if known is None or known.n_unique() <= MOST_LEVELS:
                return None
            edges = quantile_edges(known)
            return dict(zip(edge_labels(edges), pairwise([None, *edges, None]), strict=True))
    return None


def _like(values: pl.Series, reference: pl.Series) -> pl.Series:
    """Levels of values in another numeric type than the reference's: 1.0 is its 1."""
    levels = _levels(values, reference)
    if values.dtype == reference.dtype or levels.dtype != pl.String:
        return levels
    same = values.cast(reference.dtype, strict=False)
    return _levels(same, reference).zip_with((same == values).fill_null(False), levels)


def _size(area: pl.Series) -> pl.Series:
    return bin_by_edges(area, SIZE_EDGES, labels=SIZE_LABELS)


def _is_taken(name: str) -> bool:
    return name in ANSWER_NAMES or name.startswith(("_", "unit:"))


def _has_levels(dtype: pl.DataType) -> bool:
    return not dtype.is_nested() and dtype not in {pl.Binary, pl.Object, pl.Duration}


def _is_groupable(values: pl.Series) -> bool:
    if values.dtype.is_temporal() or not _has_levels(values.dtype):
        return False
    distinct = values.n_unique()
    if distinct <= 1:
        return False
    return values.dtype.is_float() or distinct <= max(MOST_LEVELS, _IDENTIFIER_SHARE * len(values))
