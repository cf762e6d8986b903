"""The input doctor: why a COCO file was refused, told record by record and field by field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cvfail.errors import FormatError, Problem, SchemaError
from cvfail.io.coco_fields import ID, Field, Json, Section
from cvfail.io.coco_records import Values
from cvfail.tables.findings import Findings, shown

_MISSING = object()


def parsed(content: bytes, source: str) -> Json:
    """The JSON value in a file that the fast reader refused; NaN and Infinity are taken as numbers.

    Args:
        content: The file.
        source: Its name, for messages.

    Raises:
        FormatError: It is not JSON, or ends too early; the message says at which line, column and byte.
    """
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{source} is not text: byte {error.start} is not valid {error.encoding}. "
            "Hint: the file must be JSON in UTF-8; archives have to be unpacked first"
        ) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _format_error(error, text, source) from error
    except RecursionError as error:
        raise FormatError(f"{source} is nested too deeply to be a COCO file") from error


def _format_error(error: json.JSONDecodeError, text: str, source: str) -> FormatError:
    byte = len(text[: error.pos].encode())
    place = f"line {error.lineno}, column {error.colno}, byte {byte}"
    ends_early = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    if ends_early:
        return FormatError(
            f"{source} is cut off: the JSON ends in the middle, at {place}. "
            "Hint: it was probably not written or copied to the end; make it again"
        )
    return FormatError(
        f"{source} is not valid JSON: {error.msg} at {place}, near "
        f"{shown(text[error.pos : error.pos + 20])}. Hint: write the file with json.dump"
    )


@dataclass
class _Fault:
    """A rule about a field, and the records that break it."""

    item: Field
    rule: str
    hint: str
    records: list[int] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


def examined(
    records: Json,
    section: Section,
    *,
    label: str,
    findings: Findings,
) -> tuple[Values, dict[str, pl.Series]]:
    """The values of records of which some are not as they should be.

    Args:
        records: Anything that a JSON array may hold.
        section: What the records should be.
        label: How messages call them.
        findings: Where the problems go; a fault of every single record concerns the table as a whole.

    Raises:
        SchemaError: It is no list.

    Returns:
        The values, with None in the place of unusable ones, and by declared column which rows have those.
    """
    if not isinstance(records, Sequence) or isinstance(records, str):
        rule, found = f"{section.name} must be a list of records", shown(records)
        raise SchemaError([Problem(source=label, field=section.name, rule=rule, found=found)])
    objects = [record if isinstance(record, dict) else {} for record in records]
    faults = _faults(records, section)
    known = {}
    told: dict[str, pl.Series] = {}
    for item in section.fields:
        broken = {number for fault in faults if fault.item is item for number in fault.records}
        known[item.name] = [
            None if number in broken else record.get(item.name) for number, record in enumerate(objects)
        ]
        if broken:
            mask = pl.Series([number in broken for number in range(len(objects))], dtype=pl.Boolean)
            told |= dict.fromkeys(item.columns, mask)
    for fault in faults:
        _report(fault, objects, section, label, findings)
    return Values(known, _extra_values(objects, section)), told


def _faults(records: Sequence[Any], section: Section) -> list[_Fault]:
    faults: dict[tuple[str, str], _Fault] = {}
    for number, record in enumerate(records):
        for item in section.fields:
            rule, found = _verdict(record, item)
            if rule:
                key = (item.name, rule)
                fault = faults.setdefault(key, _Fault(item, rule, _hint(item, record, section)))
                fault.records.append(number)
                fault.found.append(found)
    return list(faults.values())


def _verdict(record: Json, item: Field) -> tuple[str, str]:
    """The rule that a record breaks in a field and what stands there; empty texts if all is well."""
    if not isinstance(record, dict):
        return (
            (f"every record must be an object with {item.name}", shown(record)) if item.required else ("", "")
        )
    value = record.get(item.name, _MISSING)
    if value is _MISSING:
        return (f"{item.name} is missing", "nothing") if item.required else ("", "")
    if item.kind.holds(value) or (value is None and not item.required):
        return "", ""
    return f"{item.name} must be {item.kind.expected}", shown(value)


def _hint(item: Field, record: Json, section: Section) -> str:
    if not isinstance(record, dict):
        return "write one JSON object per record"
    if item.name not in record:
        return _missing_hint(item, record, section)
    value = record[item.name]
    if isinstance(value, str) and _is_number_text(value):
        return f"write {item.name} as a number, without quotation marks"
    if item.kind is ID and isinstance(value, float):
        return f"write {item.name} as an integer, {value:.0f} instead of {value}"
    return f"correct {item.name} where the file is made"


def _missing_hint(item: Field, record: dict[str, Any], section: Section) -> str:
    if item.name == "bbox" and "segmentation" in record:
        return "these look like masks: add their boxes, pycocotools.mask.toBbox(segmentation)"
    if item.name == "bbox" and "keypoints" in record:
        return "these look like keypoints: add a box to each record"
    if item.name == "score":
        return "is this a ground-truth file? Results need the model's confidence in [0, 1]"
    return f"every record of {section.name} needs {item.name}"


def _is_number_text(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _report(
    fault: _Fault, objects: Sequence[dict[str, Any]], section: Section, label: str, findings: Findings
) -> None:
    first = fault.records[0]
    ids = {key: objects[first][key] for key in ("id", "image_id") if key in objects[first]}
    where = f" ({', '.join(f'{key}={value}' for key, value in ids.items())})" if ids else ""
    problem = Problem(
        source=label,
        field=fault.item.name,
        rule=fault.rule,
        count=len(fault.records),
        total=len(objects),
        record=first,
        found=fault.found[0] + where,
        hint=fault.hint,
    )
    if len(fault.records) == len(objects):
        findings.add_structural(section.table, problem)
    else:
        findings.add_rows(
            section.table, problem, records=pl.Series(fault.records), found=pl.Series(fault.found)
        )


def _extra_values(objects: Sequence[dict[str, Any]], section: Section) -> dict[str, list[Any]]:
    named = {item.name for item in section.fields} | set(section.left_out)
    keys = dict.fromkeys(str(key) for record in objects for key in record if key not in named)
    return {key: [record.get(key) for record in objects] for key in keys}
