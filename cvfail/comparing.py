"""From several evaluations to what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

if TYPE_CHECKING:
    from cvfail.comparison.ablations import Ablations
    from cvfail.comparison.comparison import CompareOptions, Comparison
    from cvfail.comparison.disagreement import Disagreement, Way
    from cvfail.evaluation import Evaluation


def compare(
    baseline: Evaluation,
    candidate: Evaluation | Mapping[str, Evaluation],
    **options: Unpack[CompareOptions],
) -> Comparison:
    """Compare models on the same images and labels: is the new one better, and did anything break.

    Args:
        baseline: The model that others are compared with.
        candidate: Another one, or several by name.
        options: ``by``, ``slices``, ``modes``, ``score``, ``intersection``, ``replicates`` … of
            `cvfail.comparison.comparison.compare`.

    Returns:
        Every metric of both with paired differences, `flips` object by object; see
        `cvfail.comparison.comparison.Comparison`.

    Raises:
        PolicyError: Images, labels, classes or policies differ; the message lists how.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 2, 3], "category_id": [1, 1, 1], "bbox": [[0, 0, 10, 10]] * 3}
        >>> found = [truth | {"score": [0.9] * 3}, truth | {"score": [0.9, 0.1, 0.1]}]
        >>> old, new = (
        ...     cf.evaluate(cf.from_frames(ground_truth=truth, predictions=one, box_format="xywh"))
        ...     for one in found
        ... )
        >>> cf.compare(old, new).metrics.df.filter(metric="recall").select("baseline", "candidate").row(0)
        (1.0, 0.3333333333333333)
    """
    from cvfail.comparison.comparison import compare as compare_evidence

    if isinstance(candidate, Mapping):
        return compare_evidence(
            baseline.evidence, {name: one.evidence for name, one in candidate.items()}, **options
        )
    return compare_evidence(baseline.evidence, candidate.evidence, **options)


def ablations(
    runs: Mapping[str, tuple[Evaluation, Mapping[str, object]]], **options: Unpack[CompareOptions]
) -> Ablations:
    """Which change of a setting removed which failure mode.

    Args:
        runs: By name: the evaluation of a run, and its settings by name.
        options: Of `compare`: ``modes``, ``by``, ``slices`` … Average precision is left out if it is not asked for.

    Returns:
        Every pair of runs that differ in one setting alone, compared; see `cvfail.comparison.ablations.Ablations`.

    Raises:
        PolicyError: Two runs have the same settings, or their data differ.
    """
    from cvfail.comparison.ablations import ablations as ablations_of_evidence

    known = {name: (one.evidence, settings) for name, (one, settings) in runs.items()}
    return ablations_of_evidence(known, **options)


def disagreement(evaluation: Evaluation, first: Way, second: Way) -> Disagreement:
    """Why two tools differ on the same data: the rows that change sides.

    Args:
        evaluation: A detector's predictions.
        first: ``ultralytics 8.4``, ``supervision``, ``hotcoco``, ``mmdet``, ``fiftyone``, ``fiftyone classwise``, a
            `cvfail.comparison.conventions.Convention`, or a `Policy`.
        second: Likewise.

    Returns:
        Both confusion matrices and what moves between their cells; see `cvfail.comparison.disagreement.Disagreement`.

    Raises:
        QueryError: There is no such convention, or the evaluation is of a classifier.
    """
    from cvfail.comparison.disagreement import disagreement as disagreement_of_evidence

    return disagreement_of_evidence(evaluation.evidence, first, second)
