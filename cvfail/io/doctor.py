"""The input doctor: why a COCO file was refused, told record by record and field by field."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cvfail.errors import FormatError, Problem, SchemaError
from cvfail.io.coco_fields import ID, Field, Json, Section
from cvfail.io.coco_records import Values
from cvfail.tables.findings import Findings, shown


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
    """A rule about a field, and the records that break it.

    Attributes:
        name: The field.
        columns: The declared columns that cannot be had from such a record.
        rule: What should hold.
        hint: What to do.
        records: The zero-based numbers of the records.
        found: What stands in each of them.
    """

    name: str
    columns: tuple[str, ...]
    rule: str
    hint: str
    records: list[int] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


def examined(
    records: Json, section: Section, *, label: str, findings: Findings
) -> tuple[Values, dict[str, pl.Series]]:
    """The values of records of which some are not as they should be.

    Args:
        records: Anything that a JSON array may hold.
        section: What the records should be.
        label: How messages call them.
        findings: Where the problems go; a fault of every single record concerns the table as a whole.

    Returns:
        The values, with None in the place of unusable ones, and by declared column which rows have those.

    Raises:
        SchemaError: It is no list.
    """
    if not isinstance(records, Sequence) or isinstance(records, str):
        rule, found = f"{section.name} must be a list of records", shown(records)
        raise SchemaError([Problem(source=label, field=section.name, rule=rule, found=found)])
    objects = [record if isinstance(record, dict) else {} for record in records]
    unusable: dict[str, set[int]] = defaultdict(set)
    for fault in _faults(records, section):
        _report(fault, objects, section, label, findings)
        for column in fault.columns:
            unusable[column].update(fault.records)
    known = {
        item.name: [
            None if number in unusable[item.columns[0]] else record.get(item.name)
            for number, record in enumerate(objects)
        ]
        for item in section.fields
    }
    told = {column: _mask(numbers, len(objects)) for column, numbers in unusable.items() if numbers}
    return Values(known, _extra_values(objects, section)), told


def _faults(records: Sequence[Json], section: Section) -> list[_Fault]:
    """The broken rules, each with all its records, in the order of their first record."""
    faults: dict[tuple[str, str], _Fault] = {}
    for number, record in enumerate(records):
        for fault in _faults_of(record, section):
            known = faults.setdefault((fault.name, fault.rule), fault)
            known.records.append(number)
            known.found += fault.found if known is not fault else []
    return list(faults.values())


def _faults_of(record: Json, section: Section) -> Iterator[_Fault]:
    if not isinstance(record, dict):
        columns = tuple(column for item in section.fields for column in item.columns)
        rule, hint = "every record must be an object", "write one JSON object per record"
        yield _Fault("record", columns, rule, hint, found=[shown(record)])
        return
    for item in section.fields:
        value = record.get(item.name)
        if item.name not in record and item.required:
            rule, hint = f"{item.name} is missing", _missing_hint(item, record, section)
            yield _Fault(item.name, item.columns, rule, hint, found=["nothing"])
        elif (value is not None or item.required) and not item.kind.holds(value):
            rule, hint = f"{item.name} must be {item.kind.expected}", _kind_hint(item, value)
            yield _Fault(item.name, item.columns, rule, hint, found=[shown(value)])


def _missing_hint(item: Field, record: dict[str, Any], section: Section) -> str:
    if item.name == "bbox" and "segmentation" in record:
        return "these look like masks: add their boxes, pycocotools.mask.toBbox(segmentation)"
    if item.name == "bbox" and "keypoints" in record:
        return "these look like keypoints: add a box to each record"
    if item.name == "score" and (other := sorted({"confidence", "conf"} & record.keys())):
        return f"rename {other[0]} to score"
    if item.name == "score":
        return "is this a ground-truth file? Results need the model's confidence in [0, 1]"
    return f"every record of {section.name} needs {item.name}"


def _kind_hint(item: Field, value: Json) -> str:
    if isinstance(value, str) and _is_number_text(value):
        return f"write {item.name} as a number, without quotation marks"
    if item.kind is ID and isinstance(value, float):
        return f"write {item.name} as an integer, 7 instead of 7.0"
    return f"correct {item.name} where the file is made"


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
        field=fault.name,
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


def _mask(numbers: set[int], length: int) -> pl.Series:
    return pl.Series([number in numbers for number in range(length)], dtype=pl.Boolean)


def _extra_values(objects: Sequence[dict[str, Any]], section: Section) -> dict[str, list[Any]]:
    named = {item.name for item in section.fields} | set(section.left_out)
    keys = dict.fromkeys(str(key) for record in objects for key in record if key not in named)
    return {key: [record.get(key) for record in objects] for key in keys}
