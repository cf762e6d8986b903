"""From validated tables to evidence: match detections, or compare labels."""

from __future__ import annotations

from cvfail.evidence.columns import ground_truth_with_outcomes, pairs_frame, predictions_with_outcomes
from cvfail.evidence.evidence import Evidence
from cvfail.matching.coding import Coding
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset


def make_evidence(data: Dataset, policy: Policy, *, threads: int | None = None) -> Evidence:
    """Decide the outcome of every row once.

    Args:
        data: Validated tables; not modified.
        policy: Every matching choice.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        The tables with their outcome columns.
    """
    coding = Coding.of(data)
    if data.task == "detection":
        from cvfail.matching.coco import match

        outcomes = match(data, coding, policy, threads=threads)
    else:
        from cvfail.matching.labels import compare_labels

        outcomes = compare_labels(data, coding, policy)
    return Evidence(
        task=data.task,
        policy=policy,
        images=data.images,
        categories=data.categories,
        ground_truth=ground_truth_with_outcomes(data, outcomes, policy),
        predictions=predictions_with_outcomes(data, outcomes, policy),
        pairs=pairs_frame(outcomes.pairs),
        source=data.source,
        rejected=data.rejected,
    )
