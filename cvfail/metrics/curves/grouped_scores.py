"""Right and wrong predictions of every group, best score first, with the objects and images of the group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.attributes import Rule, as_levels, attribute, image_levels
from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.score_curve import ScoreCurve
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

Codes = NDArray[np.int32]

_MOST_GROUPS = 100_000


@dataclass(frozen=True)
class ScoredGroup:
    """One group: predictions by descending score, equal ones by image and input row.

    Attributes:
        scores: Shape (n,).
        right: Whether each prediction is right, shape (n,).
        rows: Row of each prediction in the whole, shape (n,).
        row_images: Image code of each prediction, shape (n,).
        truths: Row of each object in the whole, shape (P,).
        truth_images: Image code of each object, shape (P,).
        image_codes: Images that can have such predictions, shape (I,); one array for all groups of the same images.
        cluster_of_image: Cluster code of each image code of the evaluation.
    """

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    rows: NDArray[np.int64]
    row_images: Codes
    truths: NDArray[np.int64]
    truth_images: Codes
    image_codes: NDArray[np.int64]
    cluster_of_image: Codes

    @property
    def objects(self) -> int:
        """How many objects there are."""
        return self.truths.size

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.image_codes.size

    @cached_property
    def clusters(self) -> Codes:
        """Cluster code of each prediction, shape (n,)."""
        return read_only(self.cluster_of_image[self.row_images])

    @cached_property
    def truth_clusters(self) -> Codes:
        """Cluster code of each object, shape (P,)."""
        return read_only(self.cluster_of_image[self.truth_images])

    @property
    def image_clusters(self) -> Codes:
        """Cluster code of each image, shape (I,)."""
        return self.cluster_of_image[self.image_codes]

    @cached_property
    def units_in(self) -> int:
        """How many clusters hold an object or a prediction."""
        return int(np.unique(np.concatenate([self.truth_clusters, self.clusters])).size)

    @cached_property
    def clusters_of_images(self) -> int:
        """How many clusters hold an image."""
        return int(np.unique(self.image_clusters).size)

    @cached_property
    def curve(self) -> ScoreCurve:
        """Counts at every score."""
        return ScoreCurve.of_sorted(self.scores, self.right, objects=self.objects)


@dataclass(frozen=True)
class GroupedScores:
    """All groups of an evaluation at one overlap threshold, over every score.

    Attributes:
        keys: One row per group, the columns asked for; one row without columns for everything together.
        rule: How wrong predictions were given to groups; ``none`` if they have no value, and so are left out.
        groups: In the order of `keys`.
    """

    keys: pl.DataFrame
    rule: Rule
    groups: list[ScoredGroup]

    @classmethod
    def of(
        cls, point: OperatingPoint, by: Sequence[str] = (), *, threads: int | None = None
    ) -> GroupedScores:
        """Gather the predictions that are right or wrong when every score counts, and sort them once.

        Args:
            point: Whose evidence and overlap threshold; its score is not looked at.
            by: Attributes of images or ground truth, ``category``, ``size``.
            threads: Threads over blocks, then groups; all processors if not given.

        Returns:
            Every combination of levels that the images allow, also those without objects or predictions. A right
            prediction lies where its object does, a wrong one where its image and class say, or its own box.

        Raises:
            QueryError: A name is no attribute, or there are more than 100,000 groups.

        Cost: 60 ns and 25 bytes per prediction.
        """
        everything = OperatingPoint.of(point.evidence, iou=point.iou, score=-np.inf)
        grouping = _Grouping.of(point.evidence, list(dict.fromkeys(by)))
        parts = everything.evidence.over_blocks(
            lambda block: _Rows.of(everything.on(block), block, grouping), threads=threads
        )
        return grouping.grouped(_Rows.joined(parts), worker_count(threads))


@dataclass(frozen=True)
class _Level:
    """One attribute: its levels in order, and where they come from."""

    name: str
    levels: list[str | None]
    of_image: Codes | None
    rule: Rule

    @classmethod
    def of(cls, evidence: Evidence, name: str) -> _Level:
        if name == "category":
            return cls(name, list(evidence.category_names), None, "exact")
        if name in evidence.attributes("images"):
            found = image_levels(evidence, [name])
            return cls(name, found.frame[name].cast(pl.String).to_list(), found.of_image, "exact")
        if name == "size" and evidence.task == "detection":
            return cls(name, ["small", "medium", "large"], None, "own_geometry")
        rule = attribute(evidence.block(0).evidence, name).rule
        values = as_levels(evidence.attribute_column("ground_truth", name))
        return cls(name, values.unique().sort(nulls_last=True).cast(pl.String).to_list(), None, rule)

    def codes(self, block: Block) -> tuple[Codes, Codes | None]:
        """The level of each ground truth and each prediction of a block; None if predictions have none."""
        coding = block.evidence.coding
        if self.name == "category":
            return coding.truth_category, coding.category
        if self.of_image is not None:
            own = self.of_image[block.first_image :]
            return own[coding.truth_image], own[coding.image]
        found = attribute(block.evidence, self.name)
        places = {level: place for place, level in enumerate(self.levels)}
        truth, prediction = (
            None
            if side is None
            else side.cast(pl.String).replace_strict(places, default=-1, return_dtype=pl.Int32).to_numpy()
            for side in (found.truth, found.prediction)
        )
        assert truth is not None
        return truth, prediction


@dataclass(frozen=True)
class _Rows:
    """What is gathered of some images, in input order."""

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    group: Codes
    images: Codes
    rows: NDArray[np.int64]
    truth_group: Codes
    truth_images: Codes
    truths: NDArray[np.int64]

    @classmethod
    def of(cls, point: OperatingPoint, block: Block, grouping: _Grouping) -> _Rows:
        evidence, coding = block.evidence, block.evidence.coding
        truth_group, own_group = grouping.codes(block)
        group = np.full(point.kept.size, -1, np.int32) if own_group is None else own_group
        if grouping.rule != "exact":
            group = group.copy()
            found = np.flatnonzero(point.found)
            group[point.partner[found]] = truth_group[found]
        listed = np.flatnonzero((point.correct | point.wrong) & (group >= 0))
        counts = np.flatnonzero(evidence.regular() & (truth_group >= 0))
        first = np.int32(block.first_image)
        return cls(
            point.scores[listed],
            point.correct[listed],
            group[listed],
            coding.image[listed] + first,
            listed + block.first_prediction,
            truth_group[counts],
            coding.truth_image[counts] + first,
            counts + block.first_truth,
        )

    @classmethod
    def joined(cls, parts: Sequence[_Rows]) -> _Rows:
        names = list(cls.__dataclass_fields__)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class _Grouping:
    """How rows are given to groups: one digit per attribute, the last one fastest."""

    levels: list[_Level]
    clusters: Codes
    images: int
    rule: Rule = field(init=False)

    def __post_init__(self) -> None:
        rules = {level.rule for level in self.levels}
        rule = "none" if "none" in rules else "own_geometry" if "own_geometry" in rules else "exact"
        object.__setattr__(self, "rule", rule)

    @classmethod
    def of(cls, evidence: Evidence, names: Sequence[str]) -> _Grouping:
        grouping = cls([_Level.of(evidence, name) for name in names], evidence.clusters, len(evidence.images))
        if math.prod(grouping.shape) > _MOST_GROUPS:
            raise QueryError(
                f"{' × '.join(names)} make {math.prod(grouping.shape):,} groups. Hint: ask by fewer attributes"
            )
        return grouping

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(level.levels) for level in self.levels)

    def codes(self, block: Block) -> tuple[Codes, Codes | None]:
        """The group of each ground truth and prediction of a block, -1 where there is none."""
        coding = block.evidence.coding
        sides = [level.codes(block) for level in self.levels]
        truth = self._combined([side[0] for side in sides], coding.truth_image.size)
        own = [side[1] for side in sides if side[1] is not None]
        return truth, self._combined(own, coding.image.size) if len(own) == len(sides) else None

    def _combined(self, digits: Sequence[Codes], rows: int) -> Codes:
        code = np.zeros(rows, np.int32)
        known = np.ones(rows, np.bool_)
        for digit, size in zip(digits, self.shape, strict=True):
            code = code * np.int32(size) + digit
            known &= digit >= 0
        return np.where(known, code, -1).astype(np.int32)

    def grouped(self, rows: _Rows, threads: int) -> GroupedScores:
        """The groups that images allow, each sorted by score."""
        from cvfail.kernels.ordering import descending_order, group_rows

        count = math.prod(self.shape)
        offsets, order = group_rows(read_only(rows.group), count)
        truth_offsets, truth_order = group_rows(read_only(rows.truth_group), count)
        scores = read_only(rows.scores)
        images = self._images_of_groups()

        def group(code: int) -> ScoredGroup:
            own = descending_order(scores, read_only(order[offsets[code] : offsets[code + 1]]))
            truths = truth_order[truth_offsets[code] : truth_offsets[code + 1]]
            return ScoredGroup(
                read_only(rows.scores[own]),
                read_only(rows.right[own]),
                rows.rows[own],
                rows.images[own],
                rows.truths[truths],
                rows.truth_images[truths],
                images[code],
                self.clusters,
            )

        kept = [code for code in range(count) if images[code].size or not self._by_image]
        return GroupedScores(self._keys(kept), self.rule, run_in_order(group, kept, threads=threads))

    @property
    def _by_image(self) -> bool:
        return any(level.of_image is not None for level in self.levels)

    def _images_of_groups(self) -> list[NDArray[np.int64]]:
        """The images that each group can have rows in."""
        of_image = np.zeros(self.images, np.int64)
        of_group = np.zeros(self.shape, np.int64)
        for axis, level in enumerate(self.levels):
            if level.of_image is not None:
                of_image = of_image * len(level.levels) + level.of_image
                along = [1] * len(self.shape)
                along[axis] = -1
                of_group = of_group * len(level.levels) + np.arange(len(level.levels)).reshape(along)
        own = {code: np.flatnonzero(of_image == code) for code in np.unique(of_image).tolist()}
        nothing = np.zeros(0, np.int64)
        return [own.get(code, nothing) for code in of_group.ravel().tolist()]

    def _keys(self, kept: Sequence[int]) -> pl.DataFrame:
        if not self.levels:
            return pl.DataFrame(height=1)
        digits = np.unravel_index(np.array(kept, np.int64), self.shape)
        return pl.DataFrame(
            {
                level.name: pl.Series(level.levels, dtype=pl.String).gather(digit)
                for level, digit in zip(self.levels, digits, strict=True)
            }
        )
