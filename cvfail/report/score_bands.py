"""The predictions behind the points of a curve: bands of the score, with what is right and wrong in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cvfail.calibration.binning import bin_of, equal_width_edges
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import choose, in_order, with_order
from cvfail.report.gallery import TakesExamples
from cvfail.report.schema import Estimate, ScoreBand

BANDS = 20
"""Bands of equal width from 0 to 1, which are the bins of the reliability too."""

MOST_CLASS_EXAMPLES = 2400
"""Examples behind the bands of all classes together; each has at least one wrong and one right prediction."""

_EXAMPLES = (8, 4)
"""Most wrong and right predictions behind a band."""

_COUNTS = (pl.col("right").sum(), (~pl.col("right")).sum().alias("wrong"), pl.col("missed").sum())

Reliability = Mapping[int, Mapping[str, Any]]
"""Rows of `Calibration.reliability` by their bin."""

Key = tuple[object, ...]


@dataclass(frozen=True)
class ScoreBands:
    """How many predictions each band has, and which of them are shown.

    Attributes:
        everything: One row per band that has predictions: band, right, wrong, missed.
        by_class: The same with the class before it.
        examples: What is shown of a band, by ``(band,)`` or ``(class, band)``.
    """

    everything: pl.DataFrame
    by_class: pl.DataFrame
    examples: Mapping[Key, pl.DataFrame]

    @classmethod
    def of(cls, point: OperatingPoint, classes: Sequence[int]) -> ScoreBands:
        """Divide the predictions that are right or wrong when every score counts.

        Args:
            point: The operating point of the report.
            classes: Codes of the classes whose bands have examples too.
        """
        units = _units(point)
        by, own = ["class", "band"], pl.col("class").is_in(list(classes))
        share = MOST_CLASS_EXAMPLES / max(1, units.filter(own).select(by).n_unique())
        few = (min(_EXAMPLES[0], max(1, int(share * 2 / 3))), min(_EXAMPLES[1], max(1, int(share / 3))))
        everything, of_classes = [], []
        for right, most, most_of_class in zip((False, True), _EXAMPLES, few, strict=True):
            part = units.filter(pl.col("right") == right)
            ordered = in_order(with_order(point, part).hstack(part.select(by)))
            everything.append(choose(ordered, ["band"], most))
            of_classes.append(choose(ordered.filter(own), by, most_of_class))
        examples = {
            **_behind(point, pl.concat(everything), ["band"]),
            **_behind(point, pl.concat(of_classes), by),
        }
        return cls(
            units.group_by("band").agg(_COUNTS).sort("band"),
            units.group_by(by).agg(_COUNTS).sort(by),
            examples,
        )

    def bands(self, label: int | None, reliability: Reliability, gallery: TakesExamples) -> list[ScoreBand]:
        """The bands of everything, or of a class; their examples go into the gallery.

        Args:
            label: Code of the class; None for everything.
            reliability: The bins of the same predictions; empty where they were not looked at.
            gallery: Takes the examples.
        """
        rows = self.everything if label is None else self.by_class.filter(pl.col("class") == label)
        edges = equal_width_edges(BANDS).tolist()
        made = []
        for row in rows.to_dicts():
            place = row["band"]
            shown = self.examples.get((place,) if label is None else (label, place))
            made.append(_band(row, edges[place : place + 2], reliability.get(place), shown, gallery))
        return made


def _units(point: OperatingPoint) -> pl.DataFrame:
    """Predictions with their band, whether they are right, and whether the operating point misses what they find."""
    everything = OperatingPoint.of(point.evidence, iou=point.iou, score=-np.inf)
    rows = np.flatnonzero(everything.correct | everything.wrong)
    target = everything.typed[1].copy()
    hits, truths, _ = everything.hits
    target[hits] = truths
    scores, right = everything.scores[rows], everything.correct[rows]
    return pl.DataFrame(
        {
            "prediction_index": pl.Series(rows, dtype=pl.Int64),
            "ground_truth_index": pl.Series(target[rows], dtype=pl.Int64).replace(-1, None),
            "band": pl.Series(bin_of(scores, equal_width_edges(BANDS)), dtype=pl.Int32),
            "right": right,
            "class": pl.Series(point.evidence.coding.category[rows], dtype=pl.Int32),
            "missed": right & (scores < point.score),
        }
    )


def _behind(point: OperatingPoint, chosen: pl.DataFrame, by: list[str]) -> Mapping[Key, pl.DataFrame]:
    """The chosen predictions of each group, the wrong ones first, with their overlaps."""
    some = chosen["prediction_index"].unique().implode()
    pairs = point.evidence.pairs.filter(pl.col("prediction_index").is_in(some))
    known = pairs.select("prediction_index", "ground_truth_index", "overlap")
    joined = chosen.join(
        known, on=["prediction_index", "ground_truth_index"], how="left", maintain_order="left"
    )
    return joined.partition_by(by, as_dict=True)


def _band(
    row: Mapping[str, Any],
    edges: Sequence[float],
    bin_row: Mapping[str, Any] | None,
    shown: pl.DataFrame | None,
    gallery: TakesExamples,
) -> ScoreBand:
    right, wrong = row["right"], row["wrong"]
    known = bin_row or dict.fromkeys(("mean_score", "lower", "upper", "chance_lower", "chance_upper"))
    share = Estimate(
        estimate=right / (right + wrong),
        lower=known["lower"],
        upper=known["upper"],
        support=right + wrong,
    )
    return ScoreBand(
        low=edges[0],
        high=edges[1],
        right=right,
        wrong=wrong,
        missed=row["missed"],
        mean_score=known["mean_score"],
        share=share,
        chance_lower=known["chance_lower"],
        chance_upper=known["chance_upper"],
        examples=[] if shown is None else gallery.add(shown),
    )
