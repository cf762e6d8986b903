"""Pictures that are made when they are asked for, of the images of the evaluation and of nothing else."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import polars as pl

from cvfail.io.image_files import find_image, upright_size
from cvfail.report.pictures import is_coarse
from cvfail.report.schema import Example, ImageEntry, Picture
from cvfail.report.thumbnails import Window, make_picture

_HELD_BYTES = 64_000_000
_FARTHEST = 2.0
"""A window may reach so many times the longer side of its image beyond it; more is no window of ours."""


class Pictures:
    """The pictures of a folder by the number of their image among the images by ascending id.

    A request says a number and never a name: only names in the table of images are looked up, and only files that
    lie in the folder once links are followed are opened.
    """

    def __init__(self, folder: Path | None, images: pl.DataFrame) -> None:
        self._folder = None if folder is None else folder.resolve()
        self._table = images.sort("image_id").select(
            "width", "height", name=pl.coalesce("file_name", pl.col("image_id").cast(pl.String))
        )
        self._held: OrderedDict[tuple[int, Window | None], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @property
    def known(self) -> bool:
        """Whether there is a folder."""
        return self._folder is not None

    def picture(self, code: int, window: Window | None = None) -> bytes | None:
        """A JPEG of an image, or of a window of it; None where there is no such picture."""
        key = (code, window)
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        path = self._path(code)
        size = None if path is None else self._size(code, path)
        if path is None or size is None or (window is not None and not _is_near(window, size)):
            return None
        made = make_picture(path, self._declared_size(code), window)
        if made is not None:
            self._hold(key, made)
        return made

    def enter(
        self, examples: Sequence[Example], images: Sequence[ImageEntry], codes: Sequence[int], token: str
    ) -> list[Picture]:
        """Enter where the pictures of some images are, and of crops where the whole is too coarse.

        Args:
            examples: Changed in place.
            images: Changed in place; gets its size from the file where it is not known.
            codes: Number of each image.
            token: What the address must carry.

        Returns:
            The pictures that examples and images now refer to by position.
        """
        if not self.known:
            return []
        self._enter_sizes(images, codes)
        pictures: list[Picture] = []
        for image, code in zip(images, codes, strict=True):
            image["picture"] = len(pictures)
            whole = [0.0, 0.0, float(image["width"]), float(image["height"])]
            pictures.append(Picture(uri=f"picture/{code}?token={token}", window=whole))
        for example in examples:
            window = example["window"]
            if window is not None and is_coarse(example, images[example["image"]]):
                example["picture"] = len(pictures)
                where = ",".join(f"{number:.6g}" for number in window)
                address = f"picture/{codes[example['image']]}?window={where}&token={token}"
                pictures.append(Picture(uri=address, window=window))
        return pictures

    def _enter_sizes(self, images: Sequence[ImageEntry], codes: Sequence[int]) -> None:
        unknown = [
            (image, code) for image, code in zip(images, codes, strict=True) if not image["size_known"]
        ]

        def enter(pair: tuple[ImageEntry, int]) -> None:
            image, code = pair
            path = self._path(code)
            size = None if path is None else self._size(code, path)
            if size is not None:
                image["width"], image["height"] = size

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(enter, unknown))

    def _path(self, code: int) -> Path | None:
        if self._folder is None or not 0 <= code < self._table.height:
            return None
        found = find_image(self._folder, self._table["name"][code])
        if found is None:
            return None
        path = found.resolve()
        return path if path.is_relative_to(self._folder) else None

    def _declared_size(self, code: int) -> tuple[float, float] | None:
        width, height, _ = self._table.row(code)
        return (float(width), float(height)) if width and height else None

    def _size(self, code: int, path: Path) -> tuple[float, float] | None:
        """The size that windows refer to."""
        from PIL import Image

        declared = self._declared_size(code)
        if declared is not None:
            return declared
        try:
            with Image.open(path) as file:
                width, height = upright_size(file)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
        return float(width), float(height)

    def _hold(self, key: tuple[int, Window | None], made: bytes) -> None:
        with self._lock:
            self._bytes += len(made) - len(self._held.pop(key, b""))
            self._held[key] = made
            while self._bytes > _HELD_BYTES:
                _, dropped = self._held.popitem(last=False)
                self._bytes -= len(dropped)


def read_window(text: str) -> Window:
    """Four numbers with commas between.

    Raises:
        ValueError: They are not.
    """
    x, y, width, height = map(float, text.split(","))
    if not all(map(math.isfinite, (x, y, width, height))) or width <= 0 or height <= 0:
        raise ValueError(text)
    return x, y, width, height


def _is_near(window: Window, size: tuple[float, float]) -> bool:
    x, y, width, height = window
    reach = _FARTHEST * max(*size, 96.0)
    return x >= -reach and y >= -reach and x + width <= size[0] + reach and y + height <= size[1] + reach
