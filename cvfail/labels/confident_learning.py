"""Confident learning: how often labels of one class belong to another, from out-of-sample probabilities."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError, Problem, SchemaError
from cvfail.labels.label_quality import Compat, Quality, label_quality

Filter = Literal["confident_learning", "prune_by_noise_rate", "predicted_neq_given"]

FILTERS: tuple[Filter, ...] = ("confident_learning", "prune_by_noise_rate", "predicted_neq_given")

_TOLERANCE = 1e-6
_LEAST_THRESHOLD = 2e-6
_NEVER = 2.0
"""The threshold of a class without labels; no probability reaches it."""

_NONE = -1


@dataclass(frozen=True)
class ConfidentLearning:
    """What confident learning says of some labels; codes of classes are columns of the probabilities.

    Attributes:
        labels: Code of the given label, shape (n,).
        probabilities: Out-of-sample probability of each class, shape (n, k).
        compat: ``"cleanlab"`` follows that library where it differs from the paper.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    compat: Compat | None = None

    @cached_property
    def thresholds(self) -> NDArray[np.float64]:
        """The mean probability of each class among the images labelled with it, shape (k,); 2 without any."""
        order = np.argsort(self.labels, kind="stable")
        own = self.probabilities[order, self.labels[order]]
        edges = np.searchsorted(self.labels[order], np.arange(self.probabilities.shape[1] + 1))
        means = [
            np.mean(own[first:last]) if last > first else _NEVER for first, last in itertools.pairwise(edges)
        ]
        return np.maximum(np.array(means, np.float64), _LEAST_THRESHOLD)

    @cached_property
    def confident(self) -> NDArray[np.int64]:
        """The class that each image is confidently of, -1 if none, shape (n,).

        It is the most probable one of the classes whose probability reaches their threshold. cleanlab takes,
        where several do, the most probable of all classes, which need not be one of them.
        """
        reached = self.probabilities >= self.thresholds - _TOLERANCE
        number = reached.sum(axis=1)
        within = np.where(reached, self.probabilities, -1.0).argmax(axis=1)
        if self.compat == "cleanlab":
            within = np.where(number > 1, self.probabilities.argmax(axis=1), within)
        return np.where(number > 0, within, _NONE).astype(np.int64)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The confident joint: images by label and confident class, shape (k, k).

        A label of which no image is confident of any class has one confident image of its own class. cleanlab
        gives every label at least one such.
        """
        k = self.probabilities.shape[1]
        known = self.confident != _NONE
        cells = self.labels[known] * k + self.confident[known]
        counts = np.bincount(cells, minlength=k * k).reshape(k, k).astype(np.int64)
        own = np.diagonal(counts)
        lacking = (own < 1) if self.compat == "cleanlab" else counts.sum(axis=1) == 0
        np.fill_diagonal(counts, np.where(lacking, 1, own))
        return counts

    @cached_property
    def expected(self) -> NDArray[np.float64]:
        """The confident joint with rows scaled to the number of labels: images by label and true class, shape (k, k).

        cleanlab rounds it to whole numbers that keep the sums of rows.
        """
        numbers = np.bincount(self.labels, minlength=len(self.counts))
        scaled = (self.counts.T / self.counts.sum(axis=1) * numbers).T
        if self.compat == "cleanlab":
            total = np.asfortranarray(scaled).sum()  # adds up by columns, which decides ties of the rounding
            return _rounded_rows(scaled / max(total, 1e-100) * self.labels.size).astype(np.float64)
        return np.asarray(scaled)

    @property
    def joint(self) -> NDArray[np.float64]:
        """The probability of label and true class together, shape (k, k); NaN without images."""
        total = self.expected.sum()
        return self.expected / total if total > 0 else np.full(self.expected.shape, np.nan)

    def quality(self, method: Quality = "self_confidence") -> NDArray[np.float64]:
        """The quality of each label in [0, 1], low where it is suspect; see `cvfail.labels.label_quality`."""
        return label_quality(self.labels, self.probabilities, method=method, compat=self.compat)

    def issues(self, by: Filter = "confident_learning") -> NDArray[np.bool_]:
        """Which labels are probably wrong, shape (n,).

        Args:
            by: ``confident_learning`` takes what is confidently of another class; ``prune_by_noise_rate``, for
                each pair of classes, as many as `expected` says, where the other class is ahead by most;
                ``predicted_neq_given`` every label that is not the most probable class.

        Returns:
            A mask; never a label that is the most probable class, or as probable as that.

        Raises:
            PolicyError: There is no such filter.
        """
        if by not in FILTERS:
            raise PolicyError(f"there is no filter {by!r}. Hint: one of {', '.join(FILTERS)}")
        found = self._disagrees.copy()
        if by == "confident_learning":
            found &= (self.confident != _NONE) & (self.confident != self.labels)
        if by == "prune_by_noise_rate":
            found &= self._pruned
        return found

    @cached_property
    def suggested(self) -> NDArray[np.int64]:
        """The class that the label should perhaps be, shape (n,): the confident one, else the most probable other."""
        other = self.probabilities.copy()
        other[np.arange(self.labels.size), self.labels] = -1.0
        confident = (self.confident != _NONE) & (self.confident != self.labels)
        return np.where(confident, self.confident, other.argmax(axis=1)).astype(np.int64)

    @cached_property
    def _disagrees(self) -> NDArray[np.bool_]:
        """Labels that another class is more probable than; by more than a tolerance for cleanlab."""
        rows = np.arange(self.labels.size)
        if self.compat != "cleanlab":
            return np.asarray(self.probabilities[rows, self.labels] < self.probabilities.max(axis=1))
        favoured = self.probabilities.copy()
        favoured[rows, self.labels] += _TOLERANCE
        return np.asarray(favoured.argmax(axis=1) != self.labels)

    @cached_property
    def _pruned(self) -> NDArray[np.bool_]:
        """For each label and other class, the images in which that class is ahead of the label by most."""
        stable = self.compat != "cleanlab"
        numbers = _numbers_to_prune(self.expected)
        pruned = np.zeros(self.labels.size, np.bool_)
        for label in np.flatnonzero(np.bincount(self.labels, minlength=len(numbers)) > 1):
            rows = np.flatnonzero(self.labels == label)
            for other in np.flatnonzero(numbers[label]):
                margin = self.probabilities[rows, other] - self.probabilities[rows, label]
                pruned[rows[np.argsort(-margin, stable=stable)[: numbers[label, other]]]] = True
        return pruned


def confident_learning(
    labels: ArrayLike, probabilities: ArrayLike, *, compat: Compat | None = None
) -> ConfidentLearning:
    """Estimate label noise from labels and out-of-sample probabilities.

    Args:
        labels: Class of each image as a column of `probabilities`, integers, shape (n,).
        probabilities: Probability of each class, shape (n, k), from a model that was not fitted on these images:
            a held-out set, or cross-validation. A model that has learnt the labels by heart agrees with them.
        compat: ``"cleanlab"`` gives exactly what cleanlab 2.9 gives: the most probable of all classes where
            several reach their threshold, at least one confident image on the diagonal, whole numbers.

    Returns:
        Thresholds, confident joint, joint, issues and quality of the labels.

    Raises:
        SchemaError: The arrays do not fit each other, or hold something that is no label or no probability.

    Source: Northcutt, Jiang, Chuang, JAIR 70 (2021) 1373-1411, arXiv 1911.00068; cleanlab 2.9.0.

    Example:
        >>> probabilities = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]
        >>> learnt = confident_learning([0, 0, 0, 1], probabilities)
        >>> learnt.issues().tolist()
        [False, False, True, False]
        >>> learnt.counts.tolist()
        [[2, 1], [0, 1]]
    """
    matrix = np.ascontiguousarray(probabilities, np.float64)
    codes = np.asarray(labels)
    if matrix.ndim != 2 or codes.shape != matrix.shape[:1]:
        raise _unusable("must have one row per label", f"shape {matrix.shape} for {codes.size} labels")
    if codes.size and not (
        np.issubdtype(codes.dtype, np.integer) and codes.min() >= 0 and codes.max() < matrix.shape[1]
    ):
        raise _unusable(
            "must have a column for each label", f"{matrix.shape[1]} columns, labels {codes[:5]} …"
        )
    if not np.all((matrix >= 0) & (matrix <= 1)):
        raise _unusable("must be in [0, 1]", "others, or NaN")
    return ConfidentLearning(codes.astype(np.int64), matrix, compat)


def _numbers_to_prune(expected: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many labels of each class to take as being of each other class, shape (k, k); leaves one of each class."""
    counts = _rounded_rows(expected)
    own = np.diagonal(counts)
    added = np.maximum(own, 1) - own
    others = np.maximum(np.count_nonzero(counts, axis=1) - 1.0, 1.0)
    left = np.maximum(counts - (added / others)[:, None], 0.0)
    np.fill_diagonal(left, 0)
    return np.asarray(left, np.int64)


def _rounded_rows(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers that keep the sum of each row, by the largest remainders."""
    return np.array([_rounded(row) for row in values], np.int64).reshape(values.shape)


def _rounded(row: NDArray[np.float64]) -> NDArray[np.int64]:
    whole = row.round()
    while (lacking := int(np.round(np.sum(row).round() - np.sum(whole).round()))) != 0:
        step = 1 if lacking > 0 else -1
        order: NDArray[np.intp] = np.argsort(row - whole)[::-step]
        whole[order[: min(abs(lacking), row.size)]] += step
    return whole.astype(np.int64)


def _unusable(rule: str, found: Any) -> SchemaError:  # noqa: ANN401
    hint = "pass integers from 0 and an array with one row per label and one column per class"
    problem = Problem(
        source="labels", field="probabilities", rule=f"probabilities {rule}", found=str(found), hint=hint
    )
    return SchemaError([problem])
