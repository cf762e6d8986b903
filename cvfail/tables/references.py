"""Ids that point from one table to another: of one type, and known on the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from cvfail.errors import Problem
from cvfail.tables.hints import unknown_category_hint, unknown_image_hint
from cvfail.tables.raw import RawTable
from cvfail.tables.rules import Rule

_REFERRED = {"image_id": "images", "category_id": "categories"}
_REFERRING = ("ground_truth", "predictions")


def with_one_id_type(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables by name, with the ids of those without any in the type of the others."""
    aligned = dict(frames)
    for name, holders in _holders(frames):
        filled = _filled(name, holders, frames)
        for table in holders:
            if filled and table not in filled:
                dtype = frames[filled[0]][name].dtype
                aligned[table] = aligned[table].with_columns(pl.col(name).cast(dtype, strict=False))
    return aligned


def type_problems(
    frames: Mapping[str, pl.DataFrame], raw: Mapping[str, RawTable]
) -> list[tuple[str, Problem]]:
    """Ids that are integers in one table and text in another.

    Args:
        frames: The standardised tables by name.
        raw: The same tables as they came, for the user's names.

    Returns:
        For each table whose ids differ from those of the first one a pair (table, problem).
    """
    problems = []
    for name, holders in _holders(frames):
        first, *others = _filled(name, holders, frames) or [""]
        for table in others:
            if frames[table][name].dtype != frames[first][name].dtype:
                problems.append((table, _type_problem(name, first, table, frames, raw)))
    return problems


def _holders(frames: Mapping[str, pl.DataFrame]) -> list[tuple[str, list[str]]]:
    """Each kind of id with the tables that have it, the table that it belongs to first."""
    return [
        (name, [t for t in (home, *_REFERRING) if t in frames and name in frames[t].columns])
        for name, home in _REFERRED.items()
    ]


def _filled(name: str, holders: Sequence[str], frames: Mapping[str, pl.DataFrame]) -> list[str]:
    return [table for table in holders if frames[table][name].null_count() < frames[table].height]


def reference_rules(table: str, frame: pl.DataFrame, known: Mapping[str, pl.DataFrame]) -> list[Rule]:
    """Rules that the ids of a table must be known; a prediction may have a category of its own.

    Args:
        table: The name of the table whose rows are checked.
        frame: Its standardised rows.
        known: The frames ``images`` and ``categories``.

    Returns:
        The rules; none about ids that have another type on the other side, which is a problem of its own.
    """
    rules = []
    if table in _REFERRING and _comparable("image_id", frame, known["images"]):
        rules.append(_image_rule(known["images"]))
    if table == "ground_truth" and _comparable("category_id", frame, known["categories"]):
        rules.append(_category_rule(known["categories"]))
    return rules


def derived(table: str, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """A table that the input does not have, from the ids that the other tables use.

    Args:
        table: ``"images"``: those of ground truth and predictions in the order of their first appearance;
            or ``"categories"``: those of the ground truth, ascending.
        frames: The standardised tables by name.

    Returns:
        A frame with the id column only.
    """
    if table == "images":
        used = [ids for ids in (_ids(frames, name, "image_id") for name in _REFERRING) if ids is not None]
        same = [ids for ids in used if ids.dtype == used[0].dtype]
        images = pl.concat(same) if same else pl.Series("image_id", [], pl.Int64)
        return images.unique(maintain_order=True).drop_nulls().to_frame()
    annotated = _ids(frames, "ground_truth", "category_id")
    categories = pl.Series("category_id", [], pl.Int64) if annotated is None else annotated
    return categories.unique().drop_nulls().sort().to_frame()


def with_predicted_categories(categories: pl.DataFrame, predictions: pl.DataFrame) -> pl.DataFrame:
    """The categories, and at the end those that only predictions have, named by their id.

    A category without ground truth has no recall and no average precision: it takes no part in means.
    """
    new = predictions["category_id"].unique().drop_nulls().sort()
    new = new.filter(~new.is_in(categories["category_id"].implode()))
    if new.is_empty():
        return categories
    rows = pl.DataFrame({"category_id": new, "name": new.cast(pl.String)})
    return pl.concat([categories, rows], how="diagonal")


def _ids(frames: Mapping[str, pl.DataFrame], table: str, name: str) -> pl.Series | None:
    return frames[table][name] if table in frames and name in frames[table].columns else None


def _comparable(name: str, frame: pl.DataFrame, known: pl.DataFrame) -> bool:
    return name in frame.columns and name in known.columns and frame[name].dtype == known[name].dtype


def _image_rule(images: pl.DataFrame) -> Rule:
    return Rule(
        "image_id",
        "must be the id of one of the images",
        _unknown("image_id", images["image_id"]),
        lambda broken, _values: unknown_image_hint(broken, images),
    )


def _category_rule(categories: pl.DataFrame) -> Rule:
    return Rule(
        "category_id",
        "must be the id of one of the categories",
        _unknown("category_id", categories["category_id"]),
        lambda broken, values: unknown_category_hint(broken, values, categories),
    )


def _unknown(name: str, known: pl.Series) -> pl.Expr:
    column = pl.col(name)
    return ~column.is_in(known.implode()) & column.is_not_null()


def _type_problem(
    name: str, first: str, second: str, frames: Mapping[str, pl.DataFrame], raw: Mapping[str, RawTable]
) -> Problem:
    kinds = ["text" if frames[t][name].dtype == pl.String else "integers" for t in (second, first)]
    field, other = raw[second].field(name), raw[first].field(name)
    return Problem(
        source=raw[second].label,
        field=field,
        rule=f"{field} must have the same type as {other} in {raw[first].label}",
        found=f"{kinds[0]} here, {kinds[1]} there",
        hint="cast one of them: pl.col(...).cast(pl.String) makes text of integers",
    )
