"""What the records of COCO files hold, said once: fields, their kinds, and the columns that they become."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Any, Literal

import msgspec

from cvfail.tables.declared import INPUT_TABLES
from cvfail.tables.schema import Table

Json = Any
"""What ``json.load`` returns."""

_LEAST, _GREATEST = -(2**63), 2**63 - 1

_BOX_COLUMNS = ("x", "y", "width", "height")


@dataclass(frozen=True)
class Kind:
    """A kind of JSON value.

    Attributes:
        expected: What messages say that it should be.
        type: The same for msgspec.
        holds: Whether a Python value is of this kind.
    """

    expected: str
    type: Any
    holds: Callable[[Json], bool]


def is_number(value: Json) -> bool:
    """Whether a JSON value is a number that a float can hold; true and false are none."""
    if isinstance(value, Integral):
        return not isinstance(value, bool) and abs(int(value)) <= sys.float_info.max
    return isinstance(value, Real)


def _is_id(value: Json) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, Integral) and not isinstance(value, bool) and _LEAST <= int(value) <= _GREATEST


def _is_box(value: Json) -> bool:
    is_sequence = hasattr(value, "__len__") and hasattr(value, "__getitem__")
    return (
        is_sequence and not isinstance(value, str | dict) and len(value) == 4 and all(map(is_number, value))
    )


_INT64 = Annotated[int, msgspec.Meta(ge=_LEAST, le=_GREATEST)]

ID = Kind("an integer of 64 bits or text", _INT64 | str, _is_id)
NUMBER = Kind("a number", float, is_number)
TEXT = Kind("text", str, lambda value: isinstance(value, str))
FLAG = Kind("0 or 1", Literal[0, 1] | bool, lambda value: isinstance(value, Integral) and value in (0, 1))
BOX = Kind("a list of 4 numbers: x, y, width, height", tuple[float, float, float, float], _is_box)


@dataclass(frozen=True)
class Field:
    """One field of a record.

    Attributes:
        name: The key in the JSON object.
        kind: What its value must be.
        columns: The declared columns that it fills.
        required: Whether a record without it, or with null, is refused.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class Section:
    """The records of one table in a COCO file.

    Every other field with scalar values is an attribute, and so is every entry of an object `attributes`.

    Attributes:
        name: The key of the list in the file; messages call the records so.
        table: The declared name of the table.
        fields: The fields with a meaning.
        left_out: Fields that become neither columns nor attributes.
    """

    name: str
    table: str
    fields: tuple[Field, ...]
    left_out: tuple[str, ...] = ()

    @property
    def declaration(self) -> Table:
        """The declared table."""
        return next(table for table in INPUT_TABLES["detection"] if table.name == self.table)

    def user_names(self) -> dict[str, str]:
        """The JSON field behind each declared column, for messages: ``bbox[2]`` for ``width``."""
        return {
            column: field.name if len(field.columns) == 1 else f"{field.name}[{position}]"
            for field in self.fields
            for position, column in enumerate(field.columns)
        }


_SHAPES = ("segmentation", "keypoints", "num_keypoints")
_IMAGE_SIZE = ("width", "height")
"""Some programs repeat the size of the image in every annotation."""

IMAGES = Section(
    "images",
    "images",
    (
        Field("id", ID, ("image_id",)),
        Field("file_name", TEXT, ("file_name",), required=False),
        Field("width", NUMBER, ("width",), required=False),
        Field("height", NUMBER, ("height",), required=False),
        Field("cluster_id", ID, ("cluster_id",), required=False),
    ),
    left_out=("license", "coco_url", "flickr_url"),
)

CATEGORIES = Section(
    "categories",
    "categories",
    (
        Field("id", ID, ("category_id",)),
        Field("name", TEXT, ("name",), required=False),
        Field("supercategory", TEXT, ("supercategory",), required=False),
        Field("frequency", TEXT, ("frequency",), required=False),
    ),
    left_out=("keypoints", "skeleton"),
)

ANNOTATIONS = Section(
    "annotations",
    "ground_truth",
    (
        Field("id", ID, ("ground_truth_id",), required=False),
        Field("image_id", ID, ("image_id",)),
        Field("category_id", ID, ("category_id",)),
        Field("bbox", BOX, _BOX_COLUMNS),
        Field("area", NUMBER, ("area",), required=False),
        Field("iscrowd", FLAG, ("is_crowd",), required=False),
    ),
    left_out=(*_SHAPES, *_IMAGE_SIZE),
)

RESULTS = Section(
    "results",
    "predictions",
    (
        Field("image_id", ID, ("image_id",)),
        Field("category_id", ID, ("category_id",)),
        Field("bbox", BOX, _BOX_COLUMNS),
        Field("score", NUMBER, ("score",)),
    ),
    left_out=(*_SHAPES, *_IMAGE_SIZE, "area", "iscrowd"),
)
