"""Scanned records as the columns that the slower reader makes of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.io.coco_fields import BOX, ID, NUMBER, Field, Section
from cvfail.io.mapped_text import HeldText, MappedText
from cvfail.io.scanned_records import Scanned
from cvfail.kernels.distinct_strings import distinct_strings
from cvfail.kernels.json_records import ABSENT, ATTRIBUTE, BOOLEAN, LENGTH_BITS, NESTED, NULL, TEXT
from cvfail.kernels.json_values import FLOAT, INTEGER
from cvfail.tables.arrays import Scalar, read_only
from cvfail.tables.parallel import run_in_order, worker_count

_LENGTH = (1 << LENGTH_BITS) - 1


def scanned_columns(
    scanned: Scanned, text: HeldText | MappedText, section: Section
) -> list[pl.Series] | None:
    """Declared columns, then attributes, as `record_columns` makes them.

    Args:
        scanned: All records of an array.
        text: The file that they stand in.
        section: What the records are.

    Returns:
        The columns; None where the slower reader has something to say: ids or attributes of several types, or
        attributes whose names are taken.
    """
    values = _Values(scanned, text)
    columns: list[Callable[[], pl.Series]] = []
    for number, item in enumerate(section.fields):
        kinds = values.kinds(number)
        if item.kind is ID and {INTEGER, TEXT} <= kinds:
            return None
        if item.required or kinds - {NULL}:
            columns += values.of_field(number, item, kinds)
    names = _attribute_names(scanned)
    if len({name for name, _ in names}) < len(names):
        return None
    for name, number in names:
        kinds = values.kinds(number) - {NULL}
        if not kinds or NESTED in kinds:
            continue
        if name in section.declaration.names or (TEXT in kinds and len(kinds) > 1):
            return None
        columns.append(partial(values.of_attribute, number, name, kinds))
    return run_in_order(lambda make: make(), columns, threads=worker_count(None))


def _attribute_names(scanned: Scanned) -> list[tuple[str, int]]:
    """Attributes and their key numbers: the entries of ``attributes``, then the others, each by first appearance."""
    keys = scanned.keys
    found = []
    for number, (name, role, is_entry) in enumerate(zip(keys.names, keys.roles, keys.is_entry, strict=True)):
        firsts = [int(part.columns.first[number]) for part in scanned.parts]
        if role == ATTRIBUTE and max(firsts) >= 0:
            found.append((not is_entry, min(first for first in firsts if first >= 0), name, number))
    return [(name, number) for _, _, name, number in sorted(found)]


class _Values:
    """The values of all parts, key by key; a key that a part does not know yet is absent from all its records."""

    def __init__(self, scanned: Scanned, text: HeldText | MappedText) -> None:
        self._scanned, self._text = scanned, text

    def kinds(self, key: int) -> set[int]:
        """The kinds that the values of a key have."""
        bits = 0
        for part in self._scanned.parts:
            bits |= int(part.columns.kinds[key]) if key < part.columns.kinds.size else 0
        return {kind for kind in range(bits.bit_length()) if bits >> kind & 1}

    def of_field(self, key: int, item: Field, kinds: set[int]) -> list[Callable[[], pl.Series]]:
        """What makes each column of a field."""
        slot = self._scanned.keys.slots[key]
        if item.kind is BOX:
            return [partial(self._side, slot + side, name) for side, name in enumerate(item.columns)]
        (name,) = item.columns
        if TEXT in kinds:
            return [partial(self._strings, key, name)]
        return [partial(self._numbers, slot, name, key, item)]

    def _side(self, slot: int, name: str) -> pl.Series:
        return pl.Series(name, self._floats(slot))

    def _numbers(self, slot: int, name: str, key: int, item: Field) -> pl.Series:
        values = self._floats(slot) if item.kind is NUMBER else self._integers(slot)
        return self._without_absent(pl.Series(name, values), key, item.required)

    def of_attribute(self, key: int, name: str, kinds: set[int]) -> pl.Series:
        """The column of an attribute: text, or the widest of truth values, integers and floats."""
        slot = self._scanned.keys.slots[key]
        if TEXT in kinds:
            return self._strings(key, name)
        if FLOAT not in kinds:
            series = pl.Series(name, self._integers(slot))
            return self._without_absent(series if INTEGER in kinds else series.cast(pl.Boolean), key, False)
        values = self._floats(slot)
        whole = np.isin(self._kind(key), (INTEGER, BOOLEAN))
        values = np.where(whole, self._integers(slot).astype(np.float64), values)
        return self._without_absent(pl.Series(name, values), key, False)

    def _without_absent(self, series: pl.Series, key: int, required: bool) -> pl.Series:
        if required:
            return series
        absent = np.isin(self._kind(key), (ABSENT, NULL))
        return series.set(pl.Series(absent), None) if absent.any() else series

    def _strings(self, key: int, name: str) -> pl.Series:
        spans = self._integers(self._scanned.keys.slots[key])
        numbers = np.empty(spans.size, np.int32)
        firsts = distinct_strings(self._text.bytes, read_only(spans), read_only(self._kind(key)), numbers)
        texts = [
            self._text.between(span >> LENGTH_BITS, (span >> LENGTH_BITS) + (span & _LENGTH)).decode()
            for span in firsts.tolist()
        ]
        places = pl.Series(numbers)
        if len(texts) == spans.size:
            return pl.Series(name, texts, dtype=pl.String)
        return pl.Series(name, texts, dtype=pl.String).gather(places.set(places < 0, None))

    def _integers(self, slot: int) -> NDArray[np.int64]:
        return _joined([_row(part.columns.integers, slot, part.rows) for part in self._scanned.parts])

    def _floats(self, slot: int) -> NDArray[np.float64]:
        return _joined([_row(part.columns.floats, slot, part.rows) for part in self._scanned.parts])

    def _kind(self, key: int) -> NDArray[np.uint8]:
        return _joined([_row(part.columns.kind, key, part.rows) for part in self._scanned.parts])


def _row(matrix: NDArray[Scalar], number: int, length: int) -> NDArray[Scalar]:
    """A row of a part's columns; zeros where the part was scanned before the key was known."""
    return matrix[number, :length] if number < len(matrix) else np.zeros(length, matrix.dtype)


def _joined(rows: list[NDArray[Scalar]]) -> NDArray[Scalar]:
    return np.concatenate(rows) if len(rows) > 1 else rows[0]
