"""Images with a score and a truth, class by class: what the receiver operating characteristic is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.attributes import ImageLevels, image_levels
from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.probabilities import has_probabilities, labelled_probabilities
from cvfail.metrics.curves.grouped_scores import ScoredGroup
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

CATEGORY = "category"


@dataclass(frozen=True)
class ScoredImages:
    """Groups whose units are images.

    Attributes:
        keys: One row per group: the columns asked for.
        groups: Rankings of images, of which positives are right; their objects are the positives.
    """

    keys: pl.DataFrame
    groups: list[ScoredGroup]

    @classmethod
    def of(cls, point: OperatingPoint, by: Sequence[str], *, threads: int | None = None) -> ScoredImages:
        """Score images.

        Args:
            point: The evaluation; its score threshold is not looked at.
            by: ``category`` and attributes of the images.
            threads: Threads over groups; all processors if not given.

        Returns:
            Of a detector the highest score of a prediction (of the class, if by class) on each image, -inf without
            one; positive are images with a regular object (of the class); images whose objects are all ignored are
            left out. Of a classifier the probability of the class for each labelled image against all others;
            without the class, all images times all classes.

        Raises:
            QueryError: An attribute is unknown, or a classifier gave no probabilities.
        """
        names = list(dict.fromkeys(by))
        levels = image_levels(point.evidence, [name for name in names if name != CATEGORY])
        by_class = CATEGORY in names
        scored = _classified if point.evidence.task == "classification" else _detected
        units = list(scored(point, by_class=by_class))
        made = run_in_order(
            lambda own: [own.within(level, levels) for level in range(levels.frame.height)],
            units,
            threads=worker_count(threads),
        )
        groups = [group for level in zip(*made, strict=True) for group in level]
        if by_class:
            category = pl.DataFrame({CATEGORY: pl.Series(point.evidence.category_names, dtype=pl.String)})
            keys = levels.frame.join(category, how="cross") if levels.frame.width else category
        else:
            keys = levels.frame
        return cls(keys.select(names) if names else pl.DataFrame(height=1), groups)


@dataclass(frozen=True)
class _Units:
    """Images of one class: code, score and truth of each, shape (n,)."""

    image: NDArray[np.int32]
    scores: NDArray[np.float64]
    positive: NDArray[np.bool_]
    cluster_of_image: NDArray[np.int32]

    def within(self, level: int, levels: ImageLevels) -> ScoredGroup:
        """The images of one level as a ranking."""
        own = levels.of_image[self.image] == level
        part = replace(self, image=self.image[own], scores=self.scores[own], positive=self.positive[own])
        return part.ranked()

    def ranked(self) -> ScoredGroup:
        """Best score first."""
        from cvfail.kernels.ordering import descending_order

        order = descending_order(read_only(self.scores), read_only(np.arange(self.scores.size)))
        positive = self.positive[order]
        hits = np.flatnonzero(positive)
        return ScoredGroup(
            read_only(self.scores[order]),
            read_only(positive),
            order,
            self.image[order],
            order[hits],
            self.image[order[hits]],
            self.image.astype(np.int64),
            self.cluster_of_image,
        )


def _detected(point: OperatingPoint, *, by_class: bool) -> Iterator[_Units]:
    """Best score and truth of every image, for each class or for all together."""
    evidence = point.evidence
    images, kinds = len(evidence.images), evidence.categories.height if by_class else 1
    best = np.full((kinds, images), -np.inf)
    positive, ignored = np.zeros((2, kinds, images), np.bool_)
    everything = OperatingPoint.of(evidence, iou=point.iou, score=-np.inf)

    def score(block: Block) -> None:
        part, coding = everything.on(block), block.evidence.coding
        kept = np.flatnonzero(part.kept)
        code = coding.category[kept] if by_class else np.zeros(kept.size, np.int32)
        np.maximum.at(best, (code, coding.image[kept] + block.first_image), part.scores[kept])
        code = coding.truth_category if by_class else np.zeros(coding.truth_image.size, np.int32)
        regular = block.evidence.regular()
        image = coding.truth_image + block.first_image
        positive[code[regular], image[regular]] = True
        ignored[code[~regular], image[~regular]] = True

    evidence.over_blocks(score, threads=1)
    for code in range(kinds):
        told = np.flatnonzero(positive[code] | ~ignored[code]).astype(np.int32)
        yield _Units(told, best[code, told], positive[code, told], evidence.clusters)


def _classified(point: OperatingPoint, *, by_class: bool) -> Iterator[_Units]:
    """Probability and truth of every labelled image, for each class or for all together."""
    truth, probabilities = _labelled(point.evidence)
    evidence = point.evidence
    image, label = evidence.coding.truth_image[truth], evidence.coding.truth_category[truth]
    kinds = probabilities.shape[1]
    if by_class:
        for code in range(kinds):
            yield _Units(image, probabilities[:, code], label == code, evidence.clusters)
        return
    yield _Units(
        np.repeat(image, kinds),
        probabilities.ravel(),
        (label[:, None] == np.arange(kinds)).ravel(),
        evidence.clusters,
    )


def _labelled(evidence: Evidence) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not has_probabilities(evidence):
        raise QueryError(
            "the receiver operating characteristic of a classifier needs the probability of every class. "
            "Hint: from_labels(true, probabilities=...)"
        )
    truth, _, matrix = labelled_probabilities(evidence)
    return truth, matrix
