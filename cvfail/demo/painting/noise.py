"""Textures that never change: clouds, grain, asphalt. Images take random windows of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cvfail.demo.scenes.camera import HEIGHT, WIDTH

Texture = NDArray[np.float32]
"""Mean 0 and variance 1."""

TILE = 512
"""Pixels of the square texture of the ground."""


def window(rng: np.random.Generator, texture: Texture) -> Texture:
    """A random part of a texture, as large as an image."""
    top = rng.integers(texture.shape[0] - HEIGHT + 1)
    left = rng.integers(texture.shape[1] - WIDTH + 1)
    return texture[top : top + HEIGHT, left : left + WIDTH]


@cache
def clouds() -> Texture:
    """Soft heaps, wider than high."""
    return _smooth(3 * HEIGHT, 3 * WIDTH, ((18, 9), (36, 20), (80, 46), (170, 104)), weaken=0.6)


@cache
def grain() -> Texture:
    """Sensor noise, a little correlated between neighbours, with a colour channel: shape (rows, columns, 3)."""
    rng = np.random.default_rng(1)
    rows, columns = 2 * HEIGHT, 2 * WIDTH
    grey = rng.standard_normal((rows, columns, 1), np.float32)
    grey = 0.9 * grey + 0.3 * np.roll(grey, 1, axis=1)
    return grey + np.float32(0.6) * rng.standard_normal((rows, columns, 3), np.float32)


@cache
def asphalt() -> Texture:
    """Patches and specks of a worn road, a square of `TILE` cells that can be laid side by side."""
    patches = _smooth(TILE, TILE, ((10, 10), (40, 40), (170, 170)), weaken=0.8)
    specks = np.random.default_rng(2).standard_normal((TILE, TILE), np.float32)
    return 0.75 * patches + 0.5 * specks


def _smooth(rows: int, columns: int, grids: tuple[tuple[int, int], ...], *, weaken: float) -> Texture:
    """A sum of random grids (rows, columns) from coarse to fine."""
    from PIL import Image

    rng = np.random.default_rng(0)
    total = np.zeros((rows, columns), np.float32)
    for octave, shape in enumerate(grids):
        grid = Image.fromarray(rng.standard_normal(shape, np.float32))
        total += weaken**octave * np.asarray(grid.resize((columns, rows), Image.Resampling.BICUBIC))
    total -= total.mean()
    total /= total.std()
    return total
