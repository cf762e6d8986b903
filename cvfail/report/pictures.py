"""Which pictures a report carries: every image whole once, and sharp crops where the whole is too coarse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from cvfail.report.schema import Example, ImageEntry, Picture, PictureReport
from cvfail.report.thumbnails import (
    DETAIL_WIDTH,
    LONG_SIDE,
    MadePictures,
    WantedPictures,
    Window,
    make_pictures,
)

_NAMED_MISSING = 20


Turn = tuple[int, int]
"""When an example gets its picture: its rank within its group, and the number of the group."""


def add_pictures(
    examples: list[Example],
    images: list[ImageEntry],
    *,
    turns: Sequence[Turn],
    folder: Path,
    most_pictures: int,
    on_picture: Callable[[int], None] | None = None,
) -> tuple[list[Picture], PictureReport]:
    """Make the pictures and enter their positions into examples and images, which are changed in place.

    Args:
        examples: Those that are shown.
        images: Those that the examples refer to.
        turns: When each example gets its picture: every group its first before any group its second.
        folder: The image files.
        most_pictures: Limit on all pictures together.
        on_picture: Called with the number of image files as each of them is done.

    Returns:
        The pictures in the order in which they were chosen, and how it went.
    """
    chosen = choose_pictures(examples, images, turns, most_pictures)
    crops: dict[int, list[int]] = {}
    for image, example in chosen:
        crops.setdefault(image, []).extend([] if example is None else [example])
    wanted = [_wanted(images[image], [examples[crop] for crop in own]) for image, own in crops.items()]
    done = None if on_picture is None else lambda: on_picture(len(wanted))
    made = dict(zip(crops, make_pictures(folder, wanted, on_done=done), strict=True))
    missing = [images[image]["file_name"] for image, own in made.items() if own is None]
    pictures = _entered(chosen, made, examples, images)
    return pictures, PictureReport(
        asked=True,
        made=len(pictures),
        left_out=sum(example["image"] not in crops for example in examples),
        over_size=0,
        missing=missing[:_NAMED_MISSING],
        missing_count=len(missing),
    )


def choose_pictures(
    examples: Sequence[Example], images: Sequence[ImageEntry], turns: Sequence[Turn], limit: int
) -> list[tuple[int, int | None]]:
    """Spend the limit in rounds, one for each rank: whole images first, then crops where the whole is too coarse.

    An image that is there already costs later examples nothing.

    Returns:
        For each picture, in the order in which they were chosen, its image and the example that it is a crop for,
        None where it is the whole image.
    """
    chosen: list[tuple[int, int | None]] = []
    there: set[int] = set()
    for _, same_rank in groupby(
        sorted(range(len(examples)), key=turns.__getitem__), lambda own: turns[own][0]
    ):
        this_round = list(same_rank)
        for position in this_round:
            image = examples[position]["image"]
            if image not in there and len(chosen) < limit:
                there.add(image)
                chosen.append((image, None))
        for position in this_round:
            image = examples[position]["image"]
            if image in there and len(chosen) < limit and is_coarse(examples[position], images[image]):
                chosen.append((image, position))
    return chosen


def is_coarse(example: Example, image: ImageEntry) -> bool:
    """Whether the crop would show much fewer pixels of the whole picture than one of its own would have."""
    if example["window"] is None:
        return False
    scale = min(1.0, LONG_SIDE / max(image["width"], image["height"]))
    return scale < 1.0 and example["window"][2] * scale < 0.75 * DETAIL_WIDTH


def _wanted(image: ImageEntry, crops: Sequence[Example]) -> WantedPictures:
    size = (float(image["width"]), float(image["height"])) if image["size_known"] else None
    return WantedPictures(image["file_name"], size, tuple(map(_window, crops)))


def _window(example: Example) -> Window:
    x, y, width, height = example["window"] or (0.0, 0.0, 1.0, 1.0)
    return x, y, width, height


def _entered(
    chosen: Sequence[tuple[int, int | None]],
    made: Mapping[int, MadePictures | None],
    examples: list[Example],
    images: list[ImageEntry],
) -> list[Picture]:
    """The pictures that could be made, each known by its position to its image or its example."""
    pictures: list[Picture] = []
    details = {image: iter(own.details) for image, own in made.items() if own is not None}
    for image, example in chosen:
        own = made[image]
        if own is None:
            continue
        if example is None:
            images[image]["width"], images[image]["height"] = own.size
            images[image]["picture"] = len(pictures)
            pictures.append(Picture(uri=own.whole, window=[0.0, 0.0, *own.size]))
        else:
            examples[example]["picture"] = len(pictures)
            pictures.append(Picture(uri=next(details[image]), window=list(_window(examples[example]))))
    return pictures
