"""Slice search on the right unit of each question: objects for recall, predictions for precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.attributes import Attribute, attribute_names, attributes
from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.found_slices import SliceSearch
from cvfail.slices.items import Dropped
from cvfail.slices.objectives import ObjectiveName, Reference
from cvfail.slices.questions import Mask, Question, Table, question_of, require_numbers
from cvfail.slices.search import search_slices

_ERROR, _CLUSTER, _ROW, _WEIGHT = "unit:error", "unit:cluster", "unit:row", "unit:weight"


class SearchOptions(TypedDict, total=False):
    """Options of `search_slices`."""

    objective: ObjectiveName
    alpha: float
    reference: Reference | float
    max_order: int
    min_support: int | None
    top: int
    confirm: bool
    confidence: float
    statistics: bool
    threads: int | None


def find_slices(
    point: OperatingPoint,
    target: str = "recall",
    *,
    attributes: Sequence[str] | None = None,
    weight: str | None = None,
    **options: Unpack[SearchOptions],
) -> SliceSearch:
    """The slices in which a kind of error gathers, exactly.

    Args:
        point: The evaluation at an overlap and a score threshold.
        target: ``recall``: objects that are not found, of all objects. ``precision``: false positives, of all
            predictions. ``missed``, ``classification``, ``localisation``: objects with that error, of all objects.
            ``duplicate``, ``background``, ``both``: false positives of that type, of all predictions. ``A→B`` or
            ``A->B``: objects of class A that were taken for B, of all of class A; ``(background)`` for A means
            predictions of B on nothing, of all predictions of B. Otherwise a column of ground truth or
            predictions that holds errors: booleans or numbers >= 0.
        attributes: What slices are made of; all that the unit has if not given.
        weight: Column of the same table with the cost of each unit, for ``objective="risk"``; 1 if not given.
        options: Those of `cvfail.slices.search.search_slices`: ``objective``, ``max_order``, ``min_support``,
            ``top``, ``confirm``, ``confidence`` …

    Returns:
        The slices, best first; `rows` gives their objects or predictions with outcomes. Effects are clustered by
        image (or cluster_id).

    Raises:
        QueryError: The target, an attribute or an option has no meaning.

    Notes:
        Numbers with many values are cut at the quartiles of the images or of the ground truth, never of
        predictions. Attributes that the unit lacks are dropped, and said so.
    """
    names = [name for name in attribute_names(point.evidence) if name not in {target, weight}]
    if attributes is not None:
        names = list(dict.fromkeys(attributes))
    runs = point.evidence.over_blocks(lambda block: _units(block, point.on(block), target, names, weight))
    first = runs[0]
    clusters = point.evidence.cluster_ids.alias(_CLUSTER)
    units = pl.concat([run.frame for run in runs])
    if options.get("confirm"):  # the halves are said by the ids themselves
        units = units.with_columns(clusters.gather(units[_CLUSTER]))
    search = search_slices(
        units,
        attributes=[name for name in names if name not in first.lacking],
        error=_ERROR,
        weight=None if weight is None else _WEIGHT,
        cluster=_CLUSTER,
        **options,
    )
    search.state(
        question=first.title,
        policy=point.evidence.describe(iou=point.iou, score=point.score),
        dropped=[Dropped(name, "predictions do not have it") for name in first.lacking],
        give=lambda rows: _rows(point, first.table, rows[_ROW]),
    )
    return search


@dataclass(frozen=True)
class _Units:
    """The units of a run of images.

    Attributes:
        table: What they are rows of.
        title: The question in words.
        frame: One row per unit: attributes, error, cluster, row in the whole table, weight.
        lacking: Attributes that such units do not have.
    """

    table: Table
    title: str
    frame: pl.DataFrame
    lacking: list[str]


def _units(
    block: Block, point: OperatingPoint, target: str, names: Sequence[str], weight: str | None
) -> _Units:
    evidence, question = point.evidence, question_of(point, target)
    is_truth = question.table == "ground_truth"
    first, images = (
        (block.first_truth, evidence.coding.truth_image)
        if is_truth
        else (block.first_prediction, evidence.coding.image)
    )
    values = {one.name: _side(one, question.table) for one in attributes(evidence, names)}
    errors = pl.Series(_ERROR, question.error)
    _require_amounts(errors, question.valid, of=question.title, first=first)
    columns = [series.alias(name) for name, series in values.items() if series is not None]
    columns += [
        errors,
        pl.Series(_CLUSTER, evidence.clusters[images]),
        pl.Series(_ROW, np.arange(first, first + question.error.size)),
    ]
    if weight is not None:
        columns.append(_weights(evidence, question, weight, first).alias(_WEIGHT))
    frame = pl.DataFrame(columns).filter(pl.Series(question.valid))
    lacking = [name for name, series in values.items() if series is None]
    return _Units(question.table, question.title, frame, lacking)


def _weights(evidence: Evidence, question: Question, name: str, first: int) -> pl.Series:
    """The costs of all rows."""
    if name not in evidence.outcomes.names(question.table):
        raise QueryError(f"no column {name!r} in {question.table}. Hint: join the costs to that table")
    values = evidence.outcomes.column(question.table, name)
    require_numbers(values, "weights")
    weights = values.cast(pl.Float64)
    _require_amounts(weights, question.valid, of=f"{name!r} of {question.table}", first=first)
    return weights


def _require_amounts(values: pl.Series, valid: Mask, *, of: str, first: int) -> None:
    amounts = values.fill_null(np.nan).to_numpy()
    bad = np.flatnonzero(valid & ~(np.isfinite(amounts) & (amounts >= 0.0)))
    if bad.size:
        row = int(bad[0])
        raise QueryError(
            f"{of} must be a number >= 0; row {first + row} has {values[row]}. "
            "Hint: 0 is for rows that cost nothing"
        )


def _side(attribute: Attribute, table: Table) -> pl.Series | None:
    return attribute.truth if table == "ground_truth" else attribute.prediction


def _rows(point: OperatingPoint, table: Table, numbers: pl.Series) -> pl.DataFrame:
    """Rows of the table by their numbers in the whole, with outcomes; blocks without any are not read."""
    tables = []
    for block, part in point.blocks():
        first = block.first_truth if table == "ground_truth" else block.first_prediction
        rows = part.evidence.outcomes.rows(table)
        own = numbers.filter(numbers.is_between(first, first + rows, closed="left")) - first
        if len(own):
            whole = part.ground_truth if table == "ground_truth" else part.all_predictions
            tables.append(block.as_in_the_whole(whole[own]))
    return pl.concat(tables)
