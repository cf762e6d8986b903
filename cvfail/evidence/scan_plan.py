"""What must be known of tables before they are streamed: the images, the classes, and how many rows each has."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import Problem, SchemaError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.layout import Span, block_spans
from cvfail.evidence.outcome_tables import FramesInMemory
from cvfail.io.parquet_scan import ParquetScan
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset
from cvfail.tables.declared import INPUT_TABLES
from cvfail.tables.identifiers import encode
from cvfail.tables.raw import RawTable
from cvfail.tables.references import with_predicted_categories
from cvfail.tables.standard import converted
from cvfail.tables.suspicions import InputWarning

_SAMPLE = 1000
"""So many rows are checked before the whole is looked at, for what concerns a table as a whole."""

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many rows of it are done, and of how many."""


@dataclass(frozen=True)
class ScanPlan:
    """How tables are cut into blocks.

    Attributes:
        images: All images, standardised, by ascending id.
        known_categories: The categories of the input.
        categories: These, and those that only predictions have.
        spans: The images and rows of each block.
        is_sorted: Whether a table stands by ascending image already.
        source: Where each table comes from.
    """

    images: pl.DataFrame
    known_categories: pl.DataFrame
    categories: pl.DataFrame
    spans: list[Span]
    is_sorted: dict[str, bool]
    source: dict[str, str]

    def evidence(self, policy: Policy) -> Evidence:
        """The evaluation without its rows."""
        return Evidence(
            task="detection",
            policy=policy,
            images=self.images,
            categories=self.categories,
            outcomes=FramesInMemory({}),
            source=self.source,
        )


def plan_scan(scan: ParquetScan, *, block_rows: int, progress: Progress) -> ScanPlan:
    """Look at the ids of all rows once.

    Args:
        scan: The tables.
        block_rows: About how many rows stand in one block.
        progress: Is told of every run of rows.

    Raises:
        SchemaError: A table lacks a column, an id is unknown or not unique, or one of the first rows breaks a rule.
    """
    given = {name: raw for name in ("images", "categories") if (raw := scan.whole(name)) is not None}
    tables = _with_derived(scan, given)
    sample = _first_rows(scan, tables)
    known = sample.categories.head(tables["categories"].frame.height)
    predicted = _unique(scan, "predictions", "category_id").to_frame("category_id")
    images = sample.images.sort("image_id")
    offsets, is_sorted = {}, {}
    done, total = 0, sum(scan.heights.values())
    for table, own_id in _OWN_IDS.items():
        counter, unique, first = _RowsOfImages(images["image_id"]), _Uniqueness(own_id), 0
        for ids in scan.ids(table, ["image_id", own_id]):
            if not counter.add(_standard(ids["image_id"], table, "image_id")):
                _refuse_rows(scan, table, first, ids.height, tables)
            unique.add(ids)
            first += ids.height
            done += ids.height
            progress("reading ids", done, total)
        unique.require(scan, table)
        offsets[table], is_sorted[table] = counter.offsets(), counter.is_sorted
    return ScanPlan(
        images=images,
        known_categories=known,
        categories=with_predicted_categories(known, predicted),
        spans=block_spans(offsets["ground_truth"], offsets["predictions"], block_rows=block_rows),
        is_sorted=is_sorted,
        source={name: tables[name].source if name in tables else scan.source(name) for name in _ALL},
    )


_OWN_IDS = {"ground_truth": "ground_truth_id", "predictions": "prediction_id"}
_ALL = ("images", "categories", *_OWN_IDS)


def _with_derived(scan: ParquetScan, given: dict[str, RawTable]) -> dict[str, RawTable]:
    """Images and categories; those that the input lacks from the ids that the other tables use."""
    tables = dict(given)
    if "images" not in tables:
        ids = pl.concat([_unique(scan, table, "image_id") for table in _OWN_IDS]).unique()
        tables["images"] = RawTable(ids.sort().to_frame("image_id"), "derived")
    if "categories" not in tables:
        ids = _unique(scan, "ground_truth", "category_id")
        tables["categories"] = RawTable(ids.sort().to_frame("category_id"), "derived")
    return tables


def _unique(scan: ParquetScan, table: str, name: str) -> pl.Series:
    """The different ids in a column of a table; none if it lacks the column, which is said elsewhere."""
    ids = scan.distinct(table, name)
    return pl.Series(name, [], pl.Int64) if ids is None else _standard(ids, table, name).unique().drop_nulls()


def _standard(ids: pl.Series, table: str, name: str) -> pl.Series:
    """Ids in the dtype in which they are kept; as they are if they cannot be, which is said elsewhere."""
    declared = next(declared for declared in INPUT_TABLES["detection"] if declared.name == table)
    series = converted(ids, declared[name])
    return ids if series is None else series


def _first_rows(scan: ParquetScan, tables: dict[str, RawTable]) -> Dataset:
    """The first rows of the tables as a dataset: what is wrong with a whole table shows here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        return scan.dataset({**tables, **{table: scan.rows(table, 0, _SAMPLE) for table in _OWN_IDS}})


def _refuse_rows(scan: ParquetScan, table: str, first: int, count: int, tables: dict[str, RawTable]) -> None:
    """Raise what is wrong with the ids of some rows, records numbered in the whole table."""
    rows = scan.rows(table, first, count)
    other = next(name for name in _OWN_IDS if name != table)
    try:
        scan.dataset({**tables, table: rows, other: scan.rows(other, 0, 0)})
    except SchemaError as error:
        raise numbered(error, {rows.label: pl.int_range(first, first + count, eager=True)}) from None


def numbered(error: SchemaError, records: dict[str, pl.Series]) -> SchemaError:
    """An error about some rows with records numbered in their whole table.

    Args:
        error: What is wrong; records are numbered from the first of the rows on.
        records: The number of each row in the whole table, by the label of the table.
    """
    problems = [
        replace(problem, record=int(records[problem.source][problem.record]), total=None)
        if problem.record is not None and problem.source in records
        else problem
        for problem in error.problems
    ]
    return SchemaError(problems, error.rows)


class _RowsOfImages:
    """Counts the rows of each image, and notes whether they stand by ascending image."""

    def __init__(self, keys: pl.Series) -> None:
        self._keys = keys
        self._counts = np.zeros(len(keys), np.int64)
        self._last = -1
        self.is_sorted = True

    def add(self, ids: pl.Series) -> bool:
        """Count some rows; whether all their images are known."""
        if ids.dtype != self._keys.dtype or ids.null_count():
            return False
        codes = encode(ids, self._keys)
        if codes.size and codes.min() < 0:
            return False
        self._counts += np.bincount(codes, minlength=self._counts.size)
        if codes.size:
            ascending = codes[0] >= self._last and bool(np.all(codes[1:] >= codes[:-1]))
            self.is_sorted = self.is_sorted and ascending
            self._last = int(codes[-1])
        return True

    def offsets(self) -> NDArray[np.int64]:
        """Where the rows of each image start once they are sorted, shape (images + 1,)."""
        return np.concatenate([[0], np.cumsum(self._counts)])


class _Uniqueness:
    """Whether ids that the user gave are all different; nothing is kept while they ascend."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: pl.Series | None = None
        self._ascends = True

    def add(self, ids: pl.DataFrame) -> None:
        """Look at some rows."""
        if self._name not in ids.columns or not self._ascends or not ids.height:
            return
        own = ids[self._name]
        joined = own if self._last is None else pl.concat([self._last, own])
        self._ascends = not joined.null_count() and bool((joined[1:] > joined[:-1]).all())
        self._last = own.tail(1)

    def require(self, scan: ParquetScan, table: str) -> None:
        """Refuse ids that repeat; those that do not ascend are held in memory to find out.

        Raises:
            SchemaError: An id stands in two rows.
        """
        if self._ascends:
            return
        parts = [ids[self._name] for ids in scan.ids(table, [self._name])]
        own = pl.concat(parts)
        repeated = own.filter(own.is_duplicated() & own.is_not_null())
        if repeated.len():
            record = int(own.is_duplicated().arg_true()[0])
            raise SchemaError(
                [
                    Problem(
                        source=scan.source(table),
                        field=self._name,
                        rule=f"{self._name} must be unique",
                        count=repeated.len() - repeated.n_unique(),
                        total=own.len(),
                        record=record,
                        found=str(own[record]),
                        hint="number the rows anew, or remove the copies",
                    )
                ]
            )
