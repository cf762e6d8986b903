"""Thresholds in a file: TOML for people, JSON for programs."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cvfail.errors import FormatError, MissingFileError, PolicyError
from cvfail.tables.writing import write_whole

if TYPE_CHECKING:
    from cvfail.thresholds.thresholds import Thresholds

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_thresholds(thresholds: Thresholds, path: str | Path) -> Path:
    """Write thresholds; the file appears whole or not at all.

    Raises:
        PolicyError: The suffix is neither .toml nor .json.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".toml":
            content = thresholds.to_toml().encode()
        case ".json":
            content = thresholds.to_json()
        case _:
            raise PolicyError(f"{path}: thresholds are written as .toml or .json; found {path.suffix!r}")
    write_whole(path, lambda target: target.write_bytes(content))
    return path


def read_thresholds(path: str | Path) -> Thresholds:
    """Read thresholds that `write_thresholds` wrote.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is neither TOML nor JSON, or holds no thresholds of this version.
    """
    from cvfail.thresholds.thresholds import Thresholds

    path = Path(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} does not exist. Hint: cvfail thresholds ... --save FILE") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: {error}. Hint: a .toml or .json file") from error
    try:
        return Thresholds.from_json(text) if path.suffix.lower() == ".json" else Thresholds.from_toml(text)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def parsed_json(text: bytes | str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        FormatError: It is none.
    """
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise FormatError(f"no thresholds: {error}") from error


def parsed_toml(text: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        FormatError: It is none.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"no thresholds: {error}") from error


def toml_of(values: Mapping[str, Any]) -> str:
    r"""Plain values as a TOML document: numbers first, then tables, then arrays of tables; None is left out.

    Example:
        >>> print(toml_of({"default": 0.5, "rules": [{"threshold": float("inf"), "category": 'a "b"'}]}))
        default = 0.5
        <BLANKLINE>
        [[rules]]
        threshold = inf
        category = "a \"b\""
        <BLANKLINE>
    """
    known = {name: value for name, value in values.items() if value is not None}
    tables = {name: value for name, value in known.items() if isinstance(value, Mapping)}
    arrays = {name: value for name, value in known.items() if _is_array_of_tables(value)}
    lines = [_line(name, value) for name, value in known.items() if name not in {*tables, *arrays}]
    for name, table in tables.items():
        lines += ["", f"[{_key(name)}]", *(_line(*item) for item in table.items())]
    for name, rows in arrays.items():
        for row in rows:
            lines += ["", f"[[{_key(name)}]]", *(_line(*item) for item in row.items())]
    return "\n".join(lines) + "\n"


def _is_array_of_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _line(name: str, value: object) -> str:
    return f"{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(_line(*item) for item in value.items() if item[1] is not None)
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)
