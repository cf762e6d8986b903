"""Failure modes in a file, to be looked at in later evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cvfail.errors import FormatError, MissingFileError
from cvfail.failures.failure_mode import FailureMode
from cvfail.tables.writing import write_whole


def write_modes(modes: Sequence[FailureMode], path: str | Path) -> Path:
    """Write modes as a JSON list that `read_modes` reads; the file appears whole or not at all."""
    path = Path(path)
    encoded = msgspec.json.format(msgspec.json.encode([mode.to_dict() for mode in modes]), indent=2)
    write_whole(path, lambda target: target.write_bytes(encoded))
    return path


def read_modes(path: str | Path) -> list[FailureMode]:
    """The modes that `FailureModes.write_modes` wrote.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is no list of failure modes.
    """
    try:
        content = msgspec.json.decode(Path(path).read_bytes(), type=list[dict[str, Any]])
    except FileNotFoundError as error:
        raise MissingFileError(
            f"{path} does not exist. Hint: cvfail failures ... --save FILE writes one"
        ) from error
    except msgspec.DecodeError as error:
        raise FormatError(f"{path} is no list of failure modes: {error}") from error
    return [FailureMode.from_dict(values) for values in content]
