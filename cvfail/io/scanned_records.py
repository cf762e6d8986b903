"""Regular records of a COCO file, read by threads from the bytes of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from cvfail.io.coco_fields import BOX, FLAG, ID, NUMBER, TEXT, Kind, Section
from cvfail.io.mapped_text import HeldText, MappedText
from cvfail.kernels import json_records as kernels
from cvfail.kernels.json_values import after_space
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order

_ROLES: dict[Kind, int] = {
    ID: kernels.IDENTIFIER,
    NUMBER: kernels.NUMBER,
    FLAG: kernels.FLAG,
    BOX: kernels.BOX,
    TEXT: kernels.STRING,
}

_LEARNT_FROM = 1 << 16
"""The keys in so many bytes are known before the threads start."""

_MOST_KEYS = 500
_UNCERTAIN = 256


class KeyTable:
    """The keys of a section's records: its fields, ``attributes``, what is left out, and attributes as found.

    Attributes:
        names: The keys.
        roles: What the value of each must be.
        slots: The first of the columns that each fills.
        is_entry: Whether each is an entry of ``attributes``.
    """

    def __init__(self, section: Section) -> None:
        self.names: list[str] = []
        self.roles: list[int] = []
        self.slots: list[int] = []
        self.is_entry: list[bool] = []
        self.n_slots = 0
        for field in section.fields:
            self.add(field.name, _ROLES[field.kind], slots=len(field.columns))
        self.add("attributes", kernels.ENTRIES, slots=0)
        for name in section.left_out:
            self.add(name, kernels.SKIPPED, slots=0)
        self._required = sum(field.required << number for number, field in enumerate(section.fields))

    def add(self, name: str, role: int, *, slots: int, is_entry: bool = False) -> None:
        """Note one more key."""
        self.names.append(name)
        self.roles.append(role)
        self.slots.append(self.n_slots)
        self.is_entry.append(is_entry)
        self.n_slots += slots

    def arrays(self) -> kernels.Keys:
        """The table as the kernel takes it."""
        names = [name.encode() for name in self.names]
        return kernels.Keys(
            read_only(np.frombuffer(b"".join(names), np.uint8)),
            read_only(np.cumsum([0, *map(len, names)], dtype=np.int64)),
            read_only(np.array(self.roles, np.uint8)),
            read_only(np.array(self.slots, np.int64)),
            read_only(np.array(self.is_entry, np.bool_)),
            self._required,
        )


@dataclass(frozen=True)
class Part:
    """The records that begin in a stretch of the file.

    Attributes:
        start: Where the first of them begins.
        status: Why the scan stopped.
        rows: Their number.
        stop: Where the scan stopped.
        is_entry: Whether the unseen key is an entry of ``attributes``.
        columns: Their values.
    """

    start: int
    status: int
    rows: int
    stop: int
    is_entry: bool
    columns: kernels.Columns


@dataclass(frozen=True)
class Scanned:
    """All records of an array.

    Attributes:
        keys: The keys that they may have.
        parts: Their values in order.
        end: The position behind the array.
    """

    keys: KeyTable
    parts: list[Part]
    end: int


def scanned_records(
    text: HeldText | MappedText, start: int, section: Section, *, threads: int, part_bytes: int
) -> Scanned | None:
    """Read the records of an array.

    The file is cut at what looks like the start of a record, and the parts are read at the same time. A cut was
    right if the part before ends exactly there; else what follows is read again, so that the result is that of
    reading from start to end.

    Args:
        text: The file.
        start: Where the array begins.
        section: What its records should be.
        threads: The number of threads.
        part_bytes: How much of the file a thread reads at once.

    Returns:
        The records; None if there is none, or one that a slower reader has to judge.
    """
    first = after_space(text.bytes, start + 1, text.last)
    if text.bytes[first] != ord("{"):
        return None
    scan = _Scan(text, section)
    if not scan.learn(first):
        return None
    starts = [first]
    for guess in range(first + part_bytes, text.last, part_bytes):
        if guess > starts[-1]:
            starts.append(kernels.record_start(text.bytes, guess, text.last))
    limits = [*starts[1:], text.last]
    scan.run(list(zip(starts, limits, strict=True)), threads)
    parts = scan.chained(limits, threads)
    return None if parts is None else Scanned(scan.keys, parts, parts[-1].stop)


class _Scan:
    """The scan of one array: the keys that are known so far, and the parts that have been read."""

    def __init__(self, text: HeldText | MappedText, section: Section) -> None:
        self._text = text
        self.keys = KeyTable(section)
        self._parts: dict[int, Part] = {}
        self._bounds: Sequence[tuple[int, int]] = ()
        self._ended = False

    def learn(self, first: int) -> bool:
        """Read the beginning until all of its keys are known; whether it is regular."""
        while True:
            part = self._read(first, min(first + _LEARNT_FROM, self._text.last))
            if part.status != kernels.UNSEEN:
                return part.status != kernels.IRREGULAR
            if not self._add_key(part):
                return False

    def run(self, bounds: Sequence[tuple[int, int]], threads: int) -> None:
        """Read all parts, those behind the end of the array excepted."""
        self._bounds = bounds
        self._read_again(range(len(bounds)), threads)

    def chained(self, limits: Sequence[int], threads: int) -> list[Part] | None:
        """The parts of which each begins where the one before ended; None where one is irregular."""
        position, chain = self._bounds[0][0], []
        for number, limit in enumerate(limits):
            if position >= limit and number < len(limits) - 1:
                self._parts.pop(number, None)
                continue
            if number not in self._parts or self._parts[number].start != position:
                self._parts[number] = self._read(position, limit)
            while self._parts[number].status == kernels.UNSEEN:
                if not self._add_key(self._parts[number]):
                    return None
                unread = [
                    k for k, part in self._parts.items() if part.status == kernels.UNSEEN and k != number
                ]
                self._parts[number] = self._read(position, limit)
                self._read_again(unread, threads)
            part = self._parts.pop(number)
            if part.status == kernels.IRREGULAR:
                return None
            chain.append(part)
            position = part.stop
            if part.status == kernels.END:
                return chain
        return None

    def _read_again(self, numbers: Sequence[int], threads: int) -> None:
        self._ended = False

        def work(number: int) -> Part | None:
            if self._ended:
                return None
            part = self._read(*self._bounds[number])
            self._ended |= part.status == kernels.END
            return part

        for number, part in zip(numbers, run_in_order(work, numbers, threads=threads), strict=True):
            if part is not None:
                self._parts[number] = part

    def _read(self, start: int, limit: int) -> Part:
        keys = self.keys.arrays()
        text, n_keys = self._text, len(self.keys.names)
        rows = kernels.count_objects(text.bytes, start, limit)
        integers = np.empty((self.keys.n_slots, rows), np.int64)
        columns = kernels.Columns(
            integers,
            integers.view(np.float64),
            np.zeros((n_keys, rows), np.uint8),
            np.zeros(n_keys, np.int64),
            np.full(n_keys, -1, np.int64),
            np.empty((_UNCERTAIN, 4), np.int64),
        )
        follow, state = np.full(n_keys + 2, -1, np.int64), np.zeros(2, np.int64)
        status, rows, stop, more = kernels.scan_records(
            text.bytes, start, limit, text.last, keys, columns, follow, state
        )
        if status in (kernels.MORE, kernels.END):
            status = status if self._settled(columns, more) else kernels.IRREGULAR
        text.release(start, min(stop, limit))
        return Part(start, status, rows, stop, status == kernels.UNSEEN and more == 1, columns)

    def _settled(self, columns: kernels.Columns, number: int) -> bool:
        """Whether the numbers that the kernel is not certain about are floats, as Python reads them."""
        for slot, row, start, stop in columns.uncertain[:number].tolist():
            value = float(self._text.between(start, stop))
            columns.floats[slot, row] = value
            if not isfinite(value):
                return False
        return True

    def _add_key(self, part: Part) -> bool:
        text = self._text
        start = part.stop + 1
        stop = start
        while text.bytes[stop] != ord('"'):
            stop += 1
        name = text.between(start, stop).decode()
        self.keys.add(name, kernels.ATTRIBUTE, slots=1, is_entry=part.is_entry)
        return len(self.keys.names) < _MOST_KEYS
