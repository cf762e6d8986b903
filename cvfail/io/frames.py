"""Detection from tables that the user holds in memory, of any library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from cvfail.errors import PolicyError
from cvfail.io.adapters import TableLike, as_polars
from cvfail.io.boxes import BoxFormat, with_boxes
from cvfail.io.column_names import ColumnNames, renamed
from cvfail.io.ignoring import with_ignored
from cvfail.tables.dataset import Dataset
from cvfail.tables.findings import Findings
from cvfail.tables.raw import RawTable
from cvfail.tables.validation import OnInvalid, validated


def from_frames(
    *,
    ground_truth: TableLike,
    predictions: TableLike,
    images: TableLike | None = None,
    categories: TableLike | None = None,
    box_format: BoxFormat,
    normalised: bool = False,
    columns: ColumnNames | None = None,
    ignore: str | None = None,
    on_invalid: OnInvalid = "raise",
) -> Dataset:
    """Read boxes from tables: Polars, pandas, pyarrow, DuckDB relations, dictionaries of arrays.

    Columns that are not named here ride along as attributes. COCO's column names (`id`, `iscrowd`, `w`, `h`)
    are understood.

    Args:
        ground_truth: One row per object: `image_id`, `category_id`, the box; optional `ground_truth_id`,
            `area` (default width × height), `is_crowd`, `is_ignored`.
        predictions: One row per predicted object: `image_id`, `category_id`, `score` in [0, 1], the box.
        images: One row per image: `image_id`; optional `file_name`, `width`, `height`, `cluster_id` (the
            video, scene or patient). Default: the images that the other two name. Give it, so that images
            without objects count.
        categories: One row per class: `category_id`, `name`; optional `supercategory`, `frequency`. Default:
            the ids of the ground truth.
        box_format: What the four numbers of a box are: ``"xywh"`` (columns x, y, width, height), ``"xyxy"``
            (x1, y1, x2, y2) or ``"cxcywh"`` (cx, cy, width, height). They may also stand in one column of
            lists, `bbox`.
        normalised: Whether boxes are shares of the image's size; needs `width` and `height` in `images`.
        columns: Your column names by the names above, ``{"image_id": "file", "score": "conf"}``, or such
            mappings by table, ``{"predictions": {"score": "conf"}}``.
        ignore: The ground-truth column that says, with 1 or true, what counts neither for nor against.
        on_invalid: ``"raise"`` all problems at once, or ``"drop"`` the rows that have one and keep them in
            `Dataset.rejected`.

    Returns:
        A `Dataset` for detection, rows in the order of the tables. Integer ids become Int64, float32 is
        widened and not rounded.

    Raises:
        SchemaError: Columns are missing or rows break the rules; every problem is in `problems`.
        PolicyError: An option has no meaning.

    Example:
        >>> data = from_frames(
        ...     ground_truth={"image_id": ["a"], "category_id": ["cat"], "bbox": [[0, 0, 4, 5]]},
        ...     predictions={"image_id": ["a"], "category_id": ["cat"], "bbox": [[0, 0, 4, 4]], "p": [0.9]},
        ...     box_format="xyxy",
        ...     columns={"score": "p"},
        ... )
        >>> data.predictions["height"].item()
        4.0
    """
    given = {
        "images": images,
        "categories": categories,
        "ground_truth": ground_truth,
        "predictions": predictions,
    }
    tables = {
        name: renamed(as_polars(table, name), name, columns, source="frame")
        for name, table in given.items()
        if table is not None
    }
    return detection_dataset(
        tables, box_format=box_format, normalised=normalised, ignore=ignore, on_invalid=on_invalid
    )


def detection_dataset(
    tables: Mapping[str, RawTable],
    *,
    box_format: BoxFormat,
    normalised: bool,
    ignore: str | None,
    on_invalid: OnInvalid,
) -> Dataset:
    """Tables under the declared names, boxes in any format, as a dataset; options as in `from_frames`."""
    if box_format not in get_args(BoxFormat):
        formats = ", ".join(map(repr, get_args(BoxFormat)))
        raise PolicyError(f"box_format={box_format!r} is unknown. Hint: say one of {formats}")
    findings = Findings()
    tables = dict(tables)
    for name in ("ground_truth", "predictions"):
        tables[name] = with_boxes(
            tables[name],
            name,
            box_format=box_format,
            findings=findings,
            normalised=normalised,
            images=tables.get("images"),
        )
    tables["ground_truth"] = with_ignored(tables["ground_truth"], ignore, findings, required=True)
    return validated(tables, task="detection", on_invalid=on_invalid, findings=findings)
