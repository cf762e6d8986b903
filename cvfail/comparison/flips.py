"""Flips: object by object and false positive by false positive, what a new model fixed and what it broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.comparison.alignment import NOTHING, same_false_positives, same_objects
from cvfail.comparison.flip_slices import Units, find_flips
from cvfail.comparison.pairing import Pair
from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute_names, attributes
from cvfail.evidence.examples import examples
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.found_slices import SliceSearch
from cvfail.slices.targets import SearchOptions
from cvfail.tables.result import ResultTable

Unit = Literal["ground_truth", "predictions"]

OBJECT_FLIPS = ("fixed", "broken", "still wrong", "still right")
"""What became of an object that counts: found by the candidate alone, the baseline alone, neither, both."""

PREDICTION_FLIPS = ("gone", "new", "still there")
"""What became of a false positive: of the baseline alone, of the candidate alone, of both."""

_KEYS = (
    *("unit", "flip", "ground_truth_id", "baseline_prediction_id", "candidate_prediction_id"),
    *("image_id", "category", "baseline", "candidate"),
)
_SHOWN = ("unit", "flip", "count", "share")
_NO_SIDE = "no false positive"


class Flips(ResultTable):
    """What changed from one model to another, row by row.

    Attributes:
        df: One row per object that counts, and per false positive of either model: unit (``ground_truth`` or
            ``predictions``), flip (one of `OBJECT_FLIPS` or of `PREDICTION_FLIPS`), ground_truth_id (null for false
            positives), baseline_prediction_id and candidate_prediction_id (that found the object or aim at it; the
            false positives themselves), image_id, category, baseline and candidate (found, missed, classification,
            localisation; of a false positive its error type, or ``no false positive``), then the levels of all
            attributes, null where a false positive has none.
        pair: The two models.
        rows: Of each row of `df` the row numbers in both models' tables: baseline_truth and candidate_truth (null for
            false positives), baseline_prediction and candidate_prediction.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, pair: Pair, rows: pl.DataFrame) -> None:
        super().__init__(df, caption=caption)
        self.pair = pair
        self.rows = rows

    def __repr__(self) -> str:
        return repr(self.counts())

    def counts(self, *, by: str | Sequence[str] = ()) -> ResultTable:
        """How many rows flipped in which way.

        Args:
            by: Columns of `df`: ``category``, attributes, ``baseline``, ``candidate``.

        Returns:
            The columns of `by`, unit, flip, count, share (of the unit's rows in the group).

        Raises:
            QueryError: There is no such column.
        """
        names = [by] if isinstance(by, str) else list(by)
        for name in names:
            if name not in self.df.columns:
                raise QueryError(f"no column {name!r} in the flips. Hint: {', '.join(self.df.columns)}")
        keys = [*(name for name in names if name not in _SHOWN), "unit", "flip"]
        counted = self.df.group_by(keys).agg(count=pl.len().cast(pl.Int64))
        shared = counted.with_columns(share=pl.col("count") / pl.col("count").sum().over(keys[:-1]))
        order = pl.col("flip").replace_strict(
            {name: place for place, name in enumerate((*OBJECT_FLIPS, *PREDICTION_FLIPS))}
        )
        return ResultTable(shared.sort([*keys[:-1], order], nulls_last=True), caption=self.caption)

    def worse(self, unit: Unit = "ground_truth", **options: Unpack[SearchOptions]) -> SliceSearch:
        """Where it got worse: slices in which objects broke, or new false positives gather.

        Args:
            unit: ``ground_truth``: broken objects, of those that the baseline found. ``predictions``: new false
                positives, of the candidate's predictions.
            options: Of `cvfail.slices.search.search_slices`.

        Returns:
            The slices, best first; `rows` gives their objects or predictions in the candidate.
        """
        if unit == "ground_truth":
            return self._of_objects("broken", ("broken", "still right"), **options)
        return self._of_predictions("new", **options)

    def better(self, unit: Unit = "ground_truth", **options: Unpack[SearchOptions]) -> SliceSearch:
        """Where it got better: slices in which objects were fixed, or false positives vanished.

        Args:
            unit: ``ground_truth``: fixed objects, of those that the baseline did not find. ``predictions``: gone
                false positives, of the baseline's predictions.
            options: Of `cvfail.slices.search.search_slices`.
        """
        if unit == "ground_truth":
            return self._of_objects("fixed", ("fixed", "still wrong"), **options)
        return self._of_predictions("gone", **options)

    def examples(self, flip: str) -> pl.DataFrame:
        """The rows of a flip as a person can look at them, the most confident first.

        Args:
            flip: One of `OBJECT_FLIPS` or of `PREDICTION_FLIPS`.

        Returns:
            As `ConfusionMatrix.examples`: what is gone in the baseline, everything else in the candidate; objects
            with the prediction that found them or aims at them.

        Raises:
            QueryError: There is no such flip.
        """
        if flip not in (*OBJECT_FLIPS, *PREDICTION_FLIPS):
            known = ", ".join((*OBJECT_FLIPS, *PREDICTION_FLIPS))
            raise QueryError(f"no flip {flip!r}. Hint: one of {known}")
        model = "baseline" if flip == "gone" else "candidate"
        point = self.pair.first if flip == "gone" else self.pair.second
        own = self.rows.filter(self.df["flip"] == flip).select(
            ground_truth_index=f"{model}_truth", prediction_index=f"{model}_prediction"
        )
        overlaps = point.evidence.pairs.select("prediction_index", "ground_truth_index", "overlap")
        behind = own.join(
            overlaps, on=["prediction_index", "ground_truth_index"], how="left", maintain_order="left"
        )
        return examples(point.evidence, behind).sort(
            "score", descending=True, nulls_last=True, maintain_order=True
        )

    def _of_objects(self, flip: str, among: tuple[str, str], **options: Unpack[SearchOptions]) -> SliceSearch:
        point = self.pair.second
        inside = self.df["flip"].is_in(list(among))
        rows = self.rows.filter(inside)["candidate_truth"].to_numpy()
        error = (self.df.filter(inside)["flip"] == flip).to_numpy()
        title = f"objects that are {flip}, of those {'found' if flip == 'broken' else 'not found'} before"
        return find_flips(Units(point, "ground_truth", rows, error, title), **options)

    def _of_predictions(self, flip: str, **options: Unpack[SearchOptions]) -> SliceSearch:
        model, point = ("candidate", self.pair.second) if flip == "new" else ("baseline", self.pair.first)
        flipped = np.zeros(point.wrong.size, np.bool_)
        flipped[self.rows.filter(self.df["flip"] == flip)[f"{model}_prediction"].to_numpy()] = True
        rows = np.flatnonzero(point.correct | point.wrong)
        title = f"{flip} false positives, of the {model}'s predictions"
        return find_flips(Units(point, "predictions", rows, flipped[rows], title), **options)


def flips(pair: Pair, *, overlap: float = 0.5) -> Flips:
    """What a new model fixed and what it broke.

    Args:
        pair: The two models at their operating points.
        overlap: False positives of both models are the same one in an image and class from this intersection over
            union on, one to one.

    Returns:
        See `Flips`; objects in the order of the baseline, then its false positives, then new ones.

    Raises:
        PolicyError: ``overlap`` is not in (0, 1].
    """
    first, second = pair.models
    partner = same_objects(first.evidence, second.evidence)
    sides = [_objects(first, second, partner), *_false_positives(first, second, overlap)]
    rows = pl.concat([one.rows for one in sides], how="diagonal")
    frame = pl.concat([one.told for one in sides], how="diagonal_relaxed")
    ids = [
        _ids(point, "predictions", rows[f"{model}_prediction"]).alias(f"{model}_prediction_id")
        for point, model in ((first, "baseline"), (second, "candidate"))
    ]
    truth_ids = _ids(first, "ground_truth", rows["baseline_truth"]).alias("ground_truth_id")
    frame = frame.with_columns(*ids, truth_ids)
    return Flips(
        frame.select(*_KEYS, pl.exclude(_KEYS)),
        caption=f"flips from baseline to candidate; {pair.describe()}; false positives are the same from an "
        f"overlap of {overlap:g} on",
        pair=pair,
        rows=rows,
    )


@dataclass(frozen=True)
class _Side:
    """Rows of flips: what is told of them, and their row numbers in both models."""

    told: pl.DataFrame
    rows: pl.DataFrame


def _objects(first: OperatingPoint, second: OperatingPoint, partner: NDArray[np.int64]) -> _Side:
    """All objects that count."""
    regular = np.flatnonzero(first.evidence.regular())
    other = partner[regular]
    before, after = first.found[regular], second.found[other]
    tables = first.ground_truth[regular], second.ground_truth[other]
    told = _told(first, "ground_truth", regular).with_columns(
        pl.Series(
            "flip", np.select([~before & after, before & ~after, ~before], [0, 1, 2], 3)
        ).replace_strict(dict(enumerate(OBJECT_FLIPS)), return_dtype=pl.String),
        tables[0]["outcome"].cast(pl.String).alias("baseline"),
        tables[1]["outcome"].cast(pl.String).alias("candidate"),
    )
    rows = pl.DataFrame(
        {
            "baseline_truth": regular,
            "candidate_truth": other,
            "baseline_prediction": tables[0]["nearest_prediction"],
            "candidate_prediction": tables[1]["nearest_prediction"],
        }
    )
    return _Side(told, rows)


def _false_positives(first: OperatingPoint, second: OperatingPoint, overlap: float) -> list[_Side]:
    """Those of the baseline, then those that are new."""
    partner = same_false_positives(first, second, overlap=overlap)
    before = np.flatnonzero(first.wrong)
    other = partner[before]
    fresh = second.wrong.copy()
    fresh[other[other != NOTHING]] = False
    after = np.flatnonzero(fresh)
    kinds = [point.all_predictions["error_type"].cast(pl.String) for point in (first, second)]
    own = pl.Series(other).replace(NOTHING, None)
    old = _told(first, "predictions", before).with_columns(
        pl.Series("flip", np.where(other == NOTHING, "gone", "still there"), dtype=pl.String),
        kinds[0].gather(before).alias("baseline"),
        kinds[1].gather(own).fill_null(_NO_SIDE).alias("candidate"),
    )
    new = _told(second, "predictions", after).with_columns(
        pl.lit("new").alias("flip"),
        pl.lit(_NO_SIDE).alias("baseline"),
        kinds[1].gather(after).alias("candidate"),
    )
    rows = [
        pl.DataFrame({"baseline_prediction": before, "candidate_prediction": own}),
        pl.DataFrame({"candidate_prediction": after}),
    ]
    return [_Side(old, rows[0]), _Side(new, rows[1])]


def _told(point: OperatingPoint, unit: Unit, rows: NDArray[np.int64]) -> pl.DataFrame:
    """Image, class and attributes of some rows of a table."""
    evidence = point.evidence
    found = attributes(evidence, attribute_names(evidence))
    levels = [one.truth if unit == "ground_truth" else one.prediction for one in found]
    columns = [
        level.gather(rows).cast(pl.String).alias(one.name)
        for one, level in zip(found, levels, strict=True)
        if level is not None
    ]
    images = evidence.outcomes.column(unit, "image_id").gather(rows)
    return pl.DataFrame([images, *columns]).with_columns(pl.lit(unit).alias("unit"))


def _ids(point: OperatingPoint, table: Unit, rows: pl.Series) -> pl.Series:
    key = {"ground_truth": "ground_truth_id", "predictions": "prediction_id"}[table]
    return point.evidence.outcomes.column(table, key).gather(rows)
