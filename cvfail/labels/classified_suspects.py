"""Labels of images that confident learning suspects, as rows."""

from __future__ import annotations

import numpy as np

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.probabilities import has_probabilities
from cvfail.labels.classified_labels import classified_labels
from cvfail.labels.confident_learning import Filter
from cvfail.labels.label_quality import Compat, Quality
from cvfail.labels.suspect_rows import WRONG_CLASS, SuspectRows, by_suspicion, suspects_of_kind


def classified_suspects(
    evidence: Evidence,
    *,
    by: Filter | None = None,
    rank_by: Quality = "self_confidence",
    compat: Compat | None = None,
) -> SuspectRows:
    """The labels that are probably of another class, most suspect first; see `cvfail.labels.suspects`.

    Raises:
        QueryError: The evaluation is not of a classifier, or has no probabilities.
    """
    judged = classified_labels(evidence, compat=compat)
    learnt = judged.learnt
    by = by or ("prune_by_noise_rate" if compat == "cleanlab" else "confident_learning")
    quality = learnt.quality(rank_by)
    places = np.flatnonzero(learnt.issues(by))
    suggested = learnt.suggested[places]
    found = suspects_of_kind(
        WRONG_CLASS,
        truth=judged.truth[places],
        prediction=judged.prediction[places],
        suggested=suggested,
        score=learnt.probabilities[places, suggested],
        suspicion=1.0 - quality[places],
    )
    return by_suspicion(found, evidence)


def classified_suspects_if_known(evidence: Evidence) -> SuspectRows:
    """The same by the default rule; none where the model gave no probabilities."""
    if not has_probabilities(evidence):
        return suspects_of_kind(WRONG_CLASS, suspicion=np.empty(0))
    return classified_suspects(evidence)
