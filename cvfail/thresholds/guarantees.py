"""Thresholds with a guarantee on images: learn then test, and conformal risk control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict, get_args

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Block
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.result import ResultTable
from cvfail.thresholds.thresholds import describe_without_score

Numbers = NDArray[np.float64]

Risk = Literal["missed", "false_alarm", "false_positives"]
Method = Literal["learn_then_test", "conformal_risk_control"]

_LOSSES: dict[Risk, str] = {
    "missed": "share of an image's objects that is missed",
    "false_alarm": "share of images with a false positive",
    "false_positives": "false positives of an image, as a share of {most}, at most 1",
}


class GuaranteeOptions(TypedDict, total=False):
    """Options of `guaranteed_threshold`."""

    method: Method
    confidence: float
    most: int


def guaranteed_threshold(
    point: OperatingPoint,
    *,
    risk: Risk,
    at_most: float,
    method: Method = "learn_then_test",
    confidence: float = 0.95,
    most: int = 10,
) -> ResultTable:
    """The best threshold at which the risk on other images is bounded.

    Args:
        point: The evaluation, of images that are like those to come and were used neither to train the model nor to
            choose anything; its score threshold is not looked at.
        risk: ``missed``: the share of an image's objects that is not found, averaged over images with objects;
            ``false_alarm``: the share of images with a false positive; ``false_positives``: false positives of an
            image divided by `most`, 1 from `most` on, averaged over all images.
        at_most: The largest risk that is allowed, in (0, 1).
        method: ``learn_then_test``: with a probability of `confidence` over these images, the risk is within the
            limit. ``conformal_risk_control``: it is so on average over images like these.
        confidence: Of learn then test.
        most: Number of false positives that is as bad as can be.

    Returns:
        One row: risk, at_most, method, threshold (for ``missed`` the highest one with the guarantee, else the
        lowest), empirical_risk (on these images, at the threshold), p_value (of learn then test: that the risk
        exceeds the limit), support (clusters of images), reason (null, or why there is no threshold).

    Raises:
        PolicyError: An option has no meaning.

    Notes:
        The unit is the cluster of images (the image, if no other is given), whose loss is the mean over its images;
        clusters to come must be exchangeable with these. As thresholds rise, more is missed and fewer false
        positives are made, so that one test after the other, from the safe end on until the first that does not
        reject, needs no correction: the fixed sequence of learn then test. For a monotone risk the observed scores
        may be the candidates, for only the last threshold that is truly safe can be passed by mistake.
        p-values are the smaller of Hoeffding's, in Hoeffding's tight form, and Bentkus's; exact binomial for
        ``false_alarm`` of single images.

    Source: Angelopoulos et al., Learn then test (2021); Bates et al., Distribution-free, risk-controlling prediction
    sets (2021), for monotone risks; Angelopoulos et al., Conformal risk control (2022). Cost: one sort.

    Example:
        >>> import cvfail as cf
        >>> box = [[5, 5, 4, 4]]
        >>> truth = {"image_id": range(200), "category_id": [1] * 200, "bbox": box * 200}
        >>> found = truth | {"score": [0.9 if i % 50 else 0.1 for i in range(200)]}
        >>> evaluation = cf.evaluate(cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh"))
        >>> safe = guaranteed_threshold(OperatingPoint.of(evaluation.evidence), risk="missed", at_most=0.06)
        >>> safe.df.select("threshold", "empirical_risk").row(0)
        (0.9, 0.02)
    """
    _check(risk, method, at_most, confidence, most)
    events = _events(point, risk, most)
    curve = events.curve()
    n = events.clusters
    if method == "conformal_risk_control":
        limit = np.full(curve.risk.shape, np.nan)
        allowed = (n * curve.risk + 1.0) / (n + 1.0) <= at_most
    else:
        binary = risk == "false_alarm" and events.is_of_single_images
        limit = hoeffding_bentkus(curve.risk, n, at_most=at_most, binary=binary)
        allowed = limit <= 1.0 - confidence
    passed = int(np.logical_and.accumulate(allowed).sum())
    place = passed - 1
    known = place >= 0 and n > 0
    row = {
        "risk": risk,
        "at_most": at_most,
        "method": method,
        "threshold": float(curve.thresholds[place]) if known else None,
        "empirical_risk": float(curve.risk[place]) if known else None,
        "p_value": float(limit[place]) if known and method == "learn_then_test" else None,
        "support": n,
        "reason": None if known else _why_none(curve.risk, n, at_most),
    }
    schema = dict.fromkeys(("threshold", "empirical_risk", "p_value"), pl.Float64) | {"reason": pl.String}
    said = f"{_LOSSES[risk].format(most=most)}: at most {at_most:g}"
    how = f"with {confidence:.0%} confidence" if method == "learn_then_test" else "on average"
    return ResultTable(
        pl.DataFrame([row], schema_overrides=schema),
        caption=f"{said}, {how}; {method.replace('_', ' ')}; {describe_without_score(point)}",
    )


def hoeffding_bentkus(risk: ArrayLike, units: int, *, at_most: float, binary: bool = False) -> Numbers:
    """The p-value that a risk exceeds a limit, from the mean of losses in [0, 1].

    Args:
        risk: Means of independent losses, any shape.
        units: How many losses each mean is of.
        at_most: The limit α.
        binary: Losses are 0 or 1.

    Returns:
        ``min(exp(-n h(min(r, α), α)), e P(Bin(n, α) <= ⌈n r⌉))`` with the relative entropy h, the factor e left out
        for binary losses; at most 1, and 1 without units.

    Source: Bates et al. (2021) proposition 4; Angelopoulos et al. (2021) §3.1.

    Example:
        >>> hoeffding_bentkus([0.0, 0.02, 0.2], 100, at_most=0.1).round(5).tolist()
        [3e-05, 0.00529, 1.0]
    """
    from scipy.special import bdtr, xlogy

    mean = np.asarray(risk, np.float64)
    if units == 0:
        return np.ones(mean.shape)
    low = np.minimum(mean, at_most)
    entropy = xlogy(low, low / at_most) + xlogy(1.0 - low, (1.0 - low) / (1.0 - at_most))
    events = np.ceil(np.round(units * mean, 9))
    bentkus = bdtr(np.minimum(events, units), units, at_most) * (1.0 if binary else np.e)
    return np.asarray(np.minimum(np.minimum(np.exp(-units * entropy), bentkus), 1.0))


@dataclass(frozen=True)
class _RiskCurve:
    """The risk at thresholds, from the safest on.

    Attributes:
        thresholds: Observed scores, and one at which nothing is lost or nothing is kept, shape (m,).
        risk: Mean loss at each, shape (m,), never falling.
    """

    thresholds: Numbers
    risk: Numbers


@dataclass(frozen=True)
class _Events:
    """What raises the loss of clusters when thresholds pass a score.

    Attributes:
        scores: Shape (n,).
        losses: What each adds to the sum of the losses of all clusters, shape (n,).
        start: That sum at the safe end.
        clusters: How many clusters there are.
        rising: Whether the loss rises with the threshold.
        is_of_single_images: Whether each cluster is one image.
    """

    scores: Numbers
    losses: Numbers
    start: float
    clusters: int
    rising: bool
    is_of_single_images: bool

    def curve(self) -> _RiskCurve:
        """Sort once; a threshold keeps the predictions of its own score."""
        order = np.argsort(self.scores if self.rising else -self.scores, kind="stable")
        scores = self.scores[order]
        total = np.concatenate([[0.0], np.cumsum(self.losses[order])])
        values, first = np.unique(scores if self.rising else -scores, return_index=True)
        sums = total[first] if self.rising else total[np.append(first[1:], scores.size)]
        thresholds = values if self.rising else -values
        end = np.array([] if self.rising else [np.inf])
        sums = np.concatenate([[] if self.rising else [0.0], sums])
        thresholds = np.concatenate([end, thresholds])
        if self.rising and not thresholds.size and self.clusters:
            thresholds, sums = np.array([-np.inf]), np.zeros(1)
        return _RiskCurve(thresholds, np.clip((self.start + sums) / max(self.clusters, 1), 0.0, 1.0))


def _events(point: OperatingPoint, risk: Risk, most: int) -> _Events:
    """Gather the losses of all clusters."""
    evidence = point.evidence
    everything = OperatingPoint.of(evidence, iou=point.iou, score=-np.inf)
    images = len(evidence.images)
    objects = np.zeros(images, np.int64)

    def count(block: Block) -> NDArray[np.int64]:
        part = block.evidence
        own = part.coding.truth_image[part.regular()].astype(np.int64) + block.first_image
        return np.bincount(own, minlength=images)

    objects = np.sum([objects, *evidence.over_blocks(count)], axis=0)
    taking_part = objects > 0 if risk == "missed" else np.ones(images, np.bool_)
    clusters = evidence.clusters[taking_part]
    sizes = np.bincount(clusters, minlength=len(evidence.cluster_ids))
    share = 1.0 / np.maximum(sizes, 1)[evidence.clusters]

    def rows(block: Block) -> tuple[NDArray[np.int64], Numbers, NDArray[np.bool_]]:
        part = everything.on(block)
        kept = np.flatnonzero(part.correct if risk == "missed" else part.correct | part.wrong)
        own = part.evidence.coding.image[kept].astype(np.int64) + block.first_image
        return own, part.scores[kept], part.wrong[kept]

    image, scores, wrong = (np.concatenate(own) for own in zip(*evidence.over_blocks(rows), strict=True))
    if risk == "missed":
        losses = share[image] / objects[image]
        start = float(np.count_nonzero(sizes)) - float(losses.sum())
    else:
        limit = 1 if risk == "false_alarm" else most
        counted = _first_of_each(image, scores, wrong, limit)
        losses, start = np.where(counted, share[image] / limit, 0.0), 0.0
    return _Events(
        scores,
        losses,
        start,
        int(np.count_nonzero(sizes)),
        risk == "missed",
        bool((sizes <= 1).all()),
    )


def _first_of_each(
    image: NDArray[np.int64], scores: Numbers, wrong: NDArray[np.bool_], limit: int
) -> NDArray[np.bool_]:
    """The wrong predictions of the best scores of each image, as many as the limit."""
    rows = np.flatnonzero(wrong)
    order = rows[np.lexsort((-scores[rows], image[rows]))]
    ordered = image[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    counted = np.zeros(wrong.size, np.bool_)
    counted[order[np.arange(order.size) - starts < limit]] = True
    return counted


def _why_none(risk: Numbers, clusters: int, at_most: float) -> str:
    if not clusters:
        return "no images with objects"
    if risk[0] > at_most:
        return f"the risk is {risk[0]:.3g} at the best threshold for it"
    return f"{clusters} clusters of images are too few to be sure of it"


def _check(risk: str, method: str, at_most: float, confidence: float, most: int) -> None:
    if risk not in get_args(Risk):
        raise PolicyError(f"risk must be one of {', '.join(get_args(Risk))}; found {risk!r}")
    if method not in get_args(Method):
        raise PolicyError(f"method must be one of {', '.join(get_args(Method))}; found {method!r}")
    if not 0.0 < at_most < 1.0 or not 0.0 < confidence < 1.0:
        raise PolicyError(f"at_most and confidence must be in (0, 1); found {at_most} and {confidence}")
    if most < 1:
        raise PolicyError(f"most must be 1 or more; found {most}")
