"""Text as an array of bytes: of a file, which need not all be in memory, or of a part of one that is."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvfail.tables.arrays import read_only


class HeldText:
    """Bytes in memory that are not empty.

    Attributes:
        bytes: All of them, shape (size,), read-only.
        last: The position of the last byte that is no white space, or 0.
    """

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = memoryview(content)
        self.bytes = read_only(np.frombuffer(self._content, np.uint8))
        self.last = _last_byte(self.bytes)

    def between(self, start: int, stop: int) -> bytes:
        """A copy of the bytes from `start` on and before `stop`."""
        return bytes(self._content[start:stop])

    def release(self, start: int, stop: int) -> None:
        """Nothing is given back: somebody else holds the bytes."""


class MappedText:
    """The bytes of a file that is not empty.

    Attributes:
        bytes: All of them, shape (size,), read-only.
        last: The position of the last byte that is no white space, or 0.
    """

    def __init__(self, path: str | Path) -> None:
        with Path(path).open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.bytes = read_only(np.frombuffer(self._map, np.uint8))
        self.last = _last_byte(self.bytes)

    def between(self, start: int, stop: int) -> bytes:
        """A copy of the bytes from `start` on and before `stop`."""
        return self._map[start:stop]

    def release(self, start: int, stop: int) -> None:
        """Give back the memory of bytes that were read; they are loaded again if need be."""
        page = mmap.PAGESIZE
        start, stop = -(-start // page) * page, stop // page * page
        if stop > start and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED, start, stop - start)


def _last_byte(text: NDArray[np.uint8]) -> int:
    """The position of the last byte that is no white space, or 0."""
    last = len(text) - 1
    while last > 0 and text[last] in b" \t\r\n":
        last -= 1
    return last
