"""How well scores say how often they are right: one row per group and measure, and the bins behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from typing import TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.calibration.binning import Closed
from cvfail.calibration.calibration_error import Binning
from cvfail.calibration.forecast_groups import CATEGORY, By, ForecastGroups, forecast_groups
from cvfail.calibration.forecasts import DIMENSIONS, Dimension, Forecasts, chosen_dimensions
from cvfail.calibration.intervals import Measured
from cvfail.calibration.measures import MEASURES, Measure, Question, measured, measures_of
from cvfail.calibration.reliability import reliability_rows
from cvfail.calibration.replicated_bins import Draws
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.statistics.quantiles import check_confidence
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

_MOST_SHOWN = 1
_MOST_PROBABILITIES = 10_000_000
"""With more images times classes the error of every class takes minutes, and is measured only if asked for."""

_NUMBERS = tuple(field.name for field in fields(Measured))
_SCHEMA = {**dict.fromkeys(_NUMBERS, pl.Float64), "beyond_chance": pl.Boolean}


class CalibrationOptions(TypedDict, total=False):
    """Options of `calibration`."""

    by: By
    measures: Sequence[Measure] | None
    bins: int
    closed: Closed
    dimensions: Sequence[Dimension]
    min_count: int
    replicates: int
    worlds: int
    confidence: float
    seed: int
    threads: int | None


class Calibration(ResultTable):
    """The measures of calibration of every group.

    Attributes:
        df: One row per group and measure: the columns of `by`, ``measure``, ``estimate``, ``lower``, ``upper``,
            ``chance``, ``chance_lower``, ``chance_upper``, ``beyond_chance``, ``support``, ``clusters``.
        forecasts: Confidence and outcome of the predictions behind it.
        groups: Which of them each group has.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        forecasts: Forecasts,
        groups: ForecastGroups,
        question: Question,
        how: str,
    ) -> None:
        super().__init__(df, caption=caption)
        self.forecasts = forecasts
        self.groups = groups
        self._question = question
        self._how = how

    def value(self, measure: Measure) -> float | None:
        """The estimate of a measure of the first group.

        Raises:
            QueryError: It was not asked for.
        """
        rows = self.df.filter(measure=measure)
        if rows.is_empty():
            raise QueryError(f"{measure!r} was not asked for. Hint: measures=[{measure!r}]")
        return rows["estimate"][0]  # type: ignore[no-any-return]

    def reliability(self, *, binning: Binning = "equal_width", bins: int | None = None) -> ResultTable:
        """Confidence beside the share right, bin by bin.

        Args:
            binning: Bins of equal width, or with about as many scores each.
            bins: How many; as the measures if not given.

        Returns:
            One row per group and bin that has scores, ascending: the columns of `by`; ``bin`` from 0, ``low`` and
            ``high``, its edges; ``support``; ``mean_score``; ``estimate``, the share right, with ``lower`` and
            ``upper``, clustered by image, null where fewer than two have scores in it; ``chance_lower`` and
            ``chance_upper``, what the share would be by chance if every score were right; ``clusters``.
        """
        asked = replace(self._question, bins=self._question.bins if bins is None else bins)
        none = [(self.groups.keys.clear(), np.zeros(0, np.int64))]
        groups = list(zip(self.groups.keys.iter_slices(1), self.groups.rows, strict=True)) or none
        tables = [
            _beside(key, reliability_rows(self.forecasts.at(rows), asked, binning=binning))
            for key, rows in groups
        ]
        frame = pl.concat(tables)
        return ResultTable(frame, caption=f"reliability, bins of {binning.replace('_', ' ')}; {self._how}")

    def _shown(self) -> pl.DataFrame:
        if self.groups.keys.height <= _MOST_SHOWN or self.df.is_empty():
            return self.df
        return self.df.filter(measure=self.df["measure"][0])


def _beside(key: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return key.join(rows, how="cross") if key.width else rows


def calibration(
    point: OperatingPoint,
    *,
    by: By = (),
    measures: Sequence[Measure] | None = None,
    bins: int = 15,
    closed: Closed = "left",
    dimensions: Sequence[Dimension] = (),
    min_count: int = 1,
    replicates: int = 400,
    worlds: int = 400,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Calibration:
    """Measure how well confidence says how often predictions are right.

    Args:
        point: The evaluation at an overlap, which decides what is right, and a score, from which on predictions take
            part. The numbers of a detector depend much on that score; the caption states it.
        by: Attributes of the images, ``category`` (the predicted class), ``size``; or declared slices.
        measures: Which, see `MEANING`; all that the predictions have if not given, but for ``classwise_ece`` where
            images times classes exceed 10⁷.
        bins: How many bins; ``laece`` always has 25.
        closed: ``left`` for bins [a, b), ``right`` for (a, b].
        dimensions: Of a detector: bins are also divided by these of ``x``, ``y`` (centre), ``width`` and ``height``
            of the box, as shares of the image; as many bins in each.
        min_count: Bins with fewer predictions have no part in ``mce``.
        replicates: Bootstrap replicates of the clusters; 0 for no intervals.
        worlds: Simulations in which every score is right; 0 for no bands of chance.
        confidence: Coverage of intervals and bands.
        seed: Of both.
        threads: Over bins; all processors if not given. The result does not depend on it.

    Returns:
        One row per group and measure, see `Calibration`. ``estimate`` is the usual number. ``lower`` and ``upper``
        are those of what it estimates, without what chance adds: see `recentred_interval`. ``chance``,
        ``chance_lower`` and ``chance_upper`` say what scores that are all right would have given, outcomes drawn
        with the scores as probabilities, or, wider, with the luck that clusters share; ``beyond_chance`` whether the
        estimate is above that, and its interval above 0. Means such as Brier's score have t intervals and no band.
        All null without predictions; bounds are null with fewer than two clusters.

    Raises:
        QueryError: An attribute, measure or dimension is unknown, or there are no scores.
        PolicyError: A number has no meaning.

    Notes:
        Predictions on ignored objects are left out. ``classwise_ece`` in a group of one class is that of the
        probability of the class over all images. Cost: about 1 s per 10⁶ predictions, 400 replicates and 400 worlds
        for every binning that is asked for; memory 60 bytes per prediction, and 8 bytes per cluster, class, bin and
        replicate.

    Source: Guo et al., ICML 2017, arXiv 1706.04599; Küppers et al., CVPRW 2020, arXiv 2004.13546, for detectors;
        Bröcker and Smith, Weather and Forecasting 22 (2007) 651-661, for the bands.

    Example:
        >>> import cvfail as cf
        >>> said = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.35, 0.65]]
        >>> evaluation = cf.evaluate(cf.from_labels([0, 0, 1, 0], probabilities=said))
        >>> table = evaluation.calibration(bins=5, measures=["ece", "brier"])
        >>> round(table.value("ece"), 4), round(table.value("brier"), 4)
        (0.1625, 0.1406)
    """
    check_confidence(confidence)
    columns = tuple(chosen_dimensions(dimensions))
    forecasts = Forecasts.of(point, boxes=bool(columns))
    groups = forecast_groups(point, forecasts, by)
    question = Question(
        _chosen(point.evidence, forecasts, measures),
        bins,
        closed,
        columns,
        min_count,
        confidence,
        draws_of(point.evidence, replicates=replicates, worlds=worlds, seed=seed, threads=threads),
    )
    how = _how(point, question)
    frame = _table(point.evidence, forecasts, groups, question)
    return Calibration(
        frame, caption=f"calibration; {how}", forecasts=forecasts, groups=groups, question=question, how=how
    )


def draws_of(
    evidence: Evidence, *, replicates: int, worlds: int, seed: int, threads: int | None = None
) -> Draws:
    """The bootstrap weights of the clusters of an evaluation, clusters first.

    Raises:
        QueryError: The number of worlds is negative.
    """
    if worlds < 0:
        raise QueryError(f"worlds must not be negative; found {worlds}. Hint: 400 is the default")
    weights = poisson_weights(evidence.cluster_ids, replicates, seed=seed)
    return Draws(read_only(np.ascontiguousarray(weights.T)), worlds, seed, threads)


def _chosen(evidence: Evidence, forecasts: Forecasts, asked: Sequence[Measure] | None) -> tuple[Measure, ...]:
    known = measures_of(evidence.task, has_probabilities=forecasts.has_probabilities)
    if asked is None:
        is_long = forecasts.probabilities.size > _MOST_PROBABILITIES
        return tuple(name for name in known if not (is_long and name == "classwise_ece"))
    for name in asked:
        if name not in MEASURES:
            raise QueryError(f"there is no measure {name!r}. Hint: one of {', '.join(known)}")
        if name not in known:
            raise QueryError(
                f"these predictions have no {name!r}: it needs boxes, or probabilities of all classes. "
                f"Hint: one of {', '.join(known)}"
            )
    return tuple(dict.fromkeys(asked))


def _table(
    evidence: Evidence, forecasts: Forecasts, groups: ForecastGroups, question: Question
) -> pl.DataFrame:
    names = list(groups.keys.columns)
    codes = {name: code for code, name in enumerate(evidence.category_names)}
    whole = _without_class(groups) if CATEGORY in names else None
    alone = len(groups.rows) == 1
    asked = question if alone else replace(question, draws=replace(question.draws, threads=1))

    def answers(place: int) -> list[tuple[object, ...]]:
        own = forecasts.at(groups.rows[place])
        found = measured(
            own,
            asked,
            only_class=None if whole is None else codes[groups.keys[CATEGORY][place]],
            of_all_classes=None if whole is None else forecasts.at(whole[place]),
        )
        return [(place, name, *astuple(one), len(own), own.cluster_count) for name, one in found.items()]

    workers = worker_count(question.draws.threads)
    answered = run_in_order(answers, range(len(groups.rows)), threads=workers)
    records = [row for rows in answered for row in rows]
    schema = {
        "unit:group": pl.Int64,
        "measure": pl.String,
        **{name: _SCHEMA[name] for name in _NUMBERS},
        "support": pl.Int64,
        "clusters": pl.Int64,
    }
    frame = pl.DataFrame(records, schema=schema, orient="row").with_columns(
        pl.selectors.float().fill_nan(None)
    )
    answer = frame.drop("unit:group")
    return groups.keys[frame["unit:group"].to_list()].hstack(answer.get_columns()) if names else answer


def _without_class(groups: ForecastGroups) -> list[NDArray[np.int64]]:
    """For each group the rows of all groups that differ from it in the class only."""
    others = groups.keys.drop(CATEGORY)
    if not others.width:
        every = np.sort(np.concatenate([np.zeros(0, np.int64), *groups.rows]))
        return [every] * len(groups.rows)
    together: dict[tuple[object, ...], list[NDArray[np.int64]]] = {}
    for key, rows in zip(others.iter_rows(), groups.rows, strict=True):
        together.setdefault(key, []).append(rows)
    joined = {key: np.sort(np.concatenate(rows)) for key, rows in together.items()}
    return [joined[key] for key in others.iter_rows()]


def _how(point: OperatingPoint, question: Question) -> str:
    """What decides what is right, what takes part, and how it was binned."""
    evidence, draws = point.evidence, question.draws
    if evidence.task == "detection":
        right = f"right means matched: {evidence.describe(iou=point.iou, score=point.score)}"
        right += ", predictions on ignored objects left out"
    else:
        right = "confidence in the predicted class, right if that is the label"
    names = "".join(f" × {DIMENSIONS[column]}" for column in question.columns)
    ends = "[a, b)" if question.closed == "left" else "(a, b]"
    sure = f"{question.confidence:.0%}"
    intervals = (
        f"{sure} intervals from {draws.weights.shape[1]} bootstrap replicates of the images, recentred"
    )
    bands = f"{sure} bands of chance from {draws.worlds} worlds in which scores are right"
    few = f" (mce: of {question.min_count} or more)" if question.min_count > 1 else ""
    return f"{right}; {question.bins} bins {ends} of confidence{names}{few}; {intervals}; {bands}"
