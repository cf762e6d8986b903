"""Whether two evaluations can be compared: the same images, classes, ground truth and matching."""

from __future__ import annotations

import polars as pl

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.matching.policy import Policy

_NAMED = 3
OF_TRUTH = ("image_id", "category_id", "x", "y", "width", "height", "area", "is_crowd", "is_ignored")


def unlikeness(first: Evidence, second: Evidence) -> list[str]:
    """What differs in the data and the matching of two evaluations, one sentence each.

    Args:
        first: An evaluation.
        second: Another one.

    Returns:
        Sentences on the task, the images by id, their clusters, the classes by id and name, the ground truth (image,
        class, box, area, crowd and ignore flags, in any order of rows) and the policy but for its operating point;
        none if all agree.
        Predictions and free attributes are not looked at.
    """
    if first.task != second.task:
        return [f"the first is of {first.task}, the second of {second.task}"]
    found = [
        *_of_ids("images", first.images["image_id"], second.images["image_id"]),
        *_of_ids("classes", *(one.categories["category_id"] for one in (first, second))),
        *_of_policies(first.policy, second.policy),
    ]
    return found or [*_of_clusters(first, second), *_of_names(first, second), *_of_truth(first, second)]


def refuse_unlike(first: Evidence, second: Evidence) -> None:
    """Raise if two evaluations cannot be compared.

    Raises:
        PolicyError: With all that differs.
    """
    found = unlikeness(first, second)
    if found:
        raise PolicyError(
            f"the two evaluations cannot be compared: {'; '.join(found)}. Hint: evaluate both models on the same "
            "images and labels with the same policy"
        )


def _of_ids(what: str, first: pl.Series, second: pl.Series) -> list[str]:
    if first.dtype != second.dtype:
        return [f"ids of {what} are {first.dtype} in the first and {second.dtype} in the second"]
    sides = (("first", first, second), ("second", second, first))
    return [
        f"{len(only):,} {what} are only in the {name} ({', '.join(map(str, only.head(_NAMED)))}{_more(only)})"
        for name, own, other in sides
        if len(only := own.filter(~own.is_in(other.implode())).sort())
    ]


def _more(only: pl.Series) -> str:
    return ", …" if len(only) > _NAMED else ""


def _of_policies(first: Policy, second: Policy) -> list[str]:
    ours, theirs = first.to_dict(), second.to_dict()
    names = [name for name in ours if name not in {"iou", "score"} and ours[name] != theirs[name]]
    return [f"{name} is {ours[name]} in the first and {theirs[name]} in the second" for name in names]


def _of_clusters(first: Evidence, second: Evidence) -> list[str]:
    ours, theirs = (one.images.sort("image_id")["cluster_id"] for one in (first, second))
    if ours.dtype != theirs.dtype:
        return [f"cluster_id is {ours.dtype} in the first and {theirs.dtype} in the second"]
    unlike = ours.ne_missing(theirs)
    return [f"{unlike.sum():,} images are of another cluster_id"] if unlike.any() else []


def _of_names(first: Evidence, second: Evidence) -> list[str]:
    joined = first.categories.select("category_id", "name").join(
        second.categories.select("category_id", other="name"), on="category_id", maintain_order="left"
    )
    unlike = joined.filter(pl.col("name") != pl.col("other"))
    return [
        f"class {key} is called {name!r} in the first and {other!r} in the second"
        for key, name, other in unlike.head(_NAMED).iter_rows()
    ]


def _of_truth(first: Evidence, second: Evidence) -> list[str]:
    names = [name for name in OF_TRUTH if name in first.outcomes.names("ground_truth")]
    ours, theirs = (one.outcomes.columns("ground_truth", names).sort(names) for one in (first, second))
    if len(ours) != len(theirs):
        return [f"the first has {len(ours):,} labels, the second {len(theirs):,}"]
    if ours.equals(theirs):
        return []
    unlike = ours.select(
        pl.any_horizontal(pl.col(name).ne_missing(theirs[name]) for name in names).alias("_unlike")
    ).to_series()
    row = ours.filter(unlike)["image_id"][0]
    return [f"{unlike.sum():,} of {len(ours):,} labels differ, the first of them in image {row}"]
