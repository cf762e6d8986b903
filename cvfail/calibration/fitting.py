"""Fit a map of scores on one part of the images and judge it on the other."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.calibration_map import CalibrationMap, Level
from cvfail.calibration.calibration_table import draws_of
from cvfail.calibration.forecast_groups import By, ForecastGroups, forecast_groups
from cvfail.calibration.forecasts import Forecasts
from cvfail.calibration.judging import judged
from cvfail.calibration.level_source import LevelSource
from cvfail.calibration.score_fits import fit_scores, fit_temperature
from cvfail.calibration.score_maps import METHODS, Method, ScoreMap
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.statistics.quantiles import check_confidence
from cvfail.tables.arrays import read_only
from cvfail.tables.result import ResultTable

Target = Literal["right", "overlap"]
Rows = NDArray[np.int64]


class FitOptions(TypedDict, total=False):
    """Options of `fit_calibration`."""

    method: Method
    by: str | None
    target: Target
    judge_by: By | None
    share: float
    min_support: int
    bins: int
    replicates: int
    worlds: int
    confidence: float
    seed: int


class FittedCalibration(ResultTable):
    """A map of scores, and what it does on images that it was not fitted on.

    Attributes:
        df: The columns of `judge_by`, then one row per measure (``ece``, ``brier``, ``nll``; ``laece`` if the target
            is the overlap): ``measure``; ``before`` and ``after``, each with ``_lower``, ``_upper`` and
            ``_beyond_chance``; ``change``, ``change_lower``, ``change_upper``; ``verdict``: ``better`` or ``worse``
            where the interval of the change leaves out 0, else ``unclear``, null without an interval; ``support``,
            ``clusters``.
        map: The map.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, map: CalibrationMap) -> None:  # noqa: A002
        super().__init__(df, caption=caption)
        self.map = map

    def _shown(self) -> pl.DataFrame:
        left_out = {
            f"{side}_{end}" for side in ("before", "after") for end in ("lower", "upper", "beyond_chance")
        }
        return self.df.select(name for name in self.df.columns if name not in left_out)

    def save(self, path: str | Path) -> Path:
        """Write the map as JSON; see `CalibrationMap.save`."""
        return self.map.save(path)


def fit_calibration(
    point: OperatingPoint,
    *,
    method: Method = "temperature",
    by: str | None = None,
    target: Target = "right",
    judge_by: By | None = None,
    share: float = 0.5,
    min_support: int = 50,
    bins: int = 15,
    replicates: int = 400,
    worlds: int = 400,
    confidence: float = 0.95,
    seed: int = 0,
) -> FittedCalibration:
    """Fit a map of scores on a part of the clusters and judge it on the others.

    Args:
        point: The evaluation at an overlap and the score from which on predictions take part.
        method: ``temperature``, ``platt``, ``beta`` or ``isotonic``.
        by: A map per ``category``, ``size`` or level of an attribute of the images; one map if not given.
        target: What a score should equal: the share that is right, or, of a detector, the ``overlap`` with the
            object (0 if unmatched), which is what LaECE asks for.
        judge_by: Groups that are judged apart: attributes or slices; as `by` if not given, ``()`` for all together.
        share: Part of the clusters that is fitted on, in (0, 1).
        min_support: A level with fewer predictions to fit on, or whose predictions are all right or all wrong,
            takes the map of all predictions.
        bins: Of the calibration error.
        replicates: Bootstrap replicates of the clusters that judge.
        worlds: Simulations for the bands of chance.
        confidence: Of intervals and bands.
        seed: Of the split, the replicates and the worlds.

    Returns:
        The measures before and after on the images that were not fitted on, with the map.

    Raises:
        PolicyError: An option has no meaning.
        QueryError: An attribute is unknown or known of ground truth only; there are no scores, or nothing to fit on.

    Notes:
        A cluster is of the part that is fitted on if a hash of the seed and its id says so, whatever else is in the
        data. Before and after are compared on the same predictions with the same bootstrap weights. With
        probabilities a temperature is fitted to all classes; other maps to the confidence in the predicted class.
        Temperature, Platt's and beta keep the order of the scores under one map; isotonic makes ties.

    Example:
        >>> import cvfail as cf
        >>> said = [[0.9, 0.1]] * 40
        >>> evaluation = cf.evaluate(cf.from_labels([0, 0, 0, 1] * 10, probabilities=said))
        >>> fitted = evaluation.fit_calibration(replicates=50)
        >>> fitted.map.everywhere.temperature > 1
        True
        >>> fitted.df.columns[:2]
        ['measure', 'before']
    """
    check_confidence(confidence)
    _check(method, target, share, point.evidence)
    evidence = point.evidence
    forecasts = Forecasts.of(point)
    in_fit = in_fitted_part(evidence.cluster_ids, share=share, seed=seed)[forecasts.clusters]
    groups = forecast_groups(point, forecasts, [] if by is None else by)
    calibration_map = _fitted_map(
        point, forecasts, groups, in_fit, method=method, by=by, target=target, min_support=min_support
    )
    recorded = {"seed": seed, "share": share, "source": dict(evidence.source)} | _counts(forecasts, in_fit)
    calibration_map = replace(calibration_map, fitted=recorded)
    kept = np.flatnonzero(~in_fit)
    before = forecasts.at(kept)
    levels = None if by is None else _levels(groups, len(forecasts), calibration_map.levels).gather(kept)
    scores, probabilities = calibration_map.calibrated(before.scores, before.probabilities, levels)
    after = replace(before, scores=read_only(scores), probabilities=read_only(probabilities))
    judging = groups if judge_by is None else forecast_groups(point, forecasts, judge_by)
    frame = judged(
        before,
        after,
        _within(judging, kept, len(forecasts)),
        draws_of(evidence, replicates=replicates, worlds=worlds, seed=seed),
        bins=bins,
        with_overlap=target == "overlap",
        confidence=confidence,
    )
    return FittedCalibration(
        frame, caption=_caption(point, calibration_map, confidence, replicates), map=calibration_map
    )


def in_fitted_part(ids: pl.Series, *, share: float, seed: int) -> NDArray[np.bool_]:
    """Whether each cluster is of the part that is fitted on: a hash of seed and id, shape (n,).

    Example:
        >>> in_fitted_part(pl.Series(["a", "b", "c", "d"]), share=0.5, seed=0).sum() <= 4
        np.True_
    """
    limit = share * 2.0**64
    texts = ids.cast(pl.String).to_list()
    words = (blake2b(f"{seed}:{text}".encode(), digest_size=8).digest() for text in texts)
    return np.array([int.from_bytes(word, "little") < limit for word in words], np.bool_)


def _check(method: str, target: str, share: float, evidence: Evidence) -> None:
    if method not in METHODS:
        raise PolicyError(f"there is no method {method!r}. Hint: one of {', '.join(METHODS)}")
    if target not in {"right", "overlap"}:
        raise PolicyError(f"target must be right or overlap; found {target!r}")
    if target == "overlap" and evidence.task != "detection":
        raise QueryError("a classifier has no overlap. Hint: target='right'")
    if not 0.0 < share < 1.0:
        raise PolicyError(f"share must be in (0, 1); found {share}. Hint: 0.5 fits on half of the images")


def _fitted_map(
    point: OperatingPoint,
    forecasts: Forecasts,
    groups: ForecastGroups,
    in_fit: NDArray[np.bool_],
    *,
    method: Method,
    by: str | None,
    target: Target,
    min_support: int,
) -> CalibrationMap:
    evidence = point.evidence
    made = CalibrationMap(
        task=evidence.task,
        method=method,
        target=target,
        everywhere=_fit(method, forecasts.at(np.flatnonzero(in_fit)), target),
        support=int(in_fit.sum()),
        policy=evidence.policy.to_dict() | {"iou": point.iou, "score": point.score},
    )
    if by is None:
        return made
    source = LevelSource.of(evidence, by)
    levels = []
    for name, rows in zip(groups.keys[by].cast(pl.String), groups.rows, strict=True):
        own = forecasts.at(rows[in_fit[rows]])
        enough = len(own) >= max(min_support, 1) and 0.0 < float(own.outcomes.mean()) < 1.0
        level = source.level_of(evidence, name)
        levels.append(Level(level, name, len(own), _fit(method, own, target) if enough else None))
    return replace(made, by=source, levels=tuple(levels))


def _fit(method: Method, forecasts: Forecasts, target: Target) -> ScoreMap:
    if method == "temperature" and forecasts.has_probabilities:
        return fit_temperature(
            np.log(np.maximum(forecasts.probabilities, np.finfo(np.float64).eps)), forecasts.label
        )
    return fit_scores(
        method, forecasts.scores, forecasts.overlaps if target == "overlap" else forecasts.outcomes
    )


def _levels(groups: ForecastGroups, rows: int, levels: tuple[Level, ...]) -> pl.Series:
    """The level of every forecast as the map has it."""
    place = np.zeros(rows, np.int64)
    for number, own in enumerate(groups.rows):
        place[own] = number
    return pl.Series([one.level for one in levels], dtype=pl.String).gather(place)


def _within(groups: ForecastGroups, kept: Rows, rows: int) -> ForecastGroups:
    """The groups of some forecasts, numbered among these."""
    place = np.full(rows, -1, np.int64)
    place[kept] = np.arange(kept.size)
    return ForecastGroups(groups.keys, [place[own][place[own] >= 0] for own in groups.rows])


def _counts(forecasts: Forecasts, in_fit: NDArray[np.bool_]) -> dict[str, Any]:
    clusters = [int(np.unique(forecasts.clusters[part]).size) for part in (in_fit, ~in_fit)]
    return {
        "predictions": int(in_fit.sum()),
        "clusters": clusters[0],
        "judged_predictions": int((~in_fit).sum()),
        "judged_clusters": clusters[1],
    }


def _caption(point: OperatingPoint, made: CalibrationMap, confidence: float, replicates: int) -> str:
    counts = made.fitted
    right = point.evidence.describe(iou=point.iou, score=point.score)
    return (
        f"{made!r} of {counts['clusters']:,} images, judged on {counts['judged_predictions']:,} of "
        f"{counts['judged_clusters']:,} others; {right}; the same predictions before and after; {confidence:.0%} "
        f"intervals from {replicates} bootstrap replicates of the images"
    )
