"""The best score threshold of everything, of each class and of each slice, and what it is worth on other images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.costs import Costs
from cvfail.metrics.curves.grouped_scores import GroupedScores, ScoredGroup
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.statistics.quantiles import check_confidence
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.thresholds.choosing import Chooser, Drawn, Prices
from cvfail.thresholds.held_out import divided, judge
from cvfail.thresholds.objective import Best, Objective
from cvfail.thresholds.operating_point_table import (
    Chosen,
    OperatingPoints,
    describe_judging,
    halfway,
    observed_bounds,
    table_of,
)

Numbers = NDArray[np.float64]


class Conditions(TypedDict, total=False):
    """Options of `operating_points`: the objective and how it is judged."""

    best: Best
    beta: float
    min_precision: float | None
    min_recall: float | None
    max_false_positives: float | None
    false_positive_cost: float
    missed_cost: float
    costs: Costs | None
    min_support: int
    replicates: int
    folds: int
    splits: int
    confidence: float
    seed: int


def operating_points(
    point: OperatingPoint,
    *,
    by: Sequence[str] = (),
    best: Best = "f_score",
    beta: float = 1.0,
    min_precision: float | None = None,
    min_recall: float | None = None,
    max_false_positives: float | None = None,
    false_positive_cost: float = 1.0,
    missed_cost: float = 1.0,
    costs: Costs | None = None,
    min_support: int = 20,
    replicates: int = 200,
    folds: int = 5,
    splits: int = 4,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> OperatingPoints:
    """Choose score thresholds.

    Args:
        point: The evaluation; its score threshold is not looked at.
        by: ``category`` and attributes of the images; every combination of levels gets a threshold of its own.
        best: ``f_score``: the highest F-β; ``recall``: the highest, under a condition; ``false_positives``: the
            fewest, with `min_recall`; ``cost``: the lowest, in which rejecting everything is a choice.
        beta: Recall counts β times as much as precision.
        min_precision: Precision must reach this.
        min_recall: Recall must reach this.
        max_false_positives: False positives per image must not exceed this, in each group by itself; over all
            images, also those without objects. `shared_budget` divides one budget among classes.
        false_positive_cost: Of each false positive.
        missed_cost: Of each object that is not found.
        costs: What errors cost by type, class and slice, instead of these two.
        min_support: Groups with fewer objects take the threshold of everything.
        replicates: Bootstrap replicates of the images for the intervals; 0 for none.
        folds: In how many parts the images are divided for `held_out`: thresholds are chosen on all parts but one,
            and judged on that one; 2 for halves.
        splits: How often they are divided anew; 0 for no `held_out`.
        confidence: Of the intervals.
        seed: Of weights and divisions.
        threads: Threads over groups; all processors if not given.

    Returns:
        The columns of `by`, then

        - threshold: A score that was observed, predictions count from it on; infinite if rejecting everything
          costs least; null if no threshold meets the conditions. Of equally good ones the highest.
        - threshold_lower, threshold_upper: Where it lies in the bootstrap replicates.
        - between: Halfway to the next lower score; keeps the same predictions of these images.
        - tp, fp, fn, precision, recall, f_score, false_positives_per_image, cost_per_image: On these images.
        - held_out: What the objective (F-β, recall, false positives or cost per image) is worth on other images:
          chosen on some parts of the clusters, judged on the other one, all parts pooled.
        - held_out_lower, held_out_upper: Interval of it.
        - next_lower, next_upper: Where the value on as many other images lies, with the same confidence.
        - support: Objects.
        - source: ``own``, or ``everything`` where support is thin; null if there is no threshold.
        - reason: Why there is none, or why it is not the group's own.

    Raises:
        PolicyError: The objective has no meaning.
        QueryError: `by` names an attribute that an unknown prediction does not have.

    Notes:
        Candidates are all distinct scores; a tie is in or out as a whole. Groups by class and by attributes of
        images only, for there dropping predictions changes no other match. The threshold is the best of many on
        these images, so the value here is too good by as much as `held_out` says.

    Source: Elkan, The foundations of cost-sensitive learning (2001); Lipton, Elkan and Naryanaswamy, Optimal
    thresholding of classifiers to maximize F1 (2014). Cost: one sort, and one pass for each replicate and part.

    Example:
        >>> import cvfail as cf
        >>> box = [[0, 0, 10, 10]]
        >>> truth = {"image_id": [1, 2, 3], "category_id": [1] * 3, "bbox": box * 3}
        >>> found = {"image_id": [1, 2, 3, 4], "category_id": [1] * 4, "score": [0.9, 0.8, 0.6, 0.7],
        ...          "bbox": box * 4}
        >>> images = {"image_id": [1, 2, 3, 4]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, images=images, box_format="xywh")
        >>> points = cf.evaluate(data).operating_points(min_support=1)
        >>> points.df.select("threshold", "tp", "fp", "fn").row(0)
        (0.6, 3, 1, 0)
    """
    objective = Objective(
        best=best,
        beta=beta,
        min_precision=min_precision,
        min_recall=min_recall,
        max_false_positives=max_false_positives,
        false_positive_cost=false_positive_cost,
        missed_cost=missed_cost,
    )
    check_confidence(confidence)
    if replicates < 0 or splits < 0 or folds < 2:
        raise PolicyError(
            f"replicates and splits must not be negative, folds at least 2; found {replicates}, {splits}, {folds}"
        )
    names = list(dict.fromkeys(by))
    require_known_of_predictions(point, names)
    prices = None if costs is None else Prices.of(point, costs)
    grouped = GroupedScores.of(point, names, threads=threads)
    whole = grouped if not names else GroupedScores.of(point, (), threads=threads)
    weights = _Weights.of(point, replicates=replicates, folds=folds, splits=splits, seed=seed)
    everything = Chooser(whole.groups[0], objective, prices)
    fallback = everything.thresholds(weights.to_choose)
    choose = partial(
        _choose,
        objective=objective,
        prices=prices,
        weights=weights,
        fallback=fallback,
        least=min_support if names else None,
        confidence=confidence,
    )
    chosen = run_in_order(choose, grouped.groups, threads=worker_count(threads))
    return table_of(
        point,
        grouped.keys,
        chosen,
        objective=objective,
        default=float(fallback[0]),
        how=describe_judging(replicates=replicates, folds=folds, splits=splits, confidence=confidence),
    )


def require_known_of_predictions(point: OperatingPoint, names: Sequence[str]) -> None:
    """Refuse attributes that say nothing of a prediction that was never matched.

    Raises:
        QueryError: A name is neither ``category`` nor an attribute of the images.
    """
    known = ["category", *point.evidence.attributes("images")]
    for name in names:
        if name not in known:
            raise QueryError(
                f"a threshold by {name!r} cannot be applied: only the class and the image of a prediction are "
                f"known before it is matched. Hint: one of {', '.join(known)}"
            )


@dataclass(frozen=True)
class _Weights:
    """Sets of weights in one order: everything once, the parts, the replicates."""

    to_choose: Drawn
    to_judge: Drawn
    parts: int

    @classmethod
    def of(cls, point: OperatingPoint, *, replicates: int, folds: int, splits: int, seed: int) -> _Weights:
        ids = point.evidence.cluster_ids
        once = np.ones((1, len(ids)), np.uint8)
        chosen_on, judged_on = divided(len(ids), folds=folds, splits=splits, seed=seed)
        drawn = poisson_weights(ids, replicates, seed=seed)
        return cls(
            Drawn(np.concatenate([once, chosen_on, drawn])),
            Drawn(np.concatenate([once, judged_on, drawn])),
            folds * splits,
        )


def _choose(
    group: ScoredGroup,
    *,
    objective: Objective,
    prices: Prices | None,
    weights: _Weights,
    fallback: Numbers,
    least: int | None,
    confidence: float,
) -> Chosen:
    """The threshold of a group; without a least number of objects the group is everything, its own fallback."""
    chooser = Chooser(group, objective, prices)
    source: str | None = "own"
    reason: str | None = None
    own = fallback
    if least is not None and group.objects < least:
        source = "everything"
        reason = f"{group.objects} objects are fewer than {least}"
    elif least is not None:
        own = chooser.thresholds(weights.to_choose)
    threshold = float(own[0])
    if np.isnan(threshold):
        source, reason = None, objective.why_none(group.curve, group.images)
    at = own.copy()
    at[1 + weights.parts :] = threshold
    tallies = chooser.tallies(at, weights.to_judge)
    return Chosen(
        threshold,
        observed_bounds(own[1 + weights.parts :], confidence=confidence),
        halfway(group.scores, threshold),
        tallies[:1],
        judge(tallies, own, weights.parts, group, beta=objective.beta, confidence=confidence),
        source,
        reason,
    )
