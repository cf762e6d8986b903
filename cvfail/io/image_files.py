"""Image files: where they are, and which way up their annotations see them."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

ORIENTATION_TAG = 0x0112
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})

SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
        *(".jp2", ".ppm", ".pgm"),
    }
)
"""What image files are called."""


def find_image(folder: Path, file_name: str) -> Path | None:
    """The file of that name inside a folder, or None.

    The name is taken as it is, never decoded or expanded. Absolute names and names with ``..`` are looked up
    by their last part only, which also finds ``val2017/1.jpg`` if the folder given is ``val2017`` itself.
    """
    name = PureWindowsPath(file_name)  # splits at both slashes and knows drive letters
    candidates = [Path(name.name)] if name.name else []
    if not name.anchor and not name.drive and ".." not in name.parts:
        candidates = [Path(file_name), Path(*name.parts), *candidates]
    for candidate in candidates:
        try:
            if (folder / candidate).is_file():
                return folder / candidate
        except (OSError, ValueError):  # too long, or a NUL inside
            return None
    return None


def image_names(folder: Path) -> list[str]:
    """The image files in a folder and those below it, relative to it with forward slashes, in order.

    What is hidden is left out.
    """
    return sorted(
        name.as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
        for name in [path.relative_to(folder)]
        if not any(part.startswith(".") for part in name.parts)
    )


def orientation(file: Image) -> int:
    """How the camera was held, as EXIF says it, 1 to 8; 1, upright, where it says nothing that makes sense."""
    value = file.getexif().get(ORIENTATION_TAG, 1)
    return value if value in range(1, 9) else 1


def upright_size(file: Image) -> tuple[int, int]:
    """Width and height of the picture when it is turned as EXIF says."""
    return file.size[::-1] if orientation(file) in _ON_ITS_SIDE else file.size


def is_turned(file: Image, size: tuple[float, float] | None) -> bool:
    """Whether annotations see the picture turned as EXIF says.

    Some tools turn pictures when they load them, others do not. The size that the annotations give decides where
    turning swaps the sides; a picture that is upside down or mirrored is taken as it is stored.

    Args:
        file: The opened file.
        size: Width and height by the annotations; None where they do not say, then the picture is turned.
    """
    if size is None:
        return True
    upright = upright_size(file)
    if upright == file.size:
        return False
    ratio = size[0] / max(size[1], 1.0)
    return abs(ratio - upright[0] / upright[1]) < abs(ratio - file.size[0] / file.size[1])
