"""Error types by TIDE's rules on the COCO match: how many, and what repairing each would gain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.gains import Bootstrap, Gain, Repair, gain, mean_or_null
from cvfail.decomposition.groups import CATEGORY, By, Group, grouped
from cvfail.decomposition.replay import Replay
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.tables.result import ResultTable

MISSED = "missed"
FALSE_POSITIVES = "all false positives"
FALSE_NEGATIVES = "all false negatives"
ROWS = (*ERROR_TYPES, MISSED, FALSE_POSITIVES, FALSE_NEGATIVES)
"""The error types, then the two whose repair is not a partition of the errors."""

_PARTITION = len(ERROR_TYPES) + 1

Compat = Literal["tidecv"]


class ErrorTypes(ResultTable):
    """Counts and gains of the error types; `error_types` says what the columns are."""

    def _shown(self) -> pl.DataFrame:
        empty = [name for name in ("delta_ap_lower", "delta_ap_upper") if self.df[name].is_null().all()]
        return self.df.drop(empty, "ap", "count_all", "fp_rule")


def error_types(
    evidence: Evidence,
    *,
    by: By = (),
    iou: float | None = None,
    score: float | None = None,
    progressive: bool = False,
    compat: Compat | None = None,
    replicates: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> ErrorTypes:
    """Count the errors of each type and give the average precision that repairing it would gain.

    Args:
        evidence: Matched detections.
        by: Names of attributes, ``category`` among them, or declared slices; every level, combination of levels or
            slice has its own rows.
        iou: Overlap threshold of the match (TIDE's t_f); the policy's if not given.
        score: Predictions below it are not counted; the policy's if not given.
        progressive: Repair the types one after the other and keep them repaired, in the order of the rows: the six
            gains then add up to 1 - ap.
        compat: ``"tidecv"`` for tidecv 1.0.1 to the last digits, in percent; see `cvfail.decomposition.tidecv`.
        replicates: Bootstrap replicates for the intervals of the gains; 0 leaves them null.
        confidence: Coverage of the intervals.
        seed: Of the bootstrap weights.

    Returns:
        The columns of `by` (``slice`` for declared slices), then error_type, count (score >= `score`), share (of
        all counted errors; null if there are none), delta_ap (AP at `iou` with this type repaired minus AP as it
        is, over predictions of every score) with delta_ap_lower and delta_ap_upper, ap (AP as it is), count_all
        (over every score) and fp_rule (how false positives were given to the group). The six types, then the two
        special rows whose repair is not a partition: every false positive removed, every unfound object excused.

    Raises:
        QueryError: The evaluation is of a classifier, `by` has no meaning, or `compat` is asked for with what
            tidecv does not have: groups and intervals.

    Notes:
        A false positive is tested in this order, with overlaps of regular ground truth: same class in
        [background_iou, iou] localisation; other class >= iou classification; a used one of the same class
        >= iou duplicate; nothing above background_iou background; else both. Ignored predictions have no type.
        Missed is an unfound object that no classification or localisation error aims at. Repairs: the best
        classification or localisation error of an unfound object becomes right, others of that type are
        removed; both, duplicate and background are removed; missed objects no longer count. The mean is over
        the classes that have ground truth; one that loses all of it scores 1 without false positives, else 0.
        Gains do not add up unless `progressive`. A gain below 0, which rounding can give, is 0.

        Groups: types are those of the match of all objects. An object counts where its own values, image and class
        say, a false positive where its image and class or its own box say; for attributes that ground truth alone
        has, where the object that it aims at lies. A class has the gain of its own AP from repairing the errors of
        all classes, so that the mean over the classes is the gain of the whole; false positives count by their
        predicted class, missed objects by their own.

    Source: arXiv 2008.08115; deviations from tidecv 1.0.1: `tidecv_error_types`. Cost: a pass over predictions per
        type, of each group by itself.
    """
    if evidence.task != "detection":
        raise QueryError("error types are for detection. Hint: use confusion_matrix() for classification")
    if compat is not None:
        if replicates or not isinstance(by, tuple | list) or len(by):
            raise QueryError(
                "tidecv has no groups and no intervals. Hint: leave out compat, or by and replicates"
            )
        from cvfail.decomposition.tidecv import tidecv_error_types

        frame, caption = tidecv_error_types(evidence, iou=iou, score=score, progressive=progressive)
        return ErrorTypes(frame, caption=caption)
    point = OperatingPoint.of(evidence, iou=iou, score=score)
    everything = OperatingPoint.of(evidence, iou=point.iou, score=-np.inf)
    replay, counted = Replay.of(everything), Replay.of(point)
    groups, by_class = grouped(everything, replay, by, columns=_SCHEMA)
    bootstrap = Bootstrap(replicates, confidence, seed)
    tables = [
        _table(group, group.of(replay), group.of(counted), by_class, progressive, bootstrap)
        for group in groups
    ]
    keys = [*(groups[0].key if groups else ()), *([CATEGORY] if by_class else [])]
    frame = pl.concat(tables) if tables else pl.DataFrame(schema=_SCHEMA)
    order = "progressive " if progressive else ""
    caption = f"{order}error types; {evidence.describe(iou=point.iou, score=point.score)}"
    return ErrorTypes(frame.select(*keys, *_SCHEMA), caption=f"{caption}; delta_ap over every score")


_SCHEMA: dict[str, type[pl.DataType]] = {
    "error_type": pl.String,
    "count": pl.Int64,
    "share": pl.Float64,
    "delta_ap": pl.Float64,
    "delta_ap_lower": pl.Float64,
    "delta_ap_upper": pl.Float64,
    "ap": pl.Float64,
    "count_all": pl.Int64,
    "fp_rule": pl.String,
}


def _table(
    group: Group, replay: Replay, counted: Replay, by_class: bool, progressive: bool, bootstrap: Bootstrap
) -> pl.DataFrame:
    """The rows of one group, of each of its classes if asked."""
    names = replay.evidence.category_names
    counts, counts_all = _counts(counted), _counts(replay)
    before = replay.class_precision()
    gains = [gain(replay, *change, bootstrap) for change in _repairs(replay, progressive)]
    present = np.flatnonzero((counts_all.sum(axis=0) > 0) | ~np.isnan(before))
    tables = []
    for code in present.tolist() if by_class else [None]:
        own = slice(None) if code is None else slice(code, code + 1)
        frame = _rows(gains, own, counts[:, own].sum(axis=1), counts_all[:, own].sum(axis=1), bootstrap)
        keys = group.key if code is None else group.key | {CATEGORY: names[code]}
        tables.append(
            frame.with_columns(
                *(pl.lit(value, pl.String).alias(name) for name, value in keys.items()),
                pl.lit(group.rule).alias("fp_rule"),
                pl.lit(mean_or_null(before[own]), pl.Float64).alias("ap"),
            )
        )
    columns = _SCHEMA | dict.fromkeys([*group.key, *([CATEGORY] if by_class else [])], pl.String)
    return pl.concat([pl.DataFrame(schema=columns), *(table.select(*columns) for table in tables)])


def _rows(
    gains: list[Gain],
    own: slice,
    counts: NDArray[np.int64],
    counts_all: NDArray[np.int64],
    bootstrap: Bootstrap,
) -> pl.DataFrame:
    """The rows of some classes together."""
    total = counts[:_PARTITION].sum()
    bounds = [gain.bounds(own, bootstrap.confidence) for gain in gains]
    columns = {
        "error_type": ROWS,
        "count": counts,
        "share": [counts[i] / total if total and i < _PARTITION else None for i in range(len(ROWS))],
        "delta_ap": [gain.estimate(own) for gain in gains],
        "delta_ap_lower": [lower for lower, _ in bounds],
        "delta_ap_upper": [upper for _, upper in bounds],
        "count_all": counts_all,
    }
    return pl.DataFrame(columns, schema={name: _SCHEMA[name] for name in columns})


def _counts(replay: Replay) -> NDArray[np.int64]:
    """How many errors there are by row of the table and class, shape (rows, K)."""
    coding, kinds = replay.evidence.coding, replay.evidence.categories.height
    wrong = np.flatnonzero(replay.wrong)
    cells = replay.kind[wrong].astype(np.int64) * kinds + coding.category[wrong]
    by_type = np.bincount(cells, minlength=kinds * _PARTITION).reshape(_PARTITION, kinds)[1:]
    missed, unfound = (
        np.bincount(coding.truth_category[rows], minlength=kinds) for rows in (replay.missed, replay.unfound)
    )
    return np.stack([*by_type, missed, by_type.sum(axis=0), unfound])


def _repairs(replay: Replay, progressive: bool) -> Iterator[tuple[Repair, Repair, float]]:
    """What is repaired before and after each row's own repair, and the least that it can gain."""
    repaired = np.zeros(replay.wrong.size, np.bool_)
    for code in range(1, _PARTITION):
        own = replay.kind == code
        yield {"repaired": repaired}, {"repaired": repaired | own}, 0.0
        if progressive:
            repaired = repaired | own
    yield {"repaired": repaired}, {"repaired": repaired, "excused": replay.missed}, 0.0
    yield {}, {"removed": replay.wrong}, -np.inf
    yield {}, {"excused": replay.unfound}, -np.inf
