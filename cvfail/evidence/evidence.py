"""The evidence: input tables with their outcomes, and the policy that made them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.columns import prediction_outcome_names, truth_outcome_names
from cvfail.evidence.outcome_tables import OutcomeTables
from cvfail.matching.coding import Coding, regular_truths
from cvfail.matching.policy import Policy
from cvfail.tables.arrays import read_only, series_array
from cvfail.tables.dataset import Dataset, no_rejected_rows
from cvfail.tables.declared import INPUT_TABLES
from cvfail.tables.identifiers import encode, sorted_keys
from cvfail.tables.parallel import run_in_order, worker_count

if TYPE_CHECKING:
    from cvfail.evidence.attributes import Attribute
    from cvfail.evidence.scored_outcomes import PredictionOutcomes, ScoredOutcomes

Answer = TypeVar("Answer")
Task = Literal["detection", "classification"]

BACKGROUND = "(background)"
"""Stands for the missing side of a prediction that hit nothing, or of an object that nothing hit."""


ROW_NUMBERS = {
    "prediction_index": "predictions",
    "matched_prediction": "predictions",
    "nearest_prediction": "predictions",
    "ground_truth_index": "ground_truth",
    "target_index": "ground_truth",
}
"""Columns of all tables that hold row numbers, and of which table."""


class Evidence:
    """Everything that later questions need; nothing is matched again.

    Ground truth and predictions stand by image, images by ascending id. Whole tables are read when they are
    asked for; questions that must also work on more rows than memory holds go through `blocks`.

    Attributes:
        task: ``detection`` or ``classification``.
        policy: The matching policy.
        images: The images with their attributes, by ascending id.
        categories: The categories.
        outcomes: Ground truth, predictions and pairs with their outcome columns.
        source: Where each table came from.
        rejected: Rows that the reader left out; not saved.
        levels_of: Attributes whose levels are an enumeration, kept by `cvfail.evidence.attributes.attribute` because
            every analysis asks for them again; a byte or so per row.
        bounds_of: Where the levels of attributes begin and end, kept by `cvfail.evidence.attributes.level_bounds`.
    """

    def __init__(
        self,
        *,
        task: Task,
        policy: Policy,
        images: pl.DataFrame,
        categories: pl.DataFrame,
        outcomes: OutcomeTables,
        source: Mapping[str, str],
        rejected: pl.DataFrame | None = None,
    ) -> None:
        self.task: Task = task
        self.policy = policy
        self.images = images
        self.categories = categories
        self.outcomes = outcomes
        self.source = dict(source)
        self.rejected = no_rejected_rows() if rejected is None else rejected
        self._scored: dict[int, ScoredOutcomes] = {}
        self.levels_of: dict[str, Attribute] = {}
        self.bounds_of: dict[str, dict[str, tuple[float | None, float | None]] | None] = {}

    def at(self, *, iou: float | None = None, score: float | None = None) -> Evidence:
        """The same evidence with another operating point as the default; nothing is matched again.

        Raises:
            PolicyError: The overlap threshold is not on the policy's ladder.
        """
        policy = self.policy
        moved = copy(self)
        moved.policy = replace(
            policy,
            iou=policy.iou if iou is None else iou,
            score=policy.score if score is None else score,
        )
        return moved

    @property
    def ground_truth(self) -> pl.DataFrame:
        """Annotated objects with outcome columns."""
        return self.outcomes.frame("ground_truth")

    @property
    def predictions(self) -> pl.DataFrame:
        """Predicted objects with outcome columns."""
        return self.outcomes.frame("predictions")

    @property
    def pairs(self) -> pl.DataFrame:
        """Overlapping pairs by row index."""
        return self.outcomes.frame("pairs")

    @property
    def whole(self) -> Evidence:
        """The evidence that this is a block of; itself if it is none."""
        return self

    @lru_cache(maxsize=8)  # noqa: B019 - a few columns live as long as the evidence does
    def attribute_column(self, table: str, name: str) -> pl.Series:
        """An attribute of ``images`` (by ascending id), ``ground_truth`` or ``predictions``."""
        return self.images[name] if table == "images" else self.outcomes.column(table, name)

    @property
    def block_count(self) -> int:
        """In how many runs of images, each of which fits in memory, the evidence is kept."""
        return 1

    def block(self, number: int) -> Block:
        """One of these runs as evidence of its own, made anew at every call; the evidence itself if it is one."""
        return Block(self, 0, 0, 0)

    def blocks(self) -> Iterator[Block]:
        """All blocks in order; nothing of one is kept when the next one is asked for."""
        return map(self.block, range(self.block_count))

    def over_blocks(self, ask: Callable[[Block], Answer], *, threads: int | None = None) -> list[Answer]:
        """The answers of all blocks to one question, in order; as many blocks in memory as there are threads."""
        numbers = range(self.block_count)
        return run_in_order(lambda number: ask(self.block(number)), numbers, threads=worker_count(threads))

    @cached_property
    def data(self) -> Dataset:
        """The input tables without the outcomes."""
        return Dataset(
            task=self.task,
            images=self.images,
            categories=self.categories,
            ground_truth=self.ground_truth.drop(truth_outcome_names()),
            predictions=self.predictions.drop(prediction_outcome_names(self.policy)),
            source=self.source,
            rejected=self.rejected,
        )

    def attributes(self, table: str) -> list[str]:
        """The attribute columns of ``images``, ``ground_truth`` or ``predictions``, in order."""
        declared = next(declared for declared in INPUT_TABLES[self.task] if declared.name == table)
        added = {
            "ground_truth": truth_outcome_names(),
            "predictions": prediction_outcome_names(self.policy),
        }.get(table, [])
        names = self.images.columns if table == "images" else self.outcomes.names(table)
        return [name for name in names if name not in declared.names and name not in added]

    @cached_property
    def coding(self) -> Coding:
        """Dense codes of images and categories."""
        return Coding(self.images["image_id"], self.categories["category_id"], self.outcomes.column)

    @cached_property
    def category_names(self) -> list[str]:
        """The label of each category code, all different; a name that is taken carries its id."""
        frame = self.categories.sort("category_id")
        repeated = set(frame.filter(frame["name"].is_duplicated())["name"]) | {BACKGROUND}
        labels: list[str] = []
        for category, name in frame.select("category_id", "name").iter_rows():
            label = f"{name} [{category}]" if name in repeated else name
            while label in labels:
                label += f" [{category}]"
            labels.append(label)
        return labels

    @cached_property
    def clusters(self) -> NDArray[np.int32]:
        """Cluster code of each image code: the image itself unless a video, scene or patient is given."""
        return encode(self.images.sort("image_id")["cluster_id"], self.cluster_ids)

    @cached_property
    def cluster_ids(self) -> pl.Series:
        """The id of each cluster code, ascending."""
        return sorted_keys(self.images["cluster_id"])

    @property
    def score_floor(self) -> float:
        """The score threshold of the operating point; classification takes every predicted label."""
        return self.policy.score if self.task == "detection" else 0.0

    def describe(self, *, iou: float | None = None, score: float | None = None) -> str:
        """The policy at an operating point as one line for headers, tables and captions."""
        if self.task == "classification":
            limit = f", score >= {score:g}" if score else ""
            return f"each image's label against its predicted class{limit}"
        return self.policy.describe(iou=iou, score=score)

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Confidence of each prediction row; 1 where a label came without one."""
        return confidences(self.outcomes.column("predictions", "score"))

    @cached_property
    def ranks(self) -> NDArray[np.int32]:
        """Rank of each prediction row by score inside its image and category."""
        return series_array(self.outcomes.column("predictions", "rank"), np.int32)

    @cached_property
    def score_order(self) -> NDArray[np.int64]:
        """All prediction rows in the order (descending score, image, input row), shape (D,)."""
        from cvfail.kernels.ordering import descending_order

        return read_only(descending_order(self.scores, np.arange(self.scores.size)))

    def prediction_outcomes(self) -> PredictionOutcomes:
        """What curves need of every prediction, in all area ranges."""
        from cvfail.evidence.scored_outcomes import PredictionOutcomes

        return PredictionOutcomes(
            category=self.coding.category,
            image=self.coding.image,
            scores=self.scores,
            rank=self.ranks,
            matched=read_only(self.outcomes.bits("matched", self.policy)),
            ignored=read_only(self.outcomes.bits("ignored", self.policy)),
        )

    def scored_outcomes(self, *, limit: int | None = None, threads: int | None = None) -> ScoredOutcomes:
        """The packed outcomes of all predictions by class and score; made once per limit.

        Args:
            limit: Predictions per image and class; the policy's largest if not given.
            threads: Threads over rows, then classes; all processors if not given.
        """
        limit = self.policy.limit if limit is None else limit
        if limit not in self._scored:
            from cvfail.evidence.scored_outcomes import ScoredOutcomes

            self._scored[limit] = ScoredOutcomes.of(
                [partial(self._outcomes_of_block, number) for number in range(self.block_count)],
                categories=self.categories.height,
                limit=limit,
                threads=threads,
            )
        return self._scored[limit]

    def _outcomes_of_block(self, number: int) -> PredictionOutcomes:
        block = self.block(number)
        return block.evidence.prediction_outcomes().from_image(block.first_image)

    def regular(self, area: str = "all") -> NDArray[np.bool_]:
        """Which ground-truth rows count in an area range."""
        if area == "all":
            return series_array(self.outcomes.column("ground_truth", "is_regular"), np.bool_)
        return self.regular_in([area])[0]

    def regular_in(self, areas: Iterable[str]) -> list[NDArray[np.bool_]]:
        """Which ground-truth rows count, for each of several area ranges."""
        names = ["is_ignored", *(["is_crowd", "area"] if self.task == "detection" else [])]
        frame = self.outcomes.columns("ground_truth", names)
        return [regular_truths(frame, area_range=self.policy.area_ranges[area]) for area in areas]


def confidences(scores: pl.Series) -> NDArray[np.float64]:
    """Scores of predictions as numbers; 1 where a label came without one."""
    return read_only(scores.fill_null(1.0).to_numpy())


class Block:
    """A run of images as evidence of its own, whose row and image numbers start at 0.

    Attributes:
        evidence: The evidence of these images alone.
        first_image: Code of its first image in the whole.
        first_truth: Row number of its first ground truth in the whole.
        first_prediction: Row number of its first prediction in the whole.
    """

    def __init__(self, evidence: Evidence, first_image: int, first_truth: int, first_prediction: int) -> None:
        self.evidence = evidence
        self.first_image = first_image
        self.first_truth = first_truth
        self.first_prediction = first_prediction

    def as_in_the_whole(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows whose columns of row numbers are those of this block, numbered as in the whole."""
        return rows.with_columns(
            pl.col(name) + (self.first_prediction if of == "predictions" else self.first_truth)
            for name, of in ROW_NUMBERS.items()
            if name in rows.columns
        )
