"""The demo dataset as files: pictures, ground truth, predictions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cvfail.demo.coco_files import write_instances, write_results
from cvfail.demo.simulation import simulate
from cvfail.errors import MissingDependencyError
from cvfail.tables.writing import write_whole

Item = TypeVar("Item")

_QUALITY = 88


@dataclass(frozen=True)
class DemoFiles:
    """Where the parts of a demo dataset are.

    Attributes:
        images: Folder of the pictures.
        ground_truth: COCO instances.
        predictions: COCO results.
        retrained: COCO results of a second detector, retrained for small objects at night: it finds them, and
            finds objects in crowds twice more often.
        training: CSV, one row per image that the detector was trained on, with the attributes of images; nights
            are rare among them.
        planted: What was planted, a line per failure mode; empty if nothing was.
    """

    images: Path
    ground_truth: Path
    predictions: Path
    retrained: Path
    training: Path
    planted: tuple[str, ...]


def write_demo(folder: str | Path, *, images: int = 320, seed: int = 7, planted: bool = True) -> DemoFiles:
    """Write a dataset of simulated street scenes, with a simulated detector that fails in known ways.

    Args:
        folder: Where ``images/``, ``ground_truth.json``, ``predictions.json``, ``predictions_retrained.json`` and
            ``training_images.csv`` go; it is made if it does not exist, and files of these names are replaced.
        images: How many pictures of 320 × 240 pixels.
        seed: Of everything random; the same seed gives the same files, byte for byte.
        planted: Whether failure modes are planted. Without them no error depends on any attribute, and nights are
            as frequent in training as here.

    Returns:
        The paths, and what was planted.

    Raises:
        MissingDependencyError: Pillow is not installed.
        PolicyError: `images` or `seed` is negative.

    Notes:
        Attributes of images: time_of_day (day, night), weather (clear, cloudy, rain), camera (cam_a … cam_d), blur
        (sharp, blurred), density (sparse, or crowded from 7 objects), annotator (anna, ben, chris, dora), captured.
        Attributes of objects: occlusion (none, partial, heavy), truncation (partial if the left or right border of
        the image cuts the object, else none). It needs no network; progress goes to stderr if
        that is a terminal. Cost: about 30 ms per image.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     demo = write_demo(folder, images=1)
        ...     sorted(path.name for path in demo.images.iterdir())
        ['000001.jpg']
    """
    _require_pillow()
    from cvfail.demo.painting.picture import paint

    simulation = simulate(images=images, seed=seed, planted=planted)
    pictures = Path(folder) / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    names = simulation.images["file_name"]
    for name, scene in _shown(list(zip(names, simulation.scenes, strict=True))):
        paint(scene).save(pictures / name, quality=_QUALITY)
    files = DemoFiles(
        images=pictures,
        ground_truth=Path(folder) / "ground_truth.json",
        predictions=Path(folder) / "predictions.json",
        retrained=Path(folder) / "predictions_retrained.json",
        training=Path(folder) / "training_images.csv",
        planted=tuple(mode.description for mode in simulation.modes),
    )
    write_instances(simulation, files.ground_truth)
    write_results(simulation, files.predictions)
    write_results(simulation, files.retrained, retrained=True)
    write_whole(files.training, simulation.training.write_csv)
    return files


def _require_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("Pillow", "report", "painting the demo's pictures") from error


def _shown(items: list[Item]) -> Iterator[Item]:
    """The items one by one, with a progress bar on a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description="Painting", console=Console(stderr=True), transient=True)
