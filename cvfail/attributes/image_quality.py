"""Image quality of a picture, and of windows of it, from its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.tables.arrays import read_only

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY_COLUMNS = (
    "brightness",
    "contrast",
    "contrast_percentile",
    "noise",
    "laplacian_variance",
    "blockiness",
    "colourfulness",
    "laplacian_variance_512",
)
"""What is measured; see `image_quality`."""

NORMAL_SIDE = 512
"""Pixels of the short side at which sharpness is compared between pictures of different size."""

_MOST_NORMAL_PIXELS = 1 << 24
_SIXTEEN_BITS = 65535


class UnfitPixelsError(PolicyError):
    """Pixels have no defined brightness."""


@dataclass(frozen=True)
class Pixels:
    """A picture as the kernels take it, the way up in which it is stored.

    Attributes:
        colours: Red, green and blue, uint8, shape (height, width, 3); shape (0, 0, 3) for a grey picture.
        luma: In thousandths of an 8-bit step, int32, shape (height, width).
        normal: Luma of the picture resized to a short side of 512 px; None where that has more than 2²⁴ pixels.
    """

    colours: NDArray[np.uint8]
    luma: NDArray[np.int32]
    normal: NDArray[np.int32] | None


def image_quality(image: Image) -> dict[str, float | None]:
    """Measure a picture.

    Args:
        image: An image of Pillow. Only the first frame is looked at. Colours are taken as sRGB, a profile is not
            applied; palettes, CMYK and other colour spaces are converted to RGB by Pillow; transparency is
            dropped, the colours below it are measured; 16 bits a pixel are scaled to 8 by 255 / 65535, not
            rounded. EXIF's turn is not applied: it would change nothing but the grid of the compression.

    Returns:
        By name, None where undefined (a side below 3 px; below 16 px for blockiness; black for
        contrast_percentile): brightness, mean Y / 255 in [0, 1] with Y = .299 R + .587 G + .114 B; contrast,
        population standard deviation of Y / 255; contrast_percentile, (P95 − P5) / (P95 + P5) of Y in [0, 1];
        noise, Immerkær's σ in 8-bit steps; laplacian_variance, the variance of Y ∗ [0 1 0; 1 −4 1; 0 1 0] with
        reflect-101 borders: low where it is blurred, and where there is nothing to see; blockiness, the mean step
        across the edges of 8 × 8 blocks over that elsewhere, about 1 without compression; colourfulness, M of
        Hasler and Süsstrunk, 0 for grey; laplacian_variance_512, the same at a short side of 512 px (bilinear with
        antialiasing), which compares pictures of different size.

    Raises:
        UnfitPixelsError: The pixels are floating-point numbers, or wider than 16 bits, whose white is not known.

    Source: `cvfail.kernels.image_quality`.

    Example:
        >>> from PIL import Image
        >>> quality = image_quality(Image.new("RGB", (32, 32), (255, 0, 0)))
        >>> quality["brightness"], quality["noise"], round(quality["colourfulness"], 1)
        (0.299, 0.0, 85.5)
    """
    pixels = pixels_of(image)
    values = measured(pixels, whole(pixels))[0]
    return {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(QUALITY_COLUMNS, values, strict=True)
    }


def pixels_of(image: Image) -> Pixels:
    """A picture as arrays; how modes are treated stands at `image_quality`."""
    from cvfail.kernels.image_quality import THOUSANDTHS, luma_of_colours

    no_colours = read_only(np.zeros((0, 0, 3), np.uint8))
    if image.mode.startswith(("I", "F")):
        luma = read_only(_scaled(image))
        return Pixels(no_colours, luma, _normal(_grey(luma)))
    if image.mode in {"1", "L", "LA", "La"}:
        grey = image.convert("L")
        luma = read_only(np.asarray(grey).astype(np.int32) * THOUSANDTHS)
        return Pixels(no_colours, luma, _normal(grey))
    rgb = image if image.mode == "RGB" else _opaque(image).convert("RGB")
    colours = read_only(np.asarray(rgb))
    return Pixels(colours, read_only(luma_of_colours(colours)), _normal(rgb.convert("L")))


def whole(pixels: Pixels) -> NDArray[np.float64]:
    """The box of the whole picture, shape (1, 4)."""
    height, width = pixels.luma.shape
    return np.array([[0.0, 0.0, width, height]])


def measured(pixels: Pixels, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the parts of a picture that lie in boxes.

    Args:
        pixels: The picture.
        boxes: Left, top, right and bottom in pixels as stored, shape (n, 4). The pixels whose centres are inside
            are measured, as a picture of their own; what is outside the picture is left out.

    Returns:
        Shape (n, 8) in the order of `QUALITY_COLUMNS`, NaN where undefined. The last is measured in the same part
        of the resized *whole* picture.
    """
    from cvfail.kernels.image_quality import MEASURES, laplacian_variances, measure_windows

    values = np.full((len(boxes), len(QUALITY_COLUMNS)), np.nan)
    direct = np.empty((len(boxes), len(MEASURES)))
    measure_windows(pixels.luma, pixels.colours, _windows(boxes, pixels.luma), direct)
    values[:, : len(MEASURES)] = direct
    if pixels.normal is not None:
        height, width = pixels.luma.shape
        across, down = pixels.normal.shape[1] / width, pixels.normal.shape[0] / height
        sharpness = np.empty(len(boxes))
        resized = boxes * np.array([across, down, across, down])
        laplacian_variances(pixels.normal, _windows(resized, pixels.normal), sharpness)
        values[:, -1] = sharpness
    return values


def _windows(boxes: NDArray[np.float64], luma: NDArray[np.int32]) -> NDArray[np.int64]:
    """The pixels whose centres are in the boxes, shape (n, 4), inside the picture."""
    height, width = luma.shape
    edges = np.ceil(boxes.reshape(-1, 4) - 0.5)
    return read_only(np.clip(edges, 0, np.array([width, height, width, height])).astype(np.int64))


def _scaled(image: Image) -> NDArray[np.int32]:
    """Luma of a grey picture of 16 bits a pixel."""
    values = np.asarray(image)
    if image.mode == "F" or values.min(initial=0) < 0 or values.max(initial=0) > _SIXTEEN_BITS:
        kind = "floating-point numbers" if image.mode == "F" else "wider than 16 bits"
        raise UnfitPixelsError(f"its pixels are {kind}, so that it is not known what is white")
    return np.rint(values.astype(np.float64) * (255_000 / _SIXTEEN_BITS)).astype(np.int32)


def _grey(luma: NDArray[np.int32]) -> Image:
    from PIL import Image

    return Image.fromarray(((luma + 500) // 1000).astype(np.uint8))


def _opaque(image: Image) -> Image:
    """A picture with its colours as they are below any transparency."""
    return image.convert("RGBA") if image.mode in {"P", "PA"} and "transparency" in image.info else image


def _normal(grey: Image) -> NDArray[np.int32] | None:
    """Luma at a short side of 512 px."""
    from PIL.Image import Resampling

    from cvfail.kernels.image_quality import THOUSANDTHS

    scale = NORMAL_SIDE / min(grey.size)
    size = (round(grey.width * scale), round(grey.height * scale))
    if size[0] * size[1] > _MOST_NORMAL_PIXELS:
        return None
    resized = grey if size == grey.size else grey.resize(size, Resampling.BILINEAR)
    return read_only(np.asarray(resized).astype(np.int32) * THOUSANDTHS)
