"""Failure modes: error type × slice, ranked by the errors in excess of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute_names, dropped_attributes
from cvfail.evidence.examples import examples
from cvfail.evidence.operating_point import PREDICTION_ERRORS, OperatingPoint
from cvfail.failures.search import KEYS, members, search_slices
from cvfail.failures.selection import select_modes
from cvfail.failures.units import ROW, Units, prediction_units, truth_units
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.tables.result import ResultTable

_SAME_ROWS = ("unit", "error_type", "units", "errors", "clusters")
"""Slices that agree in all of these hold the same rows: one attribute repeats another."""

_HAPPENS = {
    "missed": "missed",
    "classification": "taken for another class",
    "localisation": "found with a poor box only",
    "duplicate": "duplicates of found objects",
    "background": "false positives on background",
    "both": "false positives of wrong class and place",
}
"""What befalls a unit, for the sentence that describes a mode."""


@dataclass(frozen=True)
class Search:
    """What was looked at, so that the ranking can be judged.

    Attributes:
        attributes: The attributes that slices were made of.
        dropped: Attribute columns that no slice can be made of: constant or almost unique.
        slices: How many slices × error types were tested.
        level: Modes with a q-value below it are called significant.
        min_support: Slices with fewer units were not looked at.
        min_clusters: Slices in fewer images (or clusters) were not tested.
    """

    attributes: tuple[str, ...]
    dropped: tuple[str, ...]
    slices: int
    level: float
    min_support: int
    min_clusters: int


class FailureModes(ResultTable):
    """The ranked modes, and the rows behind each.

    Attributes:
        df: rank, mode (a sentence), error_type, unit, slice, support, errors, rate, rest_rate, difference,
            difference_lower, difference_upper, excess_errors, excess_lower, excess_upper, clusters, p_value,
            q_value, significant, and the slice as attribute_1, value_1, attribute_2, value_2.
        search: What was looked at.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        search: Search,
        point: OperatingPoint,
        units: dict[str, Units],
    ) -> None:
        super().__init__(df, caption=caption)
        self.search = search
        self._point = point
        self._units = units

    def _shown(self) -> pl.DataFrame:
        return self.df.select(
            "rank", "mode", "error_type", "excess_lower", "excess_upper", "q_value", "significant"
        )

    def examples(self, rank: int) -> pl.DataFrame:
        """The rows of a mode: every unit of its slice that has its error, the most confident first.

        Args:
            rank: The mode's rank in `df`.

        Returns:
            As `ConfusionMatrix.examples`; rows of objects carry the prediction that aims at them, and rows of
            predictions the object that they aim at.

        Raises:
            QueryError: There is no such rank.
        """
        chosen = self.df.filter(pl.col("rank") == rank)
        if chosen.is_empty():
            raise QueryError(
                f"there is no failure mode of rank {rank}. Hint: ranks run from 1 to {len(self.df)}"
            )
        mode = chosen.row(0, named=True)
        units = self._units[mode["error_type"]]
        erroneous = (units.errors(mode["error_type"]) > 0) & members(units, tuple(mode[key] for key in KEYS))
        rows = units.frame.filter(erroneous)[ROW]
        if mode["unit"] == "ground_truth":
            behind = self._point.ground_truth[rows].select(
                "ground_truth_index", prediction_index="nearest_prediction"
            )
        else:
            behind = self._point.all_predictions[rows].select(
                "prediction_index", ground_truth_index="target_index"
            )
        overlaps = self._point.evidence.pairs.select("prediction_index", "ground_truth_index", "overlap")
        behind = behind.join(
            overlaps, on=["prediction_index", "ground_truth_index"], how="left", maintain_order="left"
        )
        return examples(self._point.evidence, behind).sort(
            "score", descending=True, nulls_last=True, maintain_order=True
        )


def failure_modes(
    point: OperatingPoint,
    *,
    attributes: Sequence[str] | None = None,
    max_order: int = 2,
    level: float = 0.05,
    min_support: int = 20,
    min_clusters: int = 10,
    confidence: float = 0.95,
    insignificant: int = 5,
) -> FailureModes:
    """Rank where the model fails more than elsewhere.

    Args:
        point: The evaluation at an overlap and a score threshold.
        attributes: What slices are made of; every attribute of images and ground truth, class and size if not
            given.
        max_order: 1 or 2: how many attributes a slice may fix.
        level: Modes with a q-value below it are significant.
        min_support: Slices with fewer units are not looked at.
        min_clusters: Slices in fewer images (or clusters) are not tested.
        confidence: Coverage of the intervals.
        insignificant: How many of the largest insignificant excesses are listed after the significant ones.

    Returns:
        The modes, most excess errors first, significant ones before the others; see `FailureModes`.

    Notes:
        Missed, classification and localisation are told of objects: rate is errors ÷ objects. Duplicate,
        background and both are told of false positives: rate is errors ÷ (objects + these errors), so that
        objects that are missed do not make false positives look more frequent. A slice is compared with the
        rest, never with a whole that contains it; excess errors are errors beyond those expected at the rest's
        rate. p-values are clustered by image, q-values are Benjamini and Hochberg's over all slices and types
        tested. Slices that overlap are reported once, by the slice that explains the errors best. Attributes
        that only ground truth has are not used for false positives.
    """
    if max_order not in {1, 2}:
        raise QueryError(f"max_order must be 1 or 2; found {max_order}")
    evidence = point.evidence
    names = attribute_names(evidence) if attributes is None else list(dict.fromkeys(attributes))
    kinds = [truth_units(point, names), *(prediction_units(point, names, kind) for kind in PREDICTION_ERRORS)]
    units = {error_type: told for told in kinds for error_type in told.error_types}
    tested = _tested(kinds, max_order, min_support, min_clusters, confidence)
    significant = (pl.col("q_value") < level) & (pl.col("excess_errors") > 0)
    modes = [
        select_modes(units[str(error_type)], group, level=level, confidence=confidence)
        for (error_type,), group in tested.filter(significant).group_by("error_type", maintain_order=True)
    ]
    others = tested.filter(~significant & (pl.col("excess_errors") > 0)).with_columns(
        significant=pl.lit(False)
    )
    significant_modes = pl.concat([tested.clear(), *modes]).with_columns(significant=pl.lit(value=True))
    best_others = _by_excess(others.unique(_SAME_ROWS, keep="first", maintain_order=True)).head(insignificant)
    ranked = pl.concat([_by_excess(significant_modes), best_others])
    search = Search(
        tuple(names), tuple(dropped_attributes(evidence)), len(tested), level, min_support, min_clusters
    )
    caption = (
        f"failure modes; {evidence.describe(iou=point.iou, score=point.score)}; {len(tested)} slices tested"
    )
    noun = "objects" if evidence.task == "detection" else "images"
    return FailureModes(_present(ranked, noun), caption=caption, search=search, point=point, units=units)


def _tested(
    kinds: Sequence[Units], max_order: int, min_support: int, min_clusters: int, confidence: float
) -> pl.DataFrame:
    tables = [
        search_slices(units, max_order=max_order, min_support=min_support, confidence=confidence).select(
            pl.lit(units.kind).alias("unit"), pl.all()
        )
        for units in kinds
    ]
    found = pl.concat(tables)
    testable = found.filter((pl.col("clusters") >= min_clusters) & pl.col("p_value").is_not_null())
    return testable.with_columns(benjamini_hochberg(testable["p_value"]).alias("q_value"))


def _by_excess(modes: pl.DataFrame) -> pl.DataFrame:
    order = ["excess_errors", "error_type", *KEYS]
    return modes.sort(order, descending=[True, *[False] * 5], nulls_last=True)


def _present(modes: pl.DataFrame, noun: str) -> pl.DataFrame:
    described = [_describe(mode, noun) for mode in modes.iter_rows(named=True)]
    return modes.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank"),
        pl.Series("mode", [sentence for sentence, _ in described], dtype=pl.String),
        "error_type",
        "unit",
        pl.Series("slice", [text for _, text in described], dtype=pl.String),
        pl.col("units").cast(pl.Int64).alias("support"),
        pl.col("errors").cast(pl.Int64),
        "rate",
        "rest_rate",
        "difference",
        "difference_lower",
        "difference_upper",
        "excess_errors",
        "excess_lower",
        "excess_upper",
        "clusters",
        "p_value",
        "q_value",
        "significant",
        *KEYS,
    )


def _describe(mode: dict[str, object], noun: str) -> tuple[str, str]:
    first, first_value, second, second_value = (mode[key] for key in KEYS)
    parts = [(first, first_value)] if second is None else [(first, first_value), (second, second_value)]
    text = " & ".join(f"{name}={'(null)' if value is None else value}" for name, value in parts)
    happens = _HAPPENS[str(mode["error_type"])]
    if mode["unit"] == "ground_truth":
        told = f"{mode['rate']:.0%} of {noun} {happens}, {mode['rest_rate']:.0%} elsewhere"
    else:
        told = f"{mode['errors']:.0f} {happens}"
    return f"{text}: {told}; {mode['excess_errors']:.0f} more than expected", text
