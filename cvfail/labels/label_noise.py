"""Label noise of a classified set: how often labels of each class are wrong, and which classes overlap."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.labels.classified_labels import OUT_OF_SAMPLE, classified_labels
from cvfail.labels.confident_learning import ConfidentLearning
from cvfail.labels.label_quality import Compat
from cvfail.statistics.proportions import wilson
from cvfail.tables.result import ResultTable


class LabelNoise(ResultTable):
    """The estimated noise of each class, with the joint and the overlapping classes behind it.

    Attributes:
        df: One row per class: `category`; `labels`, how many there are; `wrong_labels`, how many of these are
            expected to be of another class; `wrong_share` of the labels with `wrong_lower` and `wrong_upper`;
            `lost_share`, of the images truly of the class those labelled otherwise, with `lost_lower` and
            `lost_upper`; `label_prior` and `true_prior`, the share of the class among labels and in truth;
            `threshold`, its mean probability among its own labels; `support` and `true_support`, the images
            labelled so, and truly so, of which confident learning was confident. Null where there is nothing to
            divide by.
        learnt: Thresholds, counts and issues as arrays.
    """

    def __init__(
        self, df: pl.DataFrame, *, caption: str, learnt: ConfidentLearning, names: list[str]
    ) -> None:
        super().__init__(df, caption=caption)
        self.learnt = learnt
        self._names = names

    @property
    def joint(self) -> ResultTable:
        """One row per label and true class.

        `label`, `true`, `confident` (images), `expected` (images), `probability` of both together, `share` of the
        images with that label.
        """
        learnt, k = self.learnt, len(self._names)
        shares = _ratio(learnt.expected, learnt.expected.sum(axis=1, keepdims=True))
        frame = pl.DataFrame(
            {
                "label": np.repeat(self._names, k),
                "true": np.tile(self._names, k),
                "confident": learnt.counts.ravel(),
                "expected": learnt.expected.ravel(),
                "probability": learnt.joint.ravel(),
                "share": shares.ravel(),
            },
            schema_overrides={"label": pl.String, "true": pl.String},
        )
        return ResultTable(
            frame.with_columns(pl.col("probability", "share").fill_nan(None)),
            caption=f"labels by true class; {self._how}",
        )

    @property
    def overlaps(self) -> ResultTable:
        """One row per pair of classes, most confounded first.

        `class_a`, `class_b`, `probability` that an image is labelled as one and truly the other, `expected` such
        images, `a_labelled_b` and `b_labelled_a` of them. Ties in the order of the classes.
        """
        learnt = self.learnt
        first, second = np.triu_indices(len(self._names), k=1)
        names = pl.Series(self._names, dtype=pl.String)
        frame = pl.DataFrame(
            {
                "class_a": names.gather(pl.Series(first, dtype=pl.Int64)),
                "class_b": names.gather(pl.Series(second, dtype=pl.Int64)),
                "probability": learnt.joint[first, second] + learnt.joint[second, first],
                "expected": learnt.expected[first, second] + learnt.expected[second, first],
                "a_labelled_b": learnt.expected[second, first],
                "b_labelled_a": learnt.expected[first, second],
            }
        ).with_columns(pl.col("probability").fill_nan(None))
        ranked = frame.sort("expected", descending=True, maintain_order=True)
        return ResultTable(ranked, caption=f"overlapping classes; {self._how}")

    def _shown(self) -> pl.DataFrame:
        return self.df.select(
            *(
                "category",
                "labels",
                "wrong_labels",
                "wrong_share",
                "wrong_lower",
                "wrong_upper",
                "lost_share",
            ),
            "true_prior",
        )

    @property
    def _how(self) -> str:
        return self.caption.split("; ", 1)[1]


def label_noise(evidence: Evidence, *, compat: Compat | None = None, confidence: float = 0.95) -> LabelNoise:
    """Estimate how often the labels of each class are wrong, by confident learning.

    Args:
        evidence: Classified images with probabilities of a model that was not fitted on them.
        compat: ``"cleanlab"`` follows that library; see `cvfail.labels.confident_learning`.
        confidence: Of the intervals.

    Returns:
        One row per class, in the order of the class ids.

    Raises:
        QueryError: The evaluation is not of a classifier, or has no probabilities.

    Notes:
        Shares are those of images that are confidently of some class, with Wilson's interval over these images. It
        says nothing about a model that is confidently wrong: that is counted as label noise.

    Example:
        >>> import cvfail as cf
        >>> data = cf.from_labels([0, 0, 0, 1], probabilities=[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]])
        >>> label_noise(cf.evaluate(data).evidence).df["wrong_labels"].to_list()
        [1.0, 0.0]
    """
    learnt = classified_labels(evidence, compat=compat).learnt
    names = evidence.category_names
    expected, counts = learnt.expected, learnt.counts
    numbers = np.bincount(learnt.labels, minlength=len(names))
    total = expected.sum()
    wrong = _shares("wrong", counts, expected, numbers > 0, confidence)
    lost = _shares("lost", counts.T, expected.T, expected.sum(axis=0) > 0, confidence)
    frame = pl.DataFrame(
        {
            "category": pl.Series(names, dtype=pl.String),
            "labels": numbers.astype(np.int64),
            "wrong_labels": expected.sum(axis=1) - np.diagonal(expected),
            **wrong,
            **lost,
            "label_prior": _ratio(numbers, numbers.sum()),
            "true_prior": _ratio(expected.sum(axis=0), total),
            "threshold": np.where(numbers > 0, learnt.thresholds, np.nan),
            "support": np.where(numbers > 0, counts.sum(axis=1), 0),
            "true_support": np.where(expected.sum(axis=0) > 0, counts.sum(axis=0), 0),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))
    rule = "cleanlab's rules" if compat == "cleanlab" else "confident learning"
    images = f"{learnt.labels.size:,} images"
    caption = f"label noise; {rule}, {images}; {OUT_OF_SAMPLE}"
    return LabelNoise(frame, caption=caption, learnt=learnt, names=names)


def _shares(
    name: str,
    counts: NDArray[np.int64],
    expected: NDArray[np.float64],
    known: NDArray[np.bool_],
    confidence: float,
) -> dict[str, NDArray[np.float64]]:
    """Share of each row that is off the diagonal, with its interval over the confident images; NaN where unknown."""
    total = expected.sum(axis=1)
    share = np.where(known, _ratio(total - np.diagonal(expected), total), np.nan)
    trials = counts.sum(axis=1)
    _, lower, upper = wilson(share * trials, trials, confidence=confidence)
    columns = (share, np.where(known, lower, np.nan), np.where(known, upper, np.nan))
    return dict(zip((f"{name}_share", f"{name}_lower", f"{name}_upper"), columns, strict=True))


def _ratio(
    part: NDArray[np.float64] | NDArray[np.int64], whole: NDArray[np.float64] | NDArray[np.int64] | float
) -> NDArray[np.float64]:
    """Quotients; NaN where the whole is 0."""
    quotient = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    np.divide(part, whole, out=quotient, where=np.asarray(whole) > 0)
    return quotient
