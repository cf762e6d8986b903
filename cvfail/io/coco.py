"""Reading COCO: a ground-truth file of instances and a file of detection results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from cvfail.errors import Problem, SchemaError
from cvfail.io import coco_fields, doctor
from cvfail.io.boxes import with_boxes
from cvfail.io.coco_columns import record_columns
from cvfail.io.coco_fields import Json, Section
from cvfail.io.coco_records import REFUSALS, decoded
from cvfail.io.column_names import renamed
from cvfail.io.files import file_bytes, parquet_frame
from cvfail.io.ignoring import with_ignored
from cvfail.io.mapped_text import MappedText
from cvfail.io.mixed_ids import without_mixed_ids
from cvfail.io.regular_records import is_long_list, regular_columns
from cvfail.tables.dataset import Dataset
from cvfail.tables.findings import Findings
from cvfail.tables.raw import RawTable, label_of
from cvfail.tables.validation import OnInvalid, validated

CocoInput = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""A path, or what ``json.load`` made of the file."""


def read_coco(
    ground_truth: CocoInput,
    predictions: CocoInput,
    *,
    ignore: str | None = "ignore",
    on_invalid: OnInvalid = "raise",
) -> Dataset:
    """Read boxes from COCO files.

    Fields that COCO does not define ride along as attributes of images, ground truth and predictions, and
    so do the entries of an object called ``attributes``; lists and objects do not, nor do ``license``,
    ``coco_url``, ``flickr_url``, ``segmentation``, ``keypoints`` and ``num_keypoints``.

    Args:
        ground_truth: Instances: an object with `images`, `annotations` and `categories`. Boxes are
            [x, y, width, height] in pixels. A missing `area` is width × height, a missing `iscrowd` 0, a
            missing annotation `id` the row number. `cluster_id` of an image names its video, scene or
            patient.
        predictions: Results: a list of records with `image_id`, `category_id`, `bbox` and `score` in
            [0, 1]; an object whose `annotations` are such a list; or a Parquet file with these columns, or
            x, y, width (w) and height (h) instead of `bbox`. An `id` is an attribute; rows are counted anew.
        ignore: The annotation field that says, with 1 or true, which objects count neither for nor against
            the model, for example ``"difficult"``. ``"ignore"`` need not exist. None ignores nothing.
        on_invalid: ``"raise"`` all problems at once, or ``"drop"`` the records that have one and keep them
            in `Dataset.rejected`.

    Returns:
        A `Dataset` for detection, rows in the order of the files. A predicted category without a record in
        `categories` becomes one that is named by its id and takes no part in means.

    Raises:
        MissingFileError: A file does not exist.
        FormatError: A file is not JSON or is cut off.
        SchemaError: Records break the rules; every problem of both files is in `problems`.

    Example:
        >>> data = read_coco(
        ...     {
        ...         "images": [{"id": 1, "time_of_day": "night"}],
        ...         "annotations": [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 4, 5]}],
        ...         "categories": [{"id": 3, "name": "car"}],
        ...     },
        ...     [{"image_id": 1, "category_id": 3, "bbox": [0, 0, 4, 4], "score": 0.9}],
        ... )
        >>> data.ground_truth["area"].item(), data.attributes("images")
        (20.0, ['time_of_day'])
    """
    findings = Findings()
    tables = _instances(_opened(ground_truth), ignore, findings)
    if isinstance(predictions, str | Path) and Path(predictions).suffix.lower() == ".parquet":
        frame = renamed(parquet_frame(predictions), "predictions", None, source=Path(predictions).name)
        tables["predictions"] = with_boxes(frame, "predictions", box_format="xywh", findings=findings)
    else:
        tables["predictions"] = _results(_opened(predictions), findings)
    return validated(tables, task="detection", on_invalid=on_invalid, findings=findings)


@dataclass(frozen=True)
class _Document:
    """A COCO file: its name, and either its list of records or its sections by name."""

    source: str
    content: Any


def _opened(given: CocoInput) -> _Document:
    """A path or a loaded object as a document; sections stay undecoded where the file is well-formed."""
    if not isinstance(given, str | Path):
        return _Document("frame", given)
    source = Path(given).name
    if is_long_list(given):
        return _Document(source, MappedText(given))
    content = file_bytes(given)
    if re.match(rb"\s*\[", content):
        return _Document(source, msgspec.Raw(content))
    try:
        return _Document(source, msgspec.json.decode(content, type=dict[str, msgspec.Raw]))
    except REFUSALS:
        return _Document(source, doctor.parsed(content, source))


def _instances(document: _Document, ignore: str | None, findings: Findings) -> dict[str, RawTable]:
    sections = (coco_fields.IMAGES, coco_fields.CATEGORIES, coco_fields.ANNOTATIONS)
    names = [section.name for section in sections]
    if not isinstance(document.content, Mapping):
        raise SchemaError([_not_instances(document, "a list of records")])
    missing = [name for name in names if name not in document.content]
    if missing:
        found = "an object with " + (", ".join(map(str, document.content)) or "no entries")
        raise SchemaError([_not_instances(document, found)])
    tables = {
        section.table: _table(document.content[section.name], section, document.source, findings)
        for section in sections
    }
    tables["ground_truth"] = with_ignored(
        tables["ground_truth"], ignore, findings, required=ignore != "ignore"
    )
    return tables


def _not_instances(document: _Document, found: str) -> Problem:
    return Problem(
        source="ground truth" if document.source == "frame" else document.source,
        field="images",
        rule="ground truth must be an object with images, annotations and categories",
        found=found,
        hint="are ground truth and predictions swapped?",
    )


def _results(document: _Document, findings: Findings) -> RawTable:
    content = document.content
    if isinstance(content, Mapping):
        if "annotations" not in content:
            rule = "results must be a list of records, or an object with annotations"
            found = "an object with " + (", ".join(map(str, content)) or "no entries")
            source = "predictions" if document.source == "frame" else document.source
            raise SchemaError([Problem(source=source, field="annotations", rule=rule, found=found)])
        content = content["annotations"]
    return _table(content, coco_fields.RESULTS, document.source, findings)


def _table(records: Json, section: Section, source: str, findings: Findings) -> RawTable:
    """One list of records as a table; what is wrong with single records goes to the findings."""
    label = label_of(source, section.name)
    regular = regular_columns(records, section)
    if regular is not None:
        return RawTable(pl.DataFrame(regular), source, section.name, section.user_names())
    if isinstance(records, MappedText):
        records = msgspec.Raw(records.between(0, records.bytes.size))
    told: dict[str, pl.Series] = {}
    values = decoded(records, section)
    if values is None:
        loaded = doctor.parsed(bytes(records), source) if isinstance(records, msgspec.Raw) else records
        values, told = doctor.examined(loaded, section, label=label, findings=findings)
    values, mixed = without_mixed_ids(values, section, label=label, findings=findings)
    columns, clashes = record_columns(values, section, label=label)
    findings.add_structural(section.table, *clashes)
    return RawTable(pl.DataFrame(columns), source, section.name, section.user_names(), told | mixed)
