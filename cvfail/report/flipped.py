"""Flips with what a gallery needs: the rows of both models on their image, and what became of each in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from cvfail.comparison.alignment import same_objects
from cvfail.comparison.flips import OBJECT_FLIPS, PREDICTION_FLIPS, Flips
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import choose, in_order
from cvfail.report.gallery import Gallery
from cvfail.report.schema import FlipGroup

TITLES: Mapping[str, str] = {
    "fixed": "Fixed",
    "broken": "Broken",
    "still wrong": "Still wrong",
    "still right": "Still right",
    "gone": "False positives that are gone",
    "new": "New false positives",
    "still there": "False positives that are still there",
}

_WITHOUT_EXAMPLES = "still right"

_SAID: Mapping[str, str] = {
    "found": "found",
    "missed": "missed",
    "classification": "wrong class",
    "localisation": "poor box",
    "both": "wrong class and place",
    "duplicate": "duplicate",
    "background": "false alarm",
}


@dataclass(frozen=True)
class Flipped:
    """The flips of two models, row by row.

    Attributes:
        rows: unit, flip, category, baseline and candidate (what each said), ground_truth_index (of the candidate;
            for a false positive what it aims at), baseline_truth (the same row of the baseline; null for false
            positives), prediction_index (of the candidate), baseline_index (prediction row of the baseline), image
            (code), score (of the side that tells most), area.
        task: ``detection`` or ``classification``.
    """

    rows: pl.DataFrame
    task: str

    @classmethod
    def of(cls, turned: Flips) -> Flipped:
        """Look up the rows of all flips."""
        first, second = turned.pair.models
        partner = pl.Series(same_objects(first.evidence, second.evidence))
        rows = turned.rows
        aimed = pl.coalesce(
            _at(second.all_predictions["target_index"], rows["candidate_prediction"]),
            _at(partner, _at(first.all_predictions["target_index"], rows["baseline_prediction"])),
        )
        frame = turned.df.select("unit", "flip", "category", "baseline", "candidate").with_columns(
            ground_truth_index=pl.coalesce(rows["candidate_truth"], aimed),
            prediction_index=rows["candidate_prediction"],
            baseline_index=rows["baseline_prediction"],
            baseline_truth=rows["baseline_truth"],
        )
        return cls(in_order(_with_order(frame, first, second)), second.evidence.task)

    def groups(self, gallery: Gallery, *, examples: int) -> tuple[list[FlipGroup], list[FlipGroup]]:
        """What became of objects, and of false positives; none of a classifier, whose every error is an object's."""
        objects = self._groups("ground_truth", OBJECT_FLIPS, gallery, examples)
        if self.task == "classification":
            return objects, []
        return objects, self._groups("predictions", PREDICTION_FLIPS, gallery, examples)

    def _groups(self, unit: str, names: tuple[str, ...], gallery: Gallery, examples: int) -> list[FlipGroup]:
        own = self.rows.filter(unit=unit)
        groups = []
        for flip in names:
            rows = own.filter(flip=flip)
            shown = rows.clear() if flip == _WITHOUT_EXAMPLES else rows
            places, captions = self.add(shown, gallery, examples=examples)
            groups.append(
                FlipGroup(
                    flip=flip,
                    title=TITLES[flip],
                    count=len(rows),
                    share=len(rows) / len(own) if len(own) else None,
                    examples=places,
                    captions=captions,
                )
            )
        return groups

    def add(self, rows: pl.DataFrame, gallery: Gallery, *, examples: int) -> tuple[list[int], list[str]]:
        """Choose examples among some of the rows and take them into the gallery: positions and captions."""
        if rows.is_empty():
            return [], []
        chosen = choose(rows, [], examples)
        places = gallery.places(chosen.with_columns(compared=True))
        told = [_caption(row, self.task) for row in chosen.to_dicts()]
        kept = [(place, text) for place, text in zip(places, told, strict=True) if place is not None]
        return [place for place, _ in kept], [text for _, text in kept]


def _with_order(frame: pl.DataFrame, first: OperatingPoint, second: OperatingPoint) -> pl.DataFrame:
    """The rows with image, score and area, which examples are chosen by."""
    coding, truth = second.evidence.coding, frame["ground_truth_index"]
    own, other = frame["prediction_index"], frame["baseline_index"]
    scores = _at(second.evidence.predictions["score"], own), _at(first.evidence.predictions["score"], other)
    areas = [_at(_area(one), rows) for one, rows in ((second, own), (first, other))]
    labelled = second.evidence.ground_truth
    if "area" in labelled.columns:
        areas.insert(0, _at(labelled["area"], truth))
    return frame.with_columns(
        image=pl.coalesce(
            _at(pl.Series(coding.truth_image), truth),
            _at(pl.Series(coding.image), own),
            _at(pl.Series(first.evidence.coding.image), other),
        ),
        score=pl.when(pl.col("flip").is_in(["broken", "gone"]))
        .then(pl.coalesce(*scores[::-1]))
        .otherwise(pl.coalesce(*scores)),
        area=pl.coalesce(*areas),
    )


def _area(point: OperatingPoint) -> pl.Series:
    """Pixels of each prediction's box; null for labels of images."""
    frame = point.evidence.predictions
    if "width" not in frame.columns:
        return pl.Series([None] * len(frame), dtype=pl.Float64)
    return frame.select(pl.col("width") * pl.col("height")).to_series()


def _at(values: pl.Series, rows: pl.Series) -> pl.Series:
    """The values at some row numbers; null where there is none."""
    if values.is_empty():
        return pl.Series([None] * len(rows), dtype=values.dtype)
    return values.gather(rows.cast(pl.UInt32))


def _caption(row: dict[str, Any], task: str) -> str:
    """What became of one row: "car: missed before, found now"."""
    before, after = (_said(row[side], task) for side in ("baseline", "candidate"))
    told = {"gone": f"{before} before, gone now", "new": f"{after} now, nothing before"}.get(row["flip"])
    if told is None:
        told = f"{before} before and now" if before == after else f"{before} before, {after} now"
    return f"{row['category']}: {told}"


def _said(outcome: str, task: str) -> str:
    return "right" if outcome == "found" and task == "classification" else _SAID.get(outcome, outcome)
