"""One image file: its facts, its quality, and that of the objects in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cvfail.attributes.file_facts import file_facts
from cvfail.attributes.image_quality import QUALITY_COLUMNS, UnfitPixelsError, measured, pixels_of, whole
from cvfail.io.image_files import is_turned, orientation, upright_size

if TYPE_CHECKING:
    from PIL.Image import Image

NO_BOXES = np.empty((0, 4))


@dataclass(frozen=True)
class WantedFile:
    """An image file to measure.

    Attributes:
        path: Where it is.
        size: Width and height that its annotations speak in; None where the file's own is meant.
        boxes: Objects in it: x, y, width, height, shape (n, 4).
    """

    path: Path
    size: tuple[float, float] | None = None
    boxes: NDArray[np.float64] = field(default_factory=lambda: NO_BOXES)

    @property
    def digest(self) -> str:
        """What else than the file the result depends on; empty if nothing."""
        if not len(self.boxes):
            return ""
        content = repr(self.size).encode() + np.ascontiguousarray(self.boxes).tobytes()
        return blake2b(content, digest_size=16).hexdigest()


@dataclass(frozen=True)
class MeasuredFile:
    """What one file told.

    Attributes:
        facts: Of the file, by name; empty where it could not be opened.
        quality: Of the whole picture and then of each object, shape (1 + n, 8); NaN where undefined.
        problem: Why there is no quality; None if there is.
    """

    facts: dict[str, Any]
    quality: NDArray[np.float64]
    problem: str | None


def measure_file(wanted: WantedFile) -> MeasuredFile:
    """Open, decode and measure an image file; what is wrong with it is part of the answer, never an exception."""
    from PIL import Image

    facts: dict[str, Any] = {}
    nothing = np.full((1 + len(wanted.boxes), len(QUALITY_COLUMNS)), np.nan)
    try:
        with Image.open(wanted.path) as file:
            facts = {"file_bytes": wanted.path.stat().st_size, **file_facts(file)}
            boxes = stored_boxes(file, wanted)
            pixels = pixels_of(file)
    except UnfitPixelsError as error:
        return MeasuredFile(facts, nothing, str(error))
    except Exception as error:  # noqa: BLE001 - broken files make Pillow's plugins raise anything
        return MeasuredFile(facts, nothing, _reason(error, wanted.path))
    return MeasuredFile(facts, measured(pixels, np.concatenate([whole(pixels), boxes])), None)


def stored_boxes(file: Image, wanted: WantedFile) -> NDArray[np.float64]:
    """The wanted boxes as left, top, right, bottom in the pixels of the file as stored, shape (n, 4).

    Boxes are scaled where the annotations speak of another size, and turned where they see the picture as EXIF
    turns it.
    """
    x, y, across, down = wanted.boxes.T
    corners = np.stack([x, y, x + across, y + down], axis=1)
    turned = is_turned(file, wanted.size)
    seen = upright_size(file) if turned else file.size
    if wanted.size is not None:
        scale = np.array(seen) / np.maximum(wanted.size, 1.0)
        corners = corners * np.tile(scale, 2)
    return _unturned(corners, orientation(file), file.size) if turned else corners


def _unturned(corners: NDArray[np.float64], orientation: int, size: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes of the upright picture in the pixels of the stored one.

    Source: EXIF 2.3 (CIPA DC-008), tag Orientation.
    """
    left, top, right, bottom = corners.T
    if orientation >= 5:
        left, top, right, bottom = top, left, bottom, right
    if orientation in {2, 3, 7, 8}:
        left, right = size[0] - right, size[0] - left
    if orientation in {3, 4, 6, 7}:
        top, bottom = size[1] - bottom, size[1] - top
    return np.stack([left, top, right, bottom], axis=1)


def _reason(error: Exception, path: Path) -> str:
    """An error of Pillow in one line that is the same wherever the file is."""
    text = " ".join(str(error).split()).replace(f"{str(path)!r}", "").replace(str(path), "").strip()
    if type(error).__name__ == "UnidentifiedImageError":
        return "it is no image, or of a format that Pillow does not know"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
