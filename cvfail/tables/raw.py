"""A table as a reader found it: the user's rows under the declared names, not yet checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl


def label_of(source: str, section: str) -> str:
    """How messages call a table: by file and section, a frame by its section alone.

    Example:
        >>> label_of("instances.json", "annotations"), label_of("frame", "predictions")
        ('instances.json, annotations', 'predictions')
    """
    parts = [part for part in (source, section) if part and part != "frame"]
    return ", ".join(parts) or source


@dataclass(frozen=True)
class RawTable:
    """Rows before validation, with what it takes to speak about them in the user's words.

    Attributes:
        frame: The rows; columns have the declared names, attributes their own.
        source: File name, or ``"frame"``.
        section: The part of the source that holds the table: ``annotations`` of a COCO file.
        fields: The user's name of a column by its declared name, where the two differ.
        told: By declared column, whether the reader found a row's value unusable and said so already;
            null stands in its place.
    """

    frame: pl.DataFrame
    source: str = "frame"
    section: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, pl.Series] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How messages call the table."""
        return label_of(self.source, self.section)

    def field(self, name: str) -> str:
        """The user's name of a declared column."""
        return self.fields.get(name, name)
