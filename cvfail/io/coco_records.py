"""Records of a COCO file as lists of values, decoded by msgspec where all of them are well-formed."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from cvfail.io.coco_fields import Field, Json, Section

USUAL_EXTRAS = ("attributes",)
"""Fields without a meaning of their own that are expected from the start."""

REFUSALS = (msgspec.MsgspecError, ValueError, RecursionError)
"""What msgspec raises: no JSON or of other types; no UTF-8 or an odd name of a field; nested too deeply."""


@dataclass(frozen=True)
class Values:
    """The values of all records, field by field.

    Attributes:
        known: Per field of the section one value per record; None where absent.
        extra: The same for the fields that the section does not name and does not leave out.
    """

    known: dict[str, list[Any]]
    extra: dict[str, list[Any]]


def decoded(records: msgspec.Raw | list[Any], section: Section) -> Values | None:
    """All values of well-formed records; None if any record is not as the section says.

    Fields that no record type names are looked for only when there are some: then every key of every
    record is collected, so that nothing is lost however late it appears.

    Args:
        records: A JSON array as bytes, or a list of dictionaries.
        section: What the records should hold.
    """
    try:
        return _decoded_as(records, section, USUAL_EXTRAS)
    except REFUSALS:
        pass
    try:
        named = {field.name for field in section.fields} | set(section.left_out)
        return _decoded_as(records, section, [key for key in _all_keys(records) if key not in named])
    except REFUSALS:
        return None


def _decoded_as(records: msgspec.Raw | list[Any], section: Section, extras: Iterable[str]) -> Values:
    extras = list(extras)
    names = [field.name for field in section.fields] + extras
    is_raw = isinstance(records, msgspec.Raw)
    record = _record_type(section, extras, skipped=msgspec.Raw if is_raw else Any)
    read: Any = msgspec.json.decode if is_raw else msgspec.convert
    with _no_garbage_collection():
        rows = read(records, type=list[record])  # type: ignore[valid-type]
    columns = {name: list(map(attrgetter(f"f{number}"), rows)) for number, name in enumerate(names)}
    return Values(
        known={field.name: columns[field.name] for field in section.fields},
        extra={name: columns[name] for name in extras},
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep Python from looking for cycles among a million new tuples, of which none is in one."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _record_type(section: Section, extras: Iterable[str], *, skipped: Json) -> type[msgspec.Struct]:
    """A record that takes these fields and no others, as f0, f1, … in the order given."""
    types: list[tuple[str, Any]] = [(field.name, _type_of(field)) for field in section.fields]
    types += [(name, Any) for name in extras]
    types += [(name, skipped) for name in section.left_out]
    required = {field.name for field in section.fields if field.required}
    absent = msgspec.Raw() if skipped is msgspec.Raw else None
    fields = [
        (f"f{number}", kind)
        if name in required
        else (f"f{number}", kind, absent if kind is skipped else None)
        for number, (name, kind) in enumerate(types)
    ]
    return msgspec.defstruct(
        "Record",
        fields,
        rename={f"f{number}": name for number, (name, _) in enumerate(types)},
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
    )


def _type_of(field: Field) -> Json:
    return field.kind.type if field.required else field.kind.type | None


def _all_keys(records: msgspec.Raw | list[Any]) -> list[str]:
    """Every key of every record, in the order of first appearance."""
    if isinstance(records, msgspec.Raw):
        rows: list[Any] = msgspec.json.decode(records, type=list[dict[str, msgspec.Raw]])
    else:
        rows = msgspec.convert(records, type=list[dict[str, Any]])
    keys: dict[str, None] = {}
    for row in rows:
        if not keys.keys() >= row.keys():
            keys.update(dict.fromkeys(row))
    return list(keys)
