"""Which pictures a report carries: every image whole once, and sharp crops where the whole is too coarse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Plan:
    """The pictures to make of one image, and the examples that the crops are for."""

    image: int
    crops: list[int]


def add_pictures(
    examples: list[Example],
    images: list[ImageEntry],
    *,
    folder: Path,
    most_pictures: int,
    on_picture: Callable[[int], None] | None = None,
) -> tuple[list[Picture], PictureReport]:
    """Make the pictures and enter their positions into examples and images, which are changed in place.

    Args:
        examples: In the order in which they get pictures.
        images: Those that the examples refer to.
        folder: The image files.
        most_pictures: Limit on all pictures together.
        on_picture: Called with the number of image files as each of them is done.

    Returns:
        The pictures, and how it went.
    """
    plans, left_out = _plan(examples, images, most_pictures)
    wanted = [_wanted(plan, examples, images) for plan in plans]
    done = None if on_picture is None else lambda: on_picture(len(wanted))
    pictures: list[Picture] = []
    missing: list[str] = []
    for plan, made in zip(plans, make_pictures(folder, wanted, on_done=done), strict=True):
        if made is None:
            missing.append(images[plan.image]["file_name"])
        else:
            _enter(plan, made, examples, images, pictures)
    return pictures, PictureReport(
        asked=True,
        made=len(pictures),
        left_out=left_out,
        over_size=0,
        missing=missing[:_NAMED_MISSING],
        missing_count=len(missing),
    )


def _plan(examples: Sequence[Example], images: Sequence[ImageEntry], limit: int) -> tuple[list[_Plan], int]:
    """Spend the limit on the examples in order; an image that is there already costs later ones nothing."""
    plans: dict[int, _Plan] = {}
    spent, left_out = 0, 0
    for position, example in enumerate(examples):
        image = example["image"]
        if image not in plans:
            if spent >= limit:
                left_out += 1
                continue
            plans[image] = _Plan(image, [])
            spent += 1
        if spent < limit and is_coarse(example, images[image]):
            plans[image].crops.append(position)
            spent += 1
    return list(plans.values()), left_out


def is_coarse(example: Example, image: ImageEntry) -> bool:
    """Whether the crop would show much fewer pixels of the whole picture than one of its own would have."""
    if example["window"] is None:
        return False
    scale = min(1.0, LONG_SIDE / max(image["width"], image["height"]))
    return scale < 1.0 and example["window"][2] * scale < 0.75 * DETAIL_WIDTH


def _wanted(plan: _Plan, examples: Sequence[Example], images: Sequence[ImageEntry]) -> WantedPictures:
    image = images[plan.image]
    size = (float(image["width"]), float(image["height"])) if image["size_known"] else None
    return WantedPictures(image["file_name"], size, tuple(_window(examples[crop]) for crop in plan.crops))


def _window(example: Example) -> Window:
    x, y, width, height = example["window"] or (0.0, 0.0, 1.0, 1.0)
    return x, y, width, height


def _enter(
    plan: _Plan,
    made: MadePictures,
    examples: list[Example],
    images: list[ImageEntry],
    pictures: list[Picture],
) -> None:
    image = images[plan.image]
    image["width"], image["height"] = made.size
    image["picture"] = len(pictures)
    pictures.append(Picture(uri=made.whole, window=[0.0, 0.0, *made.size]))
    for crop, uri in zip(plan.crops, made.details, strict=True):
        examples[crop]["picture"] = len(pictures)
        pictures.append(Picture(uri=uri, window=list(_window(examples[crop]))))
