"""Picture files for tests: of any pixels, with tags, and broken ones."""

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

TAGS = {
    0x010F: "Leica\0",
    0x0110: "M 11",
    0x0132: "2020:01:01 00:00:00",
}
CAMERA_TAGS = {
    0x9003: "2024:05:01 21:30:15",
    0x829A: IFDRational(1, 250),
    0x829D: 2.8,
    0x8827: 400,
    0x920A: 35.0,
    0xA405: 52,
}


def random_picture(seed=0, size=(40, 30), mode="RGB"):
    """Noise of any level on a gradient."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(0, rng.integers(60, 200), size[0])[None, :, None]
    noise = rng.normal(0, rng.integers(1, 30), (size[1], size[0], 3))
    return Image.fromarray(np.clip(slope + noise, 0, 255).astype(np.uint8)).convert(mode)


def save(folder, name, image=None, *, tags=None, camera=None):
    """Write a picture with tags."""
    image = random_picture() if image is None else image
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif.update(tags or {})
    if camera:
        exif.get_ifd(0x8769).update(camera)
    image.save(path, exif=exif) if tags or camera else image.save(path)
    return path
