"""Hoiem's false positives: poor boxes, similar classes, other classes and background, and what each costs."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.gains import Bootstrap, Gain, gain, mean_or_null
from cvfail.decomposition.groups import MEAN, By, Group, grouped
from cvfail.decomposition.hoiem_types import HOIEM_TYPES, categorised
from cvfail.decomposition.repaired_curves import Mask
from cvfail.decomposition.replay import Replay
from cvfail.decomposition.similar_classes import Similar, similar_classes
from cvfail.errors import QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.result import ResultTable

_FIRST_RANK = 25

Schema = dict[str, pl.DataType | type[pl.DataType]]

_BOUNDS = ("delta_ap_lower", "delta_ap_upper", "delta_ap_corrected_lower", "delta_ap_corrected_upper")
_SCHEMA: Schema = {
    "error_type": pl.String,
    "count": pl.Int64,
    "share": pl.Float64,
    "top_count": pl.Int64,
    "top_share": pl.Float64,
    "delta_ap": pl.Float64,
    "delta_ap_lower": pl.Float64,
    "delta_ap_upper": pl.Float64,
    "delta_ap_corrected": pl.Float64,
    "delta_ap_corrected_lower": pl.Float64,
    "delta_ap_corrected_upper": pl.Float64,
    "ap": pl.Float64,
    "support": pl.Int64,
    "fp_rule": pl.String,
}
_TREND: Schema = {"rank": pl.Int64, **dict.fromkeys(HOIEM_TYPES, pl.Float64)}


class HoiemErrors(ResultTable):
    """Counts, shares and gains of Hoiem's categories; `hoiem` says what the columns are.

    Attributes:
        trend: The shares among the first 25, 50, 100, … false positives of each class, as far as it has them: the
            columns of `by`, category_id, category, rank and a column for each category, which add up to 1. The rows
            ``(mean)`` are means over the classes that have so many.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, trend: pl.DataFrame) -> None:
        super().__init__(df, caption=caption)
        self.trend = ResultTable(trend, caption=f"top-ranked false positives; {caption}")

    def _shown(self) -> pl.DataFrame:
        empty = [name for name in _BOUNDS if self.df[name].is_null().all()]
        return self.df.drop(empty, "category_id", "fp_rule")


def hoiem(
    point: OperatingPoint,
    *,
    by: By = (),
    similar: Similar | None = None,
    replicates: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> HoiemErrors:
    """Sort the false positives of each class into Hoiem's categories; the mean over classes stands last.

    Args:
        point: The evaluation at an overlap and a score threshold.
        by: Attributes or declared slices, as of `error_types`; the class is always told apart.
        similar: Groups of names of classes that are alike, which may overlap; classes of one supercategory if not
            given.
        replicates: Bootstrap replicates for the intervals of the gains; 0 leaves them null.
        confidence: Coverage of the intervals.
        seed: Of the bootstrap weights.

    Returns:
        The columns of `by` (``slice`` for declared slices), category_id and category (null and ``(mean)`` for the
        mean), error_type, count (false positives with a score >= the point's) and share (of all such; null if
        there are none), top_count and top_share (among the first N false positives by score, over every score,
        where N is the number of objects of the class), delta_ap with delta_ap_lower and delta_ap_upper (AP over
        every score without these false positives minus AP as it is), delta_ap_corrected with its bounds (with
        their boxes right; null but for localisation), ap, support (N), fp_rule (see `error_types`). In the rows of
        the mean, counts are sums, share is of them, and the others are means over the classes that have a value.

    Raises:
        QueryError: The evaluation is of a classifier, `by` has no meaning, or `similar` names no class.

    Notes:
        Of a false positive of class c at the point's overlap, in this order, with overlaps of regular ground truth
        and b the policy's ``background_iou`` (.1): >= b with an object of c, be it found or not, localisation, so
        that duplicates are; >= b with one of a similar class similar; with one of any other class other; else
        background. Localisation is corrected as in the paper by a match at b from the stored overlaps: what
        matches is right, the duplicates that are left are gone, the other false positives stay. Predictions on
        crowds and ignored objects stay out of all of this. Gains of removing do not add up, and a class has the
        gain of its own AP.

    Source: Hoiem, Chodpathumwan and Dai, Diagnosing Error in Object Detectors, ECCV 2012, §3.1; its code
        analyzeFalsePositives.m, whose normalised precision is replaced by AP as everywhere here. Cost: a pass over
        the pairs, then over the predictions per category and group.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 1], "category_id": ["cat", "dog"], "bbox": [[0, 0, 9, 9], [40, 0, 9, 9]]}
        >>> found = {"image_id": [1] * 3, "category_id": ["cat"] * 3, "score": [0.9, 0.8, 0.7],
        ...          "bbox": [[40, 0, 9, 9], [0, 0, 9, 4], [80, 0, 9, 9]]}
        >>> evaluation = cf.evaluate(cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh"))
        >>> cats = evaluation.hoiem(similar=[["cat", "dog"]]).df.filter(category="cat")
        >>> cats.select("error_type", "count", "delta_ap_corrected").rows()
        [('localisation', 1, 0.5), ('similar', 1, None), ('other', 0, None), ('background', 1, None)]
    """
    evidence = point.evidence
    if evidence.task != "detection":
        raise QueryError("Hoiem's categories are for detection. Hint: use confusion_matrix()")
    everything = OperatingPoint(evidence, point.iou, -np.inf)
    replay = Replay.of(everything)
    kinds, corrected = categorised(everything, replay, similar_classes(evidence, similar))
    counted = np.asarray(evidence.scores >= point.score)
    groups, _ = grouped(everything, replay, by, columns={"category_id", *_SCHEMA, *_TREND})
    bootstrap = Bootstrap(replicates, confidence, seed)
    tables, trends = [], []
    for group in groups:
        own = _Ranked(group.of(replay), kinds, counted)
        tables.append(_keyed(_table(own, group.of(corrected), bootstrap, group.rule), group))
        trends.append(_keyed(own.trend(), group))
    keys = groups[0].key if groups else {}
    leading: Schema = {
        **dict.fromkeys(keys, pl.String),
        "category_id": evidence.coding.category_keys.dtype,
        "category": pl.String,
    }
    caption = f"false positives by Hoiem's categories; {evidence.describe(iou=point.iou, score=point.score)}"
    return HoiemErrors(
        _joined(tables, {**leading, **_SCHEMA}),
        caption=f"{caption}; delta_ap over every score; {_about(similar)}",
        trend=_joined(trends, {**leading, **_TREND}),
    )


class _Ranked:
    """The false positives of one group by class and descending score.

    Attributes:
        replay: What became of the predictions in the group.
        types: Hoiem's category of each prediction, 0 where it is none of these, shape (D,).
        positives: Objects of each class, shape (K,).
        counts: False positives from the score on by category and class, shape (4, K).
        top_counts: Those among the first `positives`, over every score, shape (4, K).
    """

    def __init__(self, replay: Replay, types: NDArray[np.int8], counted: Mask) -> None:
        coding, size = replay.evidence.coding, replay.evidence.categories.height
        self.replay, self.types = replay, np.where(replay.wrong, types, 0)
        self.positives = np.bincount(coding.truth_category[replay.found | replay.unfound], minlength=size)
        order = replay.evidence.score_order
        order = order[replay.wrong[order]]
        order = order[np.argsort(coding.category[order], kind="stable")]
        self._edges = np.searchsorted(coding.category[order], np.arange(size + 1))
        self._types = self.types[order]
        self.counts, self.top_counts = (np.zeros((len(HOIEM_TYPES), size), np.int64) for _ in range(2))
        shown = counted[order]
        for code in range(size):
            own = slice(*self._edges[code : code + 2])
            self.counts[:, code] = _counted(self._types[own][shown[own]])
            self.top_counts[:, code] = _counted(self._types[own][: self.positives[code]])

    def trend(self) -> pl.DataFrame:
        """The columns of `HoiemErrors.trend` without those of the group."""
        evidence = self.replay.evidence
        keys = evidence.coding.category_keys
        rows = []
        for code, name in enumerate(evidence.category_names):
            own = self._types[slice(*self._edges[code : code + 2])]
            rank = _FIRST_RANK
            while rank <= own.size:
                shares = dict(zip(HOIEM_TYPES, (_counted(own[:rank]) / rank).tolist(), strict=True))
                rows.append({"category_id": keys[code], "category": name, "rank": rank, **shares})
                rank *= 2
        frame = pl.DataFrame(rows, schema={"category_id": keys.dtype, "category": pl.String, **_TREND})
        mean = frame.group_by("rank").agg(pl.col(HOIEM_TYPES).mean()).sort("rank")
        return pl.concat([frame, mean.with_columns(pl.lit(MEAN).alias("category"))], how="diagonal")


def _counted(types: NDArray[np.int8]) -> NDArray[np.int64]:
    """How many of each category, shape (4,)."""
    return np.bincount(types, minlength=len(HOIEM_TYPES) + 1)[1:]


def _table(ranked: _Ranked, corrected: Replay, bootstrap: Bootstrap, rule: str) -> pl.DataFrame:
    """All classes of one group and their mean."""
    replay, evidence = ranked.replay, ranked.replay.evidence
    gains = [
        gain(replay, {}, {"removed": ranked.types == code}, 0.0, bootstrap)
        for code in range(1, len(HOIEM_TYPES) + 1)
    ]
    mended = gain(replay, {}, {}, -np.inf, bootstrap, otherwise=corrected)
    keys, names = evidence.coding.category_keys, evidence.category_names
    rows = []
    for code in [*range(len(names)), None]:
        own = slice(None) if code is None else slice(code, code + 1)
        key = {"category_id": None, "category": MEAN}
        if code is not None:
            key = {"category_id": keys[code], "category": names[code]}
        told = {"ap": mean_or_null(gains[0].before[own]), "support": ranked.positives[own].sum()}
        for place, row in enumerate(_rows(ranked, own)):
            gained = _gained("delta_ap", gains[place], own, bootstrap)
            if place == 0:
                gained |= _gained("delta_ap_corrected", mended, own, bootstrap)
            rows.append(key | row | gained | told | {"fp_rule": rule})
    return pl.DataFrame(rows, schema={"category_id": keys.dtype, "category": pl.String, **_SCHEMA})


def _rows(ranked: _Ranked, own: slice) -> list[dict[str, object]]:
    """Counts and shares of the categories in some classes together."""
    counts, tops = ranked.counts[:, own], ranked.top_counts[:, own]
    total, top = counts.sum(), tops.sum(axis=0)
    shares = np.divide(tops, top, out=np.full(tops.shape, np.nan), where=top > 0)
    return [
        {
            "error_type": name,
            "count": counts[place].sum(),
            "share": counts[place].sum() / total if total else None,
            "top_count": tops[place].sum(),
            "top_share": mean_or_null(shares[place]),
        }
        for place, name in enumerate(HOIEM_TYPES)
    ]


def _gained(name: str, of: Gain, own: slice, bootstrap: Bootstrap) -> dict[str, float | None]:
    lower, upper = of.bounds(own, bootstrap.confidence)
    return {name: of.estimate(own), f"{name}_lower": lower, f"{name}_upper": upper}


def _keyed(frame: pl.DataFrame, group: Group) -> pl.DataFrame:
    return frame.with_columns(pl.lit(value, pl.String).alias(name) for name, value in group.key.items())


def _joined(tables: list[pl.DataFrame], schema: Schema) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=schema), *(table.select(*schema) for table in tables)])


def _about(similar: Similar | None) -> str:
    return "similar by supercategory" if similar is None else "similar as given"
