"""A model as a gate sees it: the sums and replicates of all that rules ask, and what it was measured on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.gate.identity import Identity
from cvfail.gate.precision_values import precision_values
from cvfail.gate.question import Question, questions_of
from cvfail.gate.rate_sums import mode_sums, rate_sums
from cvfail.gate.rule import Rule
from cvfail.gate.rules_file import Rules


@dataclass(frozen=True)
class Measured:
    """What is known of a model.

    Attributes:
        identity: What it was measured on.
        asked: Keys of all questions that were put.
        sums: See `cvfail.gate.rate_sums.rate_sums`.
        values: See `cvfail.gate.precision_values.precision_values`.
        seed: Of the replicates.
        described: Policy and operating point in words.
    """

    identity: Identity
    asked: frozenset[str]
    sums: pl.DataFrame
    values: Mapping[str, NDArray[np.float64]]
    seed: int
    described: str

    def refuse_unlike(self, candidate: Measured) -> None:
        """Raise if a candidate cannot be compared with this baseline.

        Raises:
            PolicyError: With all that differs.
        """
        found = self.identity.differences(candidate.identity)
        replicates = {len(values) - 1 for values in self.values.values()}
        drawn = {len(values) - 1 for values in candidate.values.values()}
        if self.values and candidate.values and (replicates != drawn or self.seed != candidate.seed):
            found.append("replicates and seed are others")
        if found:
            raise PolicyError(
                f"baseline and candidate cannot be compared: {'; '.join(found)}. Hint: evaluate both on the same "
                "images and labels with the same policy, or write the baseline anew"
            )

    def refuse_unasked(self, questions: Iterable[Question]) -> None:
        """Raise if something is not known.

        Raises:
            PolicyError: It was written for other rules.
        """
        missing = [question for question in questions if question.key not in self.asked]
        if missing:
            first = missing[0]
            where = " | ".join(part for part in (first.metric, first.place, first.category) if part)
            raise PolicyError(
                f"the baseline was written for other rules: it does not know {where} ({len(missing)} in all). "
                "Hint: cvfail gate BASELINE_RUN --rules FILE --write-baseline FILE"
            )

    def refuse_other_slices(self, candidate: Measured, questions: Iterable[Question]) -> None:
        """Raise if a slice has other objects in a candidate than in this baseline.

        Raises:
            PolicyError: With the first such slice; not if the baseline is a file that does not know its objects.
        """
        for question in {one.key: one for one in questions}.values():
            counted = _counted(question)
            if counted is None or counted.key not in self.asked or counted.key not in candidate.asked:
                continue
            ours, theirs = (
                one.sums.filter(question=counted.key).select("cluster", "denominator").sort("cluster")
                for one in (self, candidate)
            )
            if not ours.equals(theirs):
                raise PolicyError(
                    f"{question.place!r} has other rows in the candidate than in the baseline: the attribute differs "
                    "between the two. Hint: join the same table to both"
                )


def _counted(question: Question) -> Question | None:
    """The question whose denominators are the objects of a slice, or of a mode of objects; None without a slice."""
    if question.mode is not None:
        return question if question.mode.unit == "ground_truth" else None
    return Question("recall", question.slice) if question.slice is not None else None


def asked_of(rules: Rules, evidence: Evidence) -> list[tuple[Rule, Question]]:
    """Every row of a gate: its rule and what that asks, in order.

    Raises:
        QueryError: A class, an attribute or a metric has no meaning here.
    """
    return [(rule, question) for rule in rules.rules for question in questions_of(rule, rules, evidence)]


def measured(
    evidence: Evidence, questions: Sequence[Question], rules: Rules, *, threads: int | None = None
) -> Measured:
    """Measure a model.

    Args:
        evidence: The model.
        questions: What to ask.
        rules: For the operating point and the replicates.
        threads: Threads over classes; all processors if not given.

    Raises:
        PolicyError: The overlap threshold is not on the policy's ladder, or a mode is of another policy.
        QueryError: A slice, an attribute or a class has no meaning here.
    """
    point = OperatingPoint.of(evidence, iou=rules.iou, score=rules.score)
    precisions = list({one.key: one for one in questions if one.is_precision}.values())
    of_classes = [
        Question(metric, one.slice, category)
        for one in questions
        if one.is_macro
        for metric in one.parts
        for category in evidence.category_names
    ]
    objects = [one.objects for one in precisions] + [one for one in map(_counted, questions) if one]
    every = {one.key: one for one in [*questions, *objects, *of_classes]}
    rates = [one for one in every.values() if one.mode is None and not (one.is_precision or one.is_macro)]
    modes = [one for one in every.values() if one.mode is not None]
    return Measured(
        identity=Identity.of(evidence, iou=point.iou, score=point.score),
        asked=frozenset(every),
        sums=pl.concat([rate_sums(point, rates), mode_sums(evidence, modes)]),
        values=precision_values(
            evidence, precisions, replicates=rules.replicates, seed=rules.seed, threads=threads
        ),
        seed=rules.seed,
        described=evidence.describe(iou=point.iou, score=point.score),
    )
