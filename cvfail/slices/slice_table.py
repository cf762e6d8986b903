"""Metrics of declared slices, each beside the rest that lies outside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.operating_point import OBJECT_ERRORS, PREDICTION_ERRORS, OperatingPoint
from cvfail.slices.counts import (
    CLUSTER,
    SCORES,
    SliceCounts,
    count_slices,
)
from cvfail.slices.membership import FalsePositives, Membership
from cvfail.slices.predicates import Slices, declared_slices
from cvfail.slices.slice_precision import AVERAGE_PRECISION, slice_average_precision
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence
from cvfail.statistics.clustered import ratio_from_sums, sums_of_clusters
from cvfail.statistics.contrast import slice_against_rest
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.tables.result import ResultTable


@dataclass(frozen=True)
class _Ratio:
    """A metric that is a ratio of sums over clusters, and which sides it is about."""

    numerator: pl.Expr
    denominator: pl.Expr
    needs: tuple[str, ...]


def _share(errors: str, of: tuple[str, str], needs: tuple[str, ...]) -> _Ratio:
    return _Ratio(pl.col(errors), pl.col(of[0]) + pl.col(of[1]), needs)


_TP, _FN, _HITS, _FP = (pl.col(name) for name in ("tp", "fn", "hits", "fp"))

_RATIOS: dict[str, _Ratio] = {
    "recall": _Ratio(_TP, _TP + _FN, ("objects",)),
    "precision": _Ratio(_HITS, _HITS + _FP, ("predictions",)),
    "f1": _Ratio(2 * _TP, 2 * _TP + _FN + _FP, ("objects", "predictions")),
    **{name: _share(name, ("tp", "fn"), ("objects",)) for name in OBJECT_ERRORS},
    **{name: _share(name, ("hits", "fp"), ("predictions",)) for name in PREDICTION_ERRORS},
    "mean_score": _Ratio(pl.sum_horizontal(SCORES), _HITS + _FP, ("predictions",)),
}

METRICS = (*_RATIOS, "specificity", "calibration_error", *AVERAGE_PRECISION)
"""Everything that `slice_table` can tell of a slice."""

_DEFAULT = ("recall", "precision", "f1")
_CLASS = {"category", "category_id"}

_SCHEMA: dict[str, type[pl.DataType]] = {
    "slice": pl.String,
    "metric": pl.String,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "support": pl.Float64,
    "clusters": pl.Int64,
    "rest": pl.Float64,
    "difference": pl.Float64,
    "difference_lower": pl.Float64,
    "difference_upper": pl.Float64,
    "p_value": pl.Float64,
    "design_effect": pl.Float64,
    "fp_rule": pl.String,
}


_COUNTS = {
    "slice": pl.String,
    **dict.fromkeys(("found", *OBJECT_ERRORS, "correct", "false_positives", *PREDICTION_ERRORS), pl.Int64),
    "fp_rule": pl.String,
}

_CONFUSIONS = {
    "slice": pl.String,
    "true": pl.String,
    "predicted": pl.String,
    "count": pl.Int64,
    "share": pl.Float64,
}


class SliceTable(ResultTable):
    """Metrics of declared slices.

    Attributes:
        df: One row per slice and metric: ``slice``, ``metric``, ``estimate`` with ``lower`` and ``upper``;
            ``support`` (what the metric is a share of: objects, predictions), ``clusters`` (images);
            ``rest`` (the metric outside the slice), ``difference`` to it with ``difference_lower``,
            ``difference_upper`` and ``p_value``, ``q_value`` over all slices of the same metric;
            ``design_effect``; ``fp_rule``, how false positives were given to the slice.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        counts: Mapping[str, SliceCounts],
        members: Mapping[str, Membership],
        categories: Sequence[str],
        rows: Callable[[str], pl.DataFrame],
    ) -> None:
        super().__init__(df, caption=caption)
        self._counts, self._members = counts, members
        self._categories, self._rows = list(categories), rows

    def _shown(self) -> pl.DataFrame:
        return self.df.select(
            *("slice", "metric", "estimate", "lower", "upper", "support", "difference", "q_value", "fp_rule")
        )

    def wide(self, value: str = "estimate") -> pl.DataFrame:
        """One row per slice, one column per metric, of one column of `df`."""
        return self.df.pivot("metric", index="slice", values=value, maintain_order=True)

    def counts(self) -> pl.DataFrame:
        """What was counted in every slice.

        Returns:
            ``slice``; objects that were ``found``, ``missed``, ``classification`` and ``localisation``; predictions
            that are ``correct`` or ``false_positives``, and how many of these are ``duplicate``, ``background`` and
            ``both``; ``fp_rule``. Null where a slice has no such rows by that rule.
        """
        rows = []
        for name, counts in self._counts.items():
            members, sums = self._members[name], counts.by_cluster.sum().fill_null(0).row(0, named=True)
            row = {"found": sums["tp"], **{error: sums[error] for error in OBJECT_ERRORS}}
            wrong = {"false_positives": sums["fp"], **{error: sums[error] for error in PREDICTION_ERRORS}}
            objects = row if members.truth is not None else dict.fromkeys(row)
            others = wrong if members.wrong is not None else dict.fromkeys(wrong)
            rows.append(
                {"slice": name, **objects, "correct": sums["hits"], **others, "fp_rule": members.rule}
            )
        return pl.DataFrame(rows, schema=_COUNTS)

    def confusions(self) -> pl.DataFrame:
        """Objects that were taken for another class, by slice.

        Returns:
            ``slice``, ``true``, ``predicted``, ``count``, ``share`` (of the slice's objects of the true class),
            most frequent first within a slice.
        """
        labels = np.array([*self._categories, ""])
        tables = []
        for name, counts in self._counts.items():
            cells = counts.confusions[:-1, :-1]
            true, predicted = np.nonzero(cells * ~np.eye(len(cells), dtype=bool))
            objects = counts.confusions[:-1].sum(axis=1)
            frame = pl.DataFrame(
                {
                    "true": labels[true],
                    "predicted": labels[predicted],
                    "count": cells[true, predicted],
                    "share": cells[true, predicted] / np.maximum(objects[true], 1),
                },
                schema_overrides={"true": pl.String, "predicted": pl.String, "share": pl.Float64},
            )
            frame = frame.sort("count", descending=True, maintain_order=True)
            tables.append(frame.select(pl.lit(name).alias("slice"), pl.all()))
        return pl.concat(tables) if tables else pl.DataFrame(schema=_CONFUSIONS)

    def rows(self, name: str) -> pl.DataFrame:
        """The ground truth in a slice with its outcome; predictions, for a slice that only they can be in.

        Raises:
            QueryError: There is no such slice.
        """
        if name not in self._counts:
            raise QueryError(f"no slice {name!r}. Hint: one of {', '.join(self._counts)}")
        return self._rows(name)


def slice_table(
    point: OperatingPoint,
    slices: Slices,
    *,
    metrics: str | Sequence[str] = _DEFAULT,
    false_positives: FalsePositives = "none",
    rematch: bool = False,
    replicates: int = 0,
    confidence: float = 0.95,
    min_support: int = 1,
    seed: int = 0,
) -> SliceTable:
    """Metrics of declared slices with their difference to the rest, from the one match of all objects.

    Args:
        point: The evaluation at an overlap and a score threshold.
        slices: What `Slice` takes, one or several, or several by name.
        metrics: Of `METRICS`, or ``"all"``.
        false_positives: For attributes that only ground truth has: ``none``, their false positives are unknown;
            ``shared``, every false positive counts in every slice; ``attributed``, those that aim at an object of
            the slice. Average precision is ``shared`` unless it is ``attributed``, which leaves it null.
        rematch: Match every slice anew with objects outside ignored, as COCO does for sizes. Nothing adds up
            over slices then.
        replicates: Bootstrap replicates for the intervals of average precision; 0 leaves them null.
        confidence: Coverage of the intervals.
        min_support: Average precision is null with fewer objects.
        seed: Of the bootstrap weights.

    Returns:
        The table; rows in the order of the slices, then of the metrics. A metric that a slice cannot have, such
        as precision where false positives are unknown, is null.

    Raises:
        QueryError: A slice or a metric has no meaning.

    Notes:
        `recall` is found objects of all objects; `missed`, `classification` and `localisation` are shares of
        the objects as well, `duplicate`, `background` and `both` of the predictions. `calibration_error` is the
        expected calibration error in ten equal bins of the score; compare `mean_score` with `precision`.
        `specificity` is a classifier's, averaged over the classes, on slices of whole images. The rest is what
        lies outside a slice, never the whole that contains it.

    Source: semantics of slices: docs/semantics.md; intervals: `cvfail.statistics.clustered`, differences:
        `cvfail.statistics.contrast`.
    """
    chosen = _chosen(metrics)
    _check_false_positives(false_positives, rematch)
    declared = {one.name: one for one in declared_slices(slices)}
    selections = {name: Selection(one, false_positives, rematch=rematch) for name, one in declared.items()}
    counts, wholes, members = _counted(point, selections)
    rows: list[dict[str, object]] = []
    for name, selection in selections.items():
        of_images = members[name].rule == "exact" and not _CLASS & set(declared[name].columns)
        table = _Rows(name, members[name], of_images, point.evidence.categories.height, confidence)
        precision = slice_average_precision(
            point,
            selection,
            [metric for metric in chosen if metric in AVERAGE_PRECISION],
            replicates=replicates,
            confidence=confidence,
            min_support=min_support,
            seed=seed,
        )
        rows += [
            {"slice": name, "metric": metric, **precision[metric]}
            if metric in precision
            else table.row(metric, counts[name], wholes[name], point.evidence.task)
            for metric in chosen
        ]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    q_values = [benjamini_hochberg(frame.filter(pl.col("metric") == metric)["p_value"]) for metric in chosen]
    adjusted = [q_values[k % len(chosen)][k // len(chosen)] for k in range(len(frame))]
    frame = frame.insert_column(
        frame.get_column_index("design_effect"), pl.Series("q_value", adjusted, dtype=pl.Float64)
    )
    return SliceTable(
        frame,
        caption=_caption(point, rematch, confidence),
        counts=counts,
        members=members,
        categories=point.evidence.category_names,
        rows=lambda name: _members(point, selections[name]),
    )


def _chosen(metrics: str | Sequence[str]) -> list[str]:
    chosen = list(METRICS) if metrics == "all" else [metrics] if isinstance(metrics, str) else list(metrics)
    for name in chosen:
        if name not in METRICS:
            raise QueryError(f"no metric {name!r}. Hint: one of {', '.join(METRICS)}, or all")
    return list(dict.fromkeys(chosen))


def _check_false_positives(false_positives: FalsePositives, rematch: bool) -> None:
    known = get_args(FalsePositives)
    if false_positives not in known:
        raise QueryError(f"false_positives is {false_positives!r}. Hint: one of {', '.join(known)}")
    if rematch and false_positives == "attributed":
        raise QueryError(
            "attributed false positives aim at objects of the one match of all. Hint: leave rematch out"
        )


def _counted(
    point: OperatingPoint, selections: Mapping[str, Selection]
) -> tuple[dict[str, SliceCounts], dict[str, SliceCounts], dict[str, Membership]]:
    """Counts of each slice and of slice and rest together; of matches of their own where that is asked."""
    whole, counts, members = count_slices(point, selections)
    wholes = dict.fromkeys(selections, whole)
    for name, selection in selections.items():
        if selection.rematch:
            own, rest = (
                count_slices(_matched_anew(point, side), {})[0]
                for side in (selection, replace(selection, complement=True))
            )
            counts[name], wholes[name] = own, SliceCounts.merged([own, rest])
    return counts, wholes, members


def _matched_anew(point: OperatingPoint, selection: Selection) -> OperatingPoint:
    return OperatingPoint(SlicedEvidence(point.evidence, selection), point.iou, point.score)


@dataclass(frozen=True)
class _Rows:
    """The rows of one slice."""

    name: str
    members: Membership
    of_images: bool
    kinds: int
    confidence: float

    def row(self, metric: str, own: SliceCounts, whole: SliceCounts, task: str) -> dict[str, object]:
        """One metric of the slice beside the rest."""
        row: dict[str, object] = {"slice": self.name, "metric": metric, "fp_rule": self.members.rule}
        if metric == "calibration_error":
            return row | (self._calibration(own) if self._has(("predictions",)) else {})
        if metric == "specificity":
            if task != "classification" or not self.of_images:
                return row
            ratio = _Ratio((self.kinds - 1) * (_TP + _FN) - _FP, (self.kinds - 1) * (_TP + _FN), ())
        else:
            ratio = _RATIOS[metric]
        return row | self._ratio(ratio, own, whole) if self._has(ratio.needs) else row

    def _has(self, needs: tuple[str, ...]) -> bool:
        """Whether the slice has the sides that a metric is about."""
        objects = self.members.truth is not None
        predictions = self.members.wrong is not None and self.members.rule != "attributed"
        return (objects or "objects" not in needs) and (predictions or "predictions" not in needs)

    def _ratio(self, ratio: _Ratio, own: SliceCounts, whole: SliceCounts) -> dict[str, object]:
        sums = sums_of_clusters(
            own.by_cluster.select(y=ratio.numerator, n=ratio.denominator).cast(pl.Float64),
            numerator="y",
            denominator="n",
        )
        estimate = ratio_from_sums(sums, confidence=self.confidence).row(0, named=True)
        row = {name: estimate[name] for name in ("estimate", "lower", "upper", "support", "clusters")}
        row["design_effect"] = estimate["design_effect"]
        if self.members.rule == "shared" and "predictions" in ratio.needs:
            return row
        errors, units = ratio.numerator.cast(pl.Float64), ratio.denominator.cast(pl.Float64)
        sides = [
            counts.by_cluster.select(pl.col(CLUSTER), errors=errors, units=units) for counts in (own, whole)
        ]
        if sides[0].is_empty():
            return row
        contrast = slice_against_rest(
            sides[0].with_columns(slice=pl.lit(0)), sides[1], by=["slice"], confidence=self.confidence
        ).row(0, named=True)
        names = ("difference", "difference_lower", "difference_upper", "p_value")
        return row | {name: contrast[name] for name in names} | {"rest": contrast["rest_rate"]}

    def _calibration(self, own: SliceCounts) -> dict[str, object]:
        count, *scores, hits = own.bins
        total = float(count.sum())
        error = float(np.abs(np.sum(scores, axis=0) - hits).sum()) / total if total else None
        return {"estimate": error, "support": total}


def _members(point: OperatingPoint, selection: Selection) -> pl.DataFrame:
    tables = []
    for block, part in point.blocks():
        found = selection.of(part)
        if found.truth is None:
            rows = part.all_predictions.filter(pl.Series(found.found_by & part.kept))
        else:
            outcomes = _matched_anew(part, selection) if selection.rematch else part
            rows = outcomes.ground_truth.filter(pl.Series(found.truth))
        tables.append(block.as_in_the_whole(rows))
    return pl.concat(tables)


def _caption(point: OperatingPoint, rematch: bool, confidence: float) -> str:
    matched = "matched anew in every slice" if rematch else "one match of all objects"
    policy = point.evidence.describe(iou=point.iou, score=point.score)
    return f"slices against the rest; {matched}; {policy}; {confidence:.0%} intervals clustered by image"
