"""What an image file says about itself: format, size, and what the camera wrote down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.io.image_files import ORIENTATION_TAG

if TYPE_CHECKING:
    from PIL.Image import Image

FACTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "file_format": pl.String,
    "file_bytes": pl.Int64,
    "file_width": pl.Int64,
    "file_height": pl.Int64,
    "megapixels": pl.Float64,
    "colour_mode": pl.String,
    "captured_at": pl.Datetime("us"),
    "camera_make": pl.String,
    "camera_model": pl.String,
    "focal_length": pl.Float64,
    "focal_length_35mm": pl.Float64,
    "f_number": pl.Float64,
    "exposure_time": pl.Float64,
    "iso": pl.Int64,
    "orientation": pl.Int64,
}
"""The columns of facts: lengths in mm, exposure in seconds, width and height in pixels as stored."""

_MAKE, _MODEL, _CHANGED = 0x010F, 0x0110, 0x0132
_CAMERA_BLOCK = 0x8769
_CAPTURED, _EXPOSURE, _F_NUMBER, _ISO, _FOCAL, _FOCAL_35 = 0x9003, 0x829A, 0x829D, 0x8827, 0x920A, 0xA405


def file_facts(file: Image) -> dict[str, Any]:
    """The facts of `FACTS` but for `file_bytes`; None where the file does not say, or says nonsense.

    Args:
        file: An opened file, decoded or not.

    Source: EXIF 2.3 (CIPA DC-008) for the tags. The time is the clock of the camera, without a zone; where there
        is no time of capture it is that of the last change.
    """
    exif, camera = _exif(file)
    orientation = exif.get(ORIENTATION_TAG)
    return {
        "file_format": file.format,
        "file_width": file.width,
        "file_height": file.height,
        "megapixels": file.width * file.height / 1e6,
        "colour_mode": file.mode,
        "captured_at": _time(camera.get(_CAPTURED)) or _time(exif.get(_CHANGED)),
        "camera_make": _text(exif.get(_MAKE)),
        "camera_model": _text(exif.get(_MODEL)),
        "focal_length": _positive(camera.get(_FOCAL)),
        "focal_length_35mm": _positive(camera.get(_FOCAL_35)),
        "f_number": _positive(camera.get(_F_NUMBER)),
        "exposure_time": _positive(camera.get(_EXPOSURE)),
        "iso": _whole(camera.get(_ISO)),
        "orientation": orientation if orientation in range(1, 9) else None,
    }


def _exif(file: Image) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    """The tags of the picture and those of the camera; none where they are damaged."""
    try:
        exif = file.getexif()
        return exif, exif.get_ifd(_CAMERA_BLOCK)
    except Exception:  # noqa: BLE001 - damaged tags make Pillow raise anything, and the pixels may be fine
        return {}, {}


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = value.replace("\0", "").strip() if isinstance(value, str) else ""
    return text or None


def _time(value: object) -> datetime | None:
    text = _text(value) or ""
    try:
        return datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _positive(value: Any) -> float | None:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _whole(value: Any) -> int | None:  # noqa: ANN401
    number = _positive(value[0] if isinstance(value, tuple) and value else value)
    return None if number is None else round(number)
