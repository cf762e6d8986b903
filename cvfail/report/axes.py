"""The attributes that make the axes of heatmaps, with the values that they are cut into."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from itertools import combinations

import polars as pl

from cvfail.attributes.binning import MOST_LEVELS, SIZE_LABELS, bin_by_edges, quantile_edges
from cvfail.evidence.attributes import Attribute, attribute, attribute_levels, attribute_names
from cvfail.evidence.evidence import Evidence
from cvfail.report.sql_conditions import box_area_condition, level_condition

MOST_CLASSES = 24
"""Classes that an axis may have: the most frequent."""

MOST_MAPS = 12

_THIRDS = ("small third", "middle third", "large third")
_FEWEST_IN_A_BUCKET = 0.02
"""Of the objects, in all but one of COCO's buckets; with fewer they say nothing, and thirds are cut."""


@dataclass(frozen=True)
class Axis:
    """An attribute with its values in order.

    Attributes:
        attribute: The value of every row.
        levels: The values that are shown, None last.
        where: Each as a condition on an error, see `cvfail.report.sql_conditions`.
        note: What is left out, or how it is cut; empty if there is nothing to say.
    """

    attribute: Attribute
    levels: list[str | None]
    where: list[str]
    note: str = ""

    def only(self, present: Set[str | None]) -> Axis:
        """The axis without the values that do not occur."""
        kept = [place for place, level in enumerate(self.levels) if level in present]
        return replace(self, levels=[self.levels[i] for i in kept], where=[self.where[i] for i in kept])


def axis_pairs(evidence: Evidence) -> list[tuple[Axis, Axis]]:
    """The pairs that maps are made of: every attribute by size; for classification class by attribute.

    A classifier with too many classes has its attributes by one another.
    """
    names = [name for name in attribute_names(evidence) if name not in {"size", "category"}]
    named = [axis for axis in (_axis(evidence, name) for name in names) if axis is not None]
    classes = _class_axis(evidence)
    if evidence.task == "detection":
        size = _size_axis(evidence)
        if size is None:
            return []
        rows = [*named, *([] if classes is None else [classes])]
        return [(row, size) for row in rows[:MOST_MAPS]]
    if classes is not None and not classes.note:
        return [(classes, column) for column in named[:MOST_MAPS]]
    return list(combinations(named, 2))[:MOST_MAPS]


def _axis(evidence: Evidence, name: str) -> Axis | None:
    """An attribute with few values; None if it has many."""
    levels = attribute_levels(evidence, name)
    if len([level for level in levels if level is not None]) > MOST_LEVELS:
        return None
    found = attribute(evidence, name)
    ordered: list[str | None] = list(_in_order(found, levels))
    return Axis(found, ordered, [level_condition(evidence, name, level) for level in ordered])


def _in_order(found: Attribute, levels: list[str | None]) -> Iterator[str | None]:
    """Levels in the order of their enumeration or of their numbers, else of the alphabet; null last."""
    known = [level for level in levels if level is not None]
    if isinstance(found.truth.dtype, pl.Enum):
        place = {name: number for number, name in enumerate(found.truth.dtype.categories)}
        known.sort(key=lambda level: place.get(level, len(place)))
    elif pl.Series(known, dtype=pl.String).cast(pl.Float64, strict=False).null_count() == 0:
        known.sort(key=float)
    yield from known
    if None in levels:
        yield None


def _class_axis(evidence: Evidence) -> Axis | None:
    """The classes, the most frequent if there are many; None for a single one."""
    names = evidence.category_names
    if len(names) < 2:
        return None
    shown, note = list(range(len(names))), ""
    if len(names) > MOST_CLASSES:
        counts = pl.Series(evidence.coding.truth_category).value_counts(name="n").rows()
        frequency = dict(counts)
        shown.sort(key=lambda code: -frequency.get(code, 0))
        shown = sorted(shown[:MOST_CLASSES])
        note = f"The {MOST_CLASSES} most frequent of {len(names):,} classes."
    levels: list[str | None] = [names[code] for code in shown]
    where = [level_condition(evidence, "category", level) for level in levels]
    return Axis(attribute(evidence, "category"), levels, where, note)


def _size_axis(evidence: Evidence) -> Axis | None:
    """COCO's buckets of size; thirds where nearly all objects lie in one bucket; None if all have one size."""
    size = attribute(evidence, "size")
    counts = dict(size.truth.cast(pl.String).value_counts(name="n").rows())
    known = sum(count for level, count in counts.items() if level is not None)
    filled = [level for level in SIZE_LABELS if counts.get(level, 0) > _FEWEST_IN_A_BUCKET * known]
    if len(filled) > 1:
        levels = _with_unknown(SIZE_LABELS, size)
        return Axis(size, levels, [level_condition(evidence, "size", level) for level in levels])
    areas = evidence.ground_truth["area"]
    edges = quantile_edges(areas, (1 / 3, 2 / 3))
    if not edges:
        return None
    labels = _THIRDS if len(edges) == 2 else [f"part {place + 1}" for place in range(len(edges) + 1)]
    boxes = evidence.predictions.select(pl.col("width") * pl.col("height")).to_series()
    thirds = Attribute(
        "size",
        "own_geometry",
        bin_by_edges(areas, edges, labels=labels),
        bin_by_edges(boxes, edges, labels=labels),
    )
    bounds = dict(zip(labels, zip([None, *edges], [*edges, None], strict=True), strict=True))
    levels = _with_unknown(labels, thirds)
    where = [box_area_condition(*bounds[level]) if level else box_area_condition() for level in levels]
    cut = ", ".join(f"{edge:,.0f}" for edge in edges)
    return Axis(
        thirds, levels, where, f"Size is cut at {cut} square pixels, so that each part has as many objects."
    )


def _with_unknown(labels: tuple[str, ...] | list[str], found: Attribute) -> list[str | None]:
    sides = [found.truth, *([] if found.prediction is None else [found.prediction])]
    return [*labels, *([None] if any(side.null_count() for side in sides) else [])]
