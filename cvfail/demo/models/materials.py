"""What faces are made of: colour, how much sky they mirror, and how they glow at night."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green and blue in [0, 255]."""

BLACK: Colour = (0, 0, 0)


class Material(NamedTuple):
    """A surface.

    Attributes:
        colour: Its colour; a model may offer others to choose from.
        gloss: Share of the sky that it mirrors.
        glow: The light that it sends out at night.
    """

    colour: Colour
    gloss: float = 0.0
    glow: Colour = BLACK


MATERIALS: dict[str, Material] = {
    "paint": Material((150, 30, 30), 0.16),
    "trim": Material((44, 45, 48), 0.05),
    "glass": Material((30, 36, 42), 0.42),
    "windscreen": Material((34, 42, 50), 0.5),
    "tyre": Material((24, 24, 25)),
    "rim": Material((150, 152, 155), 0.1),
    "shade": Material((16, 16, 17)),
    "plate": Material((226, 224, 205)),
    "head lamp": Material((238, 240, 236), 0.2, (255, 250, 232)),
    "tail lamp": Material((186, 16, 20), 0.08, (255, 34, 22)),
    "taxi sign": Material((245, 214, 70), 0.0, (255, 216, 110)),
    "destination": Material((40, 34, 20), 0.0, (255, 172, 60)),
    "bus window": Material((36, 42, 50), 0.36, (122, 114, 88)),
    "stripe": Material((236, 236, 230), 0.08),
    "cargo": Material((224, 226, 226), 0.04),
    "cargo seam": Material((150, 152, 154)),
    "reflector": Material((210, 60, 40), 0.0, (96, 20, 12)),
    "steel": Material((120, 124, 128), 0.08),
    "skin": Material((206, 160, 130)),
    "hair": Material((48, 36, 30)),
    "shirt": Material((170, 60, 60)),
    "shirt shade": Material((130, 46, 46)),
    "trousers": Material((52, 58, 78)),
    "trousers shade": Material((40, 45, 62)),
    "shoe": Material((34, 30, 30)),
    "bag": Material((92, 66, 44)),
    "helmet": Material((222, 222, 226), 0.12),
    "frame": Material((190, 40, 40), 0.1),
    "spokes": Material((112, 116, 120)),
    "bike lamp": Material((236, 232, 214), 0.0, (255, 244, 214)),
    "bike tail lamp": Material((196, 24, 24), 0.0, (255, 30, 22)),
    "sign white": Material((244, 244, 240), 0.04, (58, 58, 56)),
    "sign red": Material((206, 22, 34), 0.04, (58, 8, 10)),
    "sign blue": Material((22, 84, 172), 0.04, (8, 24, 58)),
    "sign yellow": Material((246, 196, 24), 0.04, (58, 46, 8)),
    "sign black": Material((22, 22, 24)),
    "pole": Material((112, 116, 120), 0.04),
    "lamp": Material((214, 214, 206), 0.1, (255, 214, 150)),
    "bark": Material((78, 62, 50)),
    "leaf dark": Material((40, 66, 34)),
    "leaf": Material((62, 96, 46)),
    "leaf light": Material((98, 136, 62)),
    "hedge": Material((52, 86, 44)),
    "hedge light": Material((84, 122, 60)),
    "concrete": Material((160, 158, 152)),
    "bin": Material((50, 84, 64)),
    "asphalt": Material((92, 94, 97)),
    "asphalt dark": Material((74, 76, 79)),
    "paving": Material((150, 145, 137)),
    "kerb": Material((182, 179, 172)),
    "marking": Material((228, 228, 220)),
    "grass": Material((92, 116, 62)),
    "metal cover": Material((64, 64, 66)),
    "wall": Material((178, 150, 122)),
    "cornice": Material((204, 196, 182)),
    "shop": Material((60, 58, 58)),
    "shop window": Material((52, 60, 66), 0.34, (236, 196, 128)),
    "dark window": Material((46, 56, 66), 0.4),
    "lit window": Material((58, 66, 74), 0.36, (246, 190, 108)),
    "awning": Material((150, 44, 40)),
    "door": Material((70, 48, 36)),
}


MATERIAL_NUMBER = {name: number for number, name in enumerate(MATERIALS)}
"""Row of each material in the arrays below."""


def linear(colours: object) -> NDArray[np.float64]:
    """Colours in [0, 255] as linear light in [0, 1], of any shape."""
    return (np.asarray(colours, np.float64) / 255.0) ** 2


COLOURS = linear([material.colour for material in MATERIALS.values()])
GLOSS = np.array([material.gloss for material in MATERIALS.values()])
GLOWS = np.array([material.glow for material in MATERIALS.values()], np.uint8)
