"""Slices in which flips gather: where a model got worse, and where it got better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import attribute_names, attributes
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.found_slices import SliceSearch
from cvfail.slices.items import Dropped
from cvfail.slices.search import search_slices
from cvfail.slices.targets import SearchOptions

_ERROR, _CLUSTER, _ROW = "unit:error", "unit:cluster", "unit:row"


@dataclass(frozen=True)
class Units:
    """What flips are searched among.

    Attributes:
        point: The model whose rows they are.
        table: Of which table.
        rows: Row numbers.
        flipped: Which of them flipped.
        title: What that means.
    """

    point: OperatingPoint
    table: Literal["ground_truth", "predictions"]
    rows: NDArray[np.int64]
    flipped: NDArray[np.bool_]
    title: str


def find_flips(units: Units, **options: Unpack[SearchOptions]) -> SliceSearch:
    """The slices in which flips gather, exactly, clustered by image; see `cvfail.slices.search.search_slices`."""
    evidence, coding = units.point.evidence, units.point.evidence.coding
    is_truth = units.table == "ground_truth"
    found = attributes(evidence, attribute_names(evidence))
    levels = {one.name: one.truth if is_truth else one.prediction for one in found}
    known = {name: level for name, level in levels.items() if level is not None}
    image = (coding.truth_image if is_truth else coding.image)[units.rows]
    frame = pl.DataFrame(
        [
            *(level.gather(units.rows).alias(name) for name, level in known.items()),
            pl.Series(_ERROR, units.flipped),
            evidence.cluster_ids.gather(evidence.clusters[image]).alias(_CLUSTER),
            pl.Series(_ROW, units.rows),
        ]
    )
    search = search_slices(frame, attributes=list(known), error=_ERROR, cluster=_CLUSTER, **options)
    point = units.point

    def give(rows: pl.DataFrame) -> pl.DataFrame:
        return (point.ground_truth if is_truth else point.all_predictions)[rows[_ROW]]

    search.state(
        question=units.title,
        policy=evidence.describe(iou=point.iou, score=point.score),
        dropped=[Dropped(name, "predictions do not have it") for name in levels if name not in known],
        give=give,
    )
    return search
