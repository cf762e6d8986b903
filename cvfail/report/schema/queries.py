"""The rows behind the numbers as SQL."""

from __future__ import annotations

from typing import TypedDict


class Queries(TypedDict):
    """SELECTs that `cvfail sql` answers; ``{…}`` stands for a name as a quoted string, or for a condition.

    Attributes:
        cell: The units of a confusion cell, ``{true}`` and ``{predicted}``.
        errors: The errors in a slice: ``{where}`` is a condition.
        class_errors: The errors with a class, ``{class}``.
        type_of_class: The errors of a type with a class, by the name of the type; none for classification.
        suspects: The suspect labels of a kind, ``{kind}``.
        all_suspects: All suspect labels.
        cause: The errors of a failure mode of which a cause has half or more, ``{rank}`` and ``{cause}``; None where
            the causes know of training data, which SQL does not.
        band: The right and wrong predictions of a band of scores, ``{where}``; right ones are ``is_right``.
    """

    cell: str
    errors: str
    class_errors: str
    type_of_class: dict[str, str]
    suspects: str
    all_suspects: str
    cause: str | None
    band: str
