"""The SELECT that the filter of the page stands for."""

from __future__ import annotations

from cvfail.errors import QueryError
from cvfail.query.session import Session

_ROW_VIEWS = ("false_positives", "false_negatives", "true_positives", "confusions")
FILTERED = (*_ROW_VIEWS, "predictions", "ground_truth", "images")
"""What the filter of the page looks at."""


def filtered(session: Session, table: str, where: str) -> str:
    """The SELECT that a condition after WHERE stands for: rows of a table with the attributes of their images.

    Raises:
        QueryError: There is no such table.
    """
    if table not in FILTERED:
        raise QueryError(f"{table!r} cannot be filtered. Hint: one of {', '.join(FILTERED)}")
    condition = where.strip().rstrip(";") or "true"
    if table == "images":
        return f"SELECT *\nFROM images\nWHERE {condition}"
    own = session.query(f"SELECT * FROM {table} LIMIT 0").columns
    others = session.query("SELECT * FROM images LIMIT 0").columns
    shared = [name for name in others if name in own]
    left_out = ", ".join(map(_name, shared))
    return (
        f"SELECT *\nFROM (SELECT {table}.*, images.* EXCLUDE ({left_out})\n"
        f"      FROM {table} JOIN images USING (image_id))\nWHERE {condition}"
    )


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
