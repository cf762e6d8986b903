"""Small JPEGs of images and of crops from them, for a report that carries its own pictures.

Files are decoded once each, at the smallest scale that serves every picture wanted from them
(`Image.draft`), in threads. A file that is missing or broken is named and counted, never an exception: its
examples are drawn on an empty frame instead.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvfail.errors import MissingDependencyError
from cvfail.io.image_files import find_image, is_turned, upright_size

if TYPE_CHECKING:
    from PIL.Image import Image

LONG_SIDE = 320
"""Pixels of the longer side of a whole image."""

DETAIL_WIDTH = 256
"""Pixels of the width of a crop."""

JPEG_QUALITY = 74

Window = tuple[float, float, float, float]
"""x, y, width, height in pixels of the image as the annotations know it."""


@dataclass(frozen=True)
class WantedPictures:
    """The pictures to make of one image file.

    Attributes:
        file_name: Relative to the images folder.
        size: Width and height that the annotations speak in; None where the file's own is meant.
        windows: Crops wanted beside the whole image.
    """

    file_name: str
    size: tuple[float, float] | None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class MadePictures:
    """The pictures of one image, as ``data:`` addresses, and the width and height that windows refer to."""

    whole: str
    details: tuple[str, ...]
    size: tuple[float, float]


def make_pictures(
    folder: Path, wanted: Sequence[WantedPictures], *, on_done: Callable[[], None] | None = None
) -> list[MadePictures | None]:
    """Decode image files and return their small pictures.

    Args:
        folder: The images folder; names that point outside it are treated as missing.
        wanted: One entry per image.
        on_done: Called after each image, from any thread.

    Returns:
        One entry per wanted image, in its order; None where the file is missing or not readable as an image.

    Raises:
        MissingDependencyError: If Pillow is not installed.
    """
    _require_pillow()

    def make(entry: WantedPictures) -> MadePictures | None:
        try:
            return _pictures_of(folder, entry)
        finally:
            if on_done is not None:
                on_done()

    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        return list(threads.map(make, wanted))


def make_picture(path: Path, size: tuple[float, float] | None, window: Window | None) -> bytes | None:
    """One small JPEG of an image file.

    Args:
        path: The file.
        size: Width and height that the annotations speak in; None where the file's own is meant.
        window: The part that is shown; the whole image if None.

    Returns:
        The JPEG; None if the file is not readable as an image.

    Raises:
        MissingDependencyError: If Pillow is not installed.
    """
    _require_pillow()
    from PIL import Image

    wanted = WantedPictures(path.name, size, () if window is None else (window,))
    try:
        with Image.open(path) as file:
            image, known = _decode(file, wanted)
            return _jpeg(_scaled(image) if window is None else _cut(image, known, window))
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return None


def _require_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("Pillow", "report", "a report with images") from error


def _pictures_of(folder: Path, wanted: WantedPictures) -> MadePictures | None:
    from PIL import Image

    path = find_image(folder, wanted.file_name)
    if path is None:
        return None
    try:
        with Image.open(path) as file:
            image, size = _decode(file, wanted)
            return MadePictures(
                whole=_whole(image),
                details=tuple(_detail(image, size, window) for window in wanted.windows),
                size=size,
            )
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return None


def _decode(file: Image, wanted: WantedPictures) -> tuple[Image, tuple[float, float]]:
    """The image in RGB, turned as its annotations see it, no larger than needed; and its size for them."""
    from PIL import ImageOps

    upright = upright_size(file)
    size = wanted.size or (float(upright[0]), float(upright[1]))
    turned = is_turned(file, wanted.size)
    needed = _needed_long_side(wanted, size)
    file.draft("RGB", (needed, needed))
    image = ImageOps.exif_transpose(file) if turned else file
    return image.convert("RGB"), size


def _needed_long_side(wanted: WantedPictures, size: tuple[float, float]) -> int:
    """Pixels on the longer side such that the narrowest crop still has `DETAIL_WIDTH` of them."""
    narrowest = min((window[2] for window in wanted.windows), default=max(size))
    return round(max(LONG_SIDE, max(size) * DETAIL_WIDTH / max(narrowest, 1.0)))


def _whole(image: Image) -> str:
    return _data_address(_scaled(image))


def _scaled(image: Image) -> Image:
    scale = min(1.0, LONG_SIDE / max(image.size))
    return image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), reducing_gap=2.0
    )


def _detail(image: Image, size: tuple[float, float], window: Window) -> str:
    return _data_address(_cut(image, size, window))


def _cut(image: Image, size: tuple[float, float], window: Window) -> Image:
    """The window of the image; what lies outside the image is black, as the drawing expects it."""
    across, down = image.width / size[0], image.height / size[1]
    x, y, width, height = window
    corners = (x * across, y * down, (x + width) * across, (y + height) * down)
    crop = image.crop(tuple(round(corner) for corner in corners))  # type: ignore[arg-type]
    scale = min(1.0, DETAIL_WIDTH / crop.width)
    return crop.resize(
        (max(1, round(crop.width * scale)), max(1, round(crop.height * scale))), reducing_gap=2.0
    )


def _data_address(image: Image) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(_jpeg(image)).decode("ascii")


def _jpeg(image: Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()
