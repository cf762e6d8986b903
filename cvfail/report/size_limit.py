"""A report no larger than it may be: the page comes first, pictures fill what is left, in their order."""

from __future__ import annotations

from collections.abc import Callable

from cvfail.errors import PolicyError
from cvfail.report.schema import Example, ImageEntry, Picture, Summary

_SENTENCE = 200
"""Bytes by which the sentence about the pictures may grow."""
_BESIDE = 6
"""Bytes that a picture costs beside itself: a comma, and the digits of its position in place of ``null``."""


def within_size(summary: Summary, most_bytes: int, *, page_size: Callable[[Summary], int]) -> Summary:
    """The same summary with as many of its pictures as the page may carry.

    Args:
        summary: With all pictures, in the order of their importance.
        most_bytes: Size that the page must not exceed.
        page_size: Bytes of the page of a summary.

    Returns:
        A summary whose page has at most so many bytes; its `picture_report` says what was left out.

    Raises:
        PolicyError: Even without pictures the page is larger.
    """
    bare = page_size(_with_first(summary, 0))
    if bare > most_bytes:
        raise PolicyError(
            f"the report is {bare / 1e6:.2f} MB without any picture; found a limit of {most_bytes / 1e6:g} MB. "
            "Hint: --max-mb (max_megabytes) of more, or fewer classes and attributes"
        )
    spent, count = bare + _SENTENCE, 0
    for picture in summary["pictures"]:
        spent += _cost(picture)
        if spent > most_bytes:
            break
        count += 1
    return summary if count == len(summary["pictures"]) else _with_first(summary, count)


def size_in_bytes(max_megabytes: float) -> int:
    """Megabytes of 10^6 bytes as bytes.

    Raises:
        PolicyError: It is no positive number.

    Example:
        >>> size_in_bytes(1.5)
        1500000
    """
    if not 0 < max_megabytes < float("inf"):
        raise PolicyError(
            f"max_megabytes is a positive number of megabytes; found {max_megabytes}. Hint: leave it out for no limit"
        )
    return int(max_megabytes * 1e6)


def _cost(picture: Picture) -> int:
    numbers = ",".join(map(repr, picture["window"]))
    return len('{"uri":"","window":[]}') + len(picture["uri"]) + len(numbers) + _BESIDE


def _with_first(summary: Summary, count: int) -> Summary:
    """The summary with its first `count` pictures; what referred to another refers to none."""

    def kept(position: int | None) -> int | None:
        return None if position is None or position >= count else position

    images = [ImageEntry(**{**image, "picture": kept(image["picture"])}) for image in summary["images"]]
    examples = [
        Example(**{**example, "picture": kept(example["picture"])}) for example in summary["examples"]
    ]
    bare = [
        before["picture"] is not None and after["picture"] is None
        for before, after in zip(summary["images"], images, strict=True)
    ]
    report = summary["picture_report"]
    return Summary(
        **{
            **summary,
            "images": images,
            "examples": examples,
            "pictures": summary["pictures"][:count],
            "picture_report": {
                **report,
                "made": count,
                "left_out": report["left_out"] + sum(bare[example["image"]] for example in examples),
                "over_size": len(summary["pictures"]) - count,
            },
        }
    )
