"""A summary as a page carries it: rows of the same keys column by column, which halves the text of a large one.

Nothing is lost, and only the page sees it: ``unpack.js`` there makes the same rows again. A list of dicts with the
same keys becomes ``{"$rows": count, "$columns": {key: column}}``, in which a column is one of

- ``{"$same": value}``: a text, a truth value or an integer that every row has;
- ``{"$words": texts, "$at": positions}``: texts of which many repeat;
- ``{"$width": count, "$numbers": numbers}``: lists of so many numbers each, one behind another;
- ``{"$lengths": counts, "$items": rows}``: lists of dicts, one behind another, packed as one list;
- a list of values, each packed on its own, or again ``$rows`` where they are dicts of the same keys.

A dict whose keys could be taken for one of these stands unpacked in ``{"$plain": dict}``.
"""

from __future__ import annotations

from itertools import chain

_FEWEST = 2
"""Rows from which columns are shorter."""

_MOST_WORDS = 0.5
"""Share of different texts up to which positions are shorter."""


def pack(value: object) -> object:
    """Pack a JSON-able value.

    Args:
        value: Dicts with texts as keys, lists, texts, numbers, truth values and None; it is not changed.

    Returns:
        A JSON-able value. The same value gives the same, and different ones give different.

    Example:
        >>> pack([{"a": 1, "b": [1.5, 2]}, {"a": 1, "b": [3, 4]}])
        {'$rows': 2, '$columns': {'a': {'$same': 1}, 'b': {'$width': 2, '$numbers': [1.5, 2, 3, 4]}}}
        >>> pack([{"a": 1}, {"b": 1}])
        [{'a': 1}, {'b': 1}]
    """
    if isinstance(value, dict):
        if any(key.startswith("$") or key == "__proto__" for key in value):
            return {"$plain": value}
        return {key: pack(own) for key, own in value.items()}
    if not isinstance(value, list):
        return value
    keys = _shared_keys(value)
    if keys is None:
        return [pack(own) for own in value]
    return {"$rows": len(value), "$columns": {key: _column([row[key] for row in value]) for key in keys}}


def _shared_keys(values: list[object]) -> list[str] | None:
    """The keys of all values, if they are dicts that share them in the same order and one can tell them apart."""
    if len(values) < _FEWEST or not isinstance(values[0], dict):
        return None
    keys = list(values[0])
    if not keys or any(key.startswith("$") or key == "__proto__" for key in keys):
        return None
    return keys if all(isinstance(own, dict) and list(own) == keys for own in values) else None


def _column(values: list[object]) -> object:
    kinds = set(map(type, values))
    if len(kinds) == 1:
        first = values[0]
        if isinstance(first, str | bool | int) and values.count(first) == len(values):
            return {"$same": first}
        if isinstance(first, str):
            return _words([str(own) for own in values])
        if isinstance(first, list):
            return _lists([own for own in values if isinstance(own, list)])
    return pack(values)


def _words(texts: list[str]) -> object:
    position = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    if len(position) > _MOST_WORDS * len(texts):
        return texts
    return {"$words": list(position), "$at": [position[text] for text in texts]}


def _lists(lists: list[list[object]]) -> object:
    items = list(chain.from_iterable(lists))
    width = len(lists[0])
    if (
        {type(item) for item in items} <= {int, float}
        and all(len(own) == width for own in lists)
        and width > 0
    ):
        return {"$width": width, "$numbers": items}
    if _shared_keys(items) is not None:
        return {"$lengths": [len(own) for own in lists], "$items": pack(items)}
    return pack(lists)
