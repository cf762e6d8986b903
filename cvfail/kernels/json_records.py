"""Flat records in the bytes of a JSON array, field by field into columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import inlined_kernel, kernel, unowned
from cvfail.kernels.json_values import (
    FLOAT,
    INTEGER,
    UNCERTAIN,
    WRONG,
    after_plain_string,
    after_space,
    after_value,
    after_word,
    number,
)

IDENTIFIER, NUMBER, FLAG, BOX, STRING, SKIPPED, ATTRIBUTE, ENTRIES = range(8)
"""What a key's value must be; ``ENTRIES`` is the object whose entries are attributes."""

ABSENT, NULL, BOOLEAN, TEXT, NESTED = 0, 1, 2, 5, 6
"""What a value is, beside ``INTEGER`` and ``FLOAT``."""

MORE, END, UNSEEN, IRREGULAR = range(4)
"""Why a scan stopped: at the first record beyond its limit, at the end of the array, at a key that is not in the
table, or at something that a slower reader has to judge."""

LENGTH_BITS = 22
"""A string is start << 22 | length."""


class Keys(NamedTuple):
    """The keys that records may have; those of the fields first.

    Attributes:
        names: The bytes of all keys, one after the other.
        offsets: Where each begins, and the end; shape (k + 1,).
        role: What the value of each must be, shape (k,).
        slot: The first row of the columns that each fills, shape (k,).
        is_entry: Whether the key belongs to the object of entries, shape (k,).
        required: One bit for each key that every record must have.
    """

    names: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    role: NDArray[np.uint8]
    slot: NDArray[np.int64]
    is_entry: NDArray[np.bool_]
    required: int


class Columns(NamedTuple):
    """What a scan fills, of one capacity n.

    Attributes:
        integers: Integers, truth values and strings, shape (slots, n).
        floats: The same memory as float64.
        kind: What each value is, shape (keys, n), zero at first.
        kinds: The kinds that a key's values have, one bit each, shape (keys,), zero at first.
        first: Where each key is found first, -1 where it is not, shape (keys,).
        uncertain: Numbers that Python's ``float`` must read: slot, row, start and end, shape (m, 4).
    """

    integers: NDArray[np.int64]
    floats: NDArray[np.float64]
    kind: NDArray[np.uint8]
    kinds: NDArray[np.int64]
    first: NDArray[np.int64]
    uncertain: NDArray[np.int64]


@kernel
def scan_records(
    text: NDArray[np.uint8],
    start: int,
    limit: int,
    last: int,
    keys: Keys,
    columns: Columns,
    follow: NDArray[np.int64],
    state: NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """Read the records that begin from `start` on and before `limit`.

    Args:
        text: The bytes of a file.
        start: The opening brace of a record.
        limit: Where no record is to begin any more.
        last: The closing bracket that ends the file.
        keys: The keys that a record may have.
        columns: What to fill.
        follow: Memory for which key follows which, -1 at first, shape (keys + 2,).
        state: Memory for the numbers returned last, 0 at first, shape (2,).

    Returns:
        Why it stopped; the number of records; where it stopped: at a record, behind the array, or at the quotation
        mark of the unseen key; and the number of uncertain floats, or whether the unseen key is an entry.
    """
    text = unowned(text)
    keys = Keys(
        unowned(keys.names),
        unowned(keys.offsets),
        unowned(keys.role),
        unowned(keys.slot),
        unowned(keys.is_entry),
        keys.required,
    )
    columns = Columns(
        unowned(columns.integers),
        unowned(columns.floats),
        unowned(columns.kind),
        unowned(columns.kinds),
        unowned(columns.first),
        unowned(columns.uncertain),
    )
    follow, state = unowned(follow), unowned(state)
    row, i = 0, start
    while i < limit:
        i = _record(text, i, last, keys, columns, row, follow, state)
        if i < 0:
            return (IRREGULAR, row, start, 0) if i == WRONG else (UNSEEN, row, -2 - i, state[1])
        row += 1
        i = after_space(text, i, last)
        if text[i] == 93:
            return END, row, i + 1, state[0]
        if text[i] != 44:
            return IRREGULAR, row, i, 0
        i = after_space(text, i + 1, last)
        if text[i] != 123:
            return IRREGULAR, row, i, 0
    return MORE, row, i, state[0]


@inlined_kernel
def _record(
    text: NDArray[np.uint8],
    i: int,
    last: int,
    keys: Keys,
    columns: Columns,
    row: int,
    follow: NDArray[np.int64],
    state: NDArray[np.int64],
) -> int:
    """The position after an object; ``-2 - position`` of a key that is not in the table."""
    present, in_entries, previous, entries = 0, False, keys.role.size, 0
    i = after_space(text, i + 1, last)
    if text[i] == 125:
        return i + 1 if keys.required == 0 else WRONG
    while True:
        if text[i] != 34:
            return WRONG
        key, behind = _key(text, i, last, keys, follow, previous, in_entries)
        if key < 0:
            state[1] = 1 if in_entries else 0
            return -2 - i if behind != WRONG else WRONG
        previous = key
        i = after_space(text, behind, last)
        if text[i] != 58:
            return WRONG
        i = after_space(text, i + 1, last)
        role = keys.role[key]
        if columns.first[key] < 0:
            columns.first[key] = behind
        is_repeated = columns.kind[key, row] != ABSENT if role == ATTRIBUTE else present >> key & 1 == 1
        if role == SKIPPED:
            i = after_value(text, i, last)
        elif is_repeated:
            return WRONG
        elif role == ATTRIBUTE:
            i = _value(text, i, last, keys, key, columns, row, state)
        else:
            present |= 1 << key
            if role != ENTRIES:
                i = _value(text, i, last, keys, key, columns, row, state)
            elif text[i] != 123:
                i = after_value(text, i, last)
            else:
                entries = key
                i = after_space(text, i + 1, last)
                if text[i] != 125:
                    in_entries, previous = True, keys.role.size + 1
                    continue
                i += 1
        if i == WRONG:
            return WRONG
        i = after_space(text, i, last)
        if in_entries and text[i] == 125:
            in_entries, previous = False, entries
            i = after_space(text, i + 1, last)
        if text[i] == 125:
            return i + 1 if not in_entries and present & keys.required == keys.required else WRONG
        if text[i] != 44:
            return WRONG
        i = after_space(text, i + 1, last)


@inlined_kernel
def _key(
    text: NDArray[np.uint8],
    i: int,
    last: int,
    keys: Keys,
    follow: NDArray[np.int64],
    previous: int,
    in_entries: bool,
) -> tuple[int, int]:
    """The number of a key, the one that followed the previous key before being tried first, and where it ends."""
    guess = follow[previous]
    if guess >= 0:
        behind = _behind_name(text, i, last, keys, guess)
        if behind != WRONG:
            return guess, behind
    return _other_key(text, i, last, keys, follow, previous, in_entries)


@kernel
def _other_key(
    text: NDArray[np.uint8],
    i: int,
    last: int,
    keys: Keys,
    follow: NDArray[np.int64],
    previous: int,
    in_entries: bool,
) -> tuple[int, int]:
    for key in range(keys.role.size):
        if keys.is_entry[key] == in_entries:
            behind = _behind_name(text, i, last, keys, key)
            if behind != WRONG:
                follow[previous] = key
                return key, behind
    return -1, after_plain_string(text, i, last)


@inlined_kernel
def _behind_name(text: NDArray[np.uint8], i: int, last: int, keys: Keys, key: int) -> int:
    """The position after a string that is this key; ``WRONG`` if it is another."""
    first, stop = keys.offsets[key], keys.offsets[key + 1]
    quote = i + 1 + stop - first
    if quote >= last or text[quote] != 34:
        return WRONG
    for k in range(stop - first):
        if text[i + 1 + k] != keys.names[first + k]:
            return WRONG
    return quote + 1


@inlined_kernel
def _value(
    text: NDArray[np.uint8],
    i: int,
    last: int,
    keys: Keys,
    key: int,
    columns: Columns,
    row: int,
    state: NDArray[np.int64],
) -> int:
    """Store the value of a key; the position after it."""
    role, slot, byte = keys.role[key], keys.slot[key], text[i]
    if byte == 45 or 48 <= byte <= 57:
        kind, end = _store_number(text, i, role, slot, columns, row, state)
    elif byte == 91 and role == BOX:
        kind, end = FLOAT, _store_box(text, i, last, slot, columns, row, state)
    elif byte == 34 and (role == STRING or role == IDENTIFIER or role == ATTRIBUTE):
        kind, end = TEXT, after_plain_string(text, i, last)
        columns.integers[slot, row] = (i + 1) << LENGTH_BITS | (end - i - 2)
        if end - i >= 1 << LENGTH_BITS:
            return WRONG
    elif (byte == 91 or byte == 123) and role == ATTRIBUTE:
        kind, end = NESTED, after_value(text, i, last)
    elif byte == 110 and keys.required >> key & 1 == 0:
        kind, end = NULL, after_word(text, i, last)
    elif (byte == 116 or byte == 102) and (role == FLAG or role == ATTRIBUTE):
        kind, end = BOOLEAN, after_word(text, i, last)
        columns.integers[slot, row] = 1 if byte == 116 else 0
    else:
        return WRONG
    columns.kind[key, row] = kind
    columns.kinds[key] |= 1 << kind
    return end


@inlined_kernel
def _store_number(
    text: NDArray[np.uint8],
    i: int,
    role: int,
    slot: int,
    columns: Columns,
    row: int,
    state: NDArray[np.int64],
) -> tuple[int, int]:
    """Store a number as its role asks: its kind and the position after it."""
    kind, integer, value, end = number(text, i)
    if role == NUMBER or role == BOX or (role == ATTRIBUTE and kind == FLOAT):
        columns.floats[slot, row] = value
    elif kind == INTEGER and (
        role == IDENTIFIER or role == ATTRIBUTE or (role == FLAG and 0 <= integer <= 1)
    ):
        columns.integers[slot, row] = integer
        return kind, end
    elif role != ATTRIBUTE or kind != UNCERTAIN or integer == 0:
        return kind, WRONG
    if kind == UNCERTAIN:
        if state[0] == columns.uncertain.shape[0] or end == WRONG:
            return kind, WRONG
        columns.uncertain[state[0], 0], columns.uncertain[state[0], 1] = slot, row
        columns.uncertain[state[0], 2], columns.uncertain[state[0], 3] = i, end
        state[0] += 1
    return FLOAT if kind == UNCERTAIN else kind, end


@inlined_kernel
def _store_box(
    text: NDArray[np.uint8],
    i: int,
    last: int,
    slot: int,
    columns: Columns,
    row: int,
    state: NDArray[np.int64],
) -> int:
    """Store the four numbers of a list; the position after it."""
    for side in range(4):
        i = after_space(text, i + 1, last)
        if text[i] != 45 and not 48 <= text[i] <= 57:
            return WRONG
        _, i = _store_number(text, i, BOX, slot + side, columns, row, state)
        if i == WRONG:
            return WRONG
        i = after_space(text, i, last)
        if text[i] != (93 if side == 3 else 44):
            return WRONG
    return i + 1


@kernel
def record_start(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The first opening brace behind a closing one and a comma, from here on: probably the start of a record."""
    text = unowned(text)
    while i < last:
        if text[i] == 125:
            comma = after_space(text, i + 1, last)
            start = after_space(text, comma + 1, last)
            if text[comma] == 44 and text[start] == 123:
                return start
        i += 1
    return last


@kernel
def count_objects(text: NDArray[np.uint8], start: int, stop: int) -> int:
    """The number of opening braces in a stretch of text, which is at least that of the records."""
    count = 0
    for byte in text[start:stop]:
        count += byte == 123
    return count
