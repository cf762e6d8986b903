"""Two runs side by side: what changed, where, and the objects that flipped."""

from __future__ import annotations

from typing import Literal, TypedDict

from cvfail.report.schema.numbers import Estimate


class Delta(TypedDict):
    """One metric of both runs somewhere.

    Attributes:
        level: ``overall``, ``class``, ``slice`` or ``failure mode``.
        name: The class, the slice or the title of the mode; empty for everything.
        metric: As in `cvfail.compare`: recall, precision, ap …; of a mode error_rate.
        style: ``score`` is printed as 0.421, ``rate`` as 42.1 %, ``number`` as 1.44.
        lower_is_better: Whether a negative difference is an improvement.
        baseline: Of the baseline; None where undefined.
        candidate: Of this run.
        difference: This run's minus the baseline's, with its interval; support is what the baseline's is a share of.
        p_value: Of no difference.
        q_value: Over everything that was compared.
        detectable: The smallest difference that this set would have shown four times of five.
        clusters: Images (or videos, patients) that it comes from.
        thin: Too few of them for the interval to be trusted.
        change: ``better`` or ``worse`` where the q-value is below 0.05, else ``unclear``.
    """

    level: Literal["overall", "class", "slice", "failure mode"]
    name: str
    metric: str
    style: Literal["score", "rate", "number"]
    lower_is_better: bool
    baseline: float | None
    candidate: float | None
    difference: Estimate
    p_value: float | None
    q_value: float | None
    detectable: float | None
    clusters: int
    thin: bool
    change: Literal["better", "worse", "unclear"]


class FrozenMode(Delta):
    """A failure mode of the baseline, looked at again.

    Attributes:
        title: What happens where.
        what: What happens, for a heading.
        slice: Where.
        outcome: ``removed`` (significantly fewer, and no longer more frequent than elsewhere), ``reduced``,
            ``worse``, ``moved`` (more of this error, but on objects that were wrong before in another way) or
            ``unclear``.
        errors_before: Errors of the mode in the baseline.
        errors_now: In this run.
        repaired: Of the errors before, those that are right (false positives: gone) now.
        broken: Of the errors now, those that were right (false positives: not there) before.
        examples: Positions in ``examples``: repaired errors if there are fewer than before, else broken ones.
        captions: What became of each of them.
    """

    title: str
    what: str
    slice: str
    outcome: Literal["removed", "reduced", "worse", "moved", "unclear"]
    errors_before: int
    errors_now: int
    repaired: int
    broken: int
    examples: list[int]
    captions: list[str]


class FlipGroup(TypedDict):
    """The rows that flipped in one way.

    Attributes:
        flip: As in `cvfail.comparison.flips`: fixed, broken, still wrong, still right; gone, new, still there.
        title: The same in words, for a heading.
        count: How many.
        share: Of all objects, or of the false positives of either run; None without any.
        examples: Positions in ``examples``, spread over images; none of what is still right.
        captions: What became of each of them.
    """

    flip: str
    title: str
    count: int
    share: float | None
    examples: list[int]
    captions: list[str]


class FlipSlice(TypedDict):
    """A slice in which something got worse.

    Attributes:
        flip: ``broken`` or ``new``.
        slice: Where.
        support: Objects that the baseline found there, or this run's detections there.
        flipped: How many of them are broken, or new false positives.
        rate: Their share.
        rest_rate: The same elsewhere.
        q_value: Over all slices that were searched.
        balance: What this did to the slice as a whole: its recall, or its false positives per image (precision of a
            classifier); None where the slice has none.
        examples: Positions in ``examples``.
        captions: What became of each of them.
    """

    flip: Literal["broken", "new"]
    slice: str
    support: int
    flipped: int
    rate: float
    rest_rate: float | None
    q_value: float | None
    balance: Delta | None
    examples: list[int]
    captions: list[str]


class Comparison(TypedDict):
    """This run against a baseline.

    Attributes:
        baseline: Name of the baseline: of the file with its predictions, or ``the baseline``.
        operating_points: At which thresholds the two are compared, in one sentence.
        verdict: A few plain sentences: better or worse, which failure modes went, what got worse.
        overall: Metrics of everything.
        changed: Classes and slices with a q-value below 0.05, the surest first.
        changed_left_out: Further ones.
        looked_at: Differences that q-values account for.
        modes: The significant failure modes of the baseline, the costliest first.
        modes_left_out: Further ones.
        objects: Fixed, broken, still wrong, still right.
        false_positives: Gone, new, still there.
        worse: Slices in which broken objects, then new false positives, gather.
        not_by: Attributes that were not compared, with the reason.
        caveats: What the comparison does not say.
    """

    baseline: str
    operating_points: str
    verdict: list[str]
    overall: list[Delta]
    changed: list[Delta]
    changed_left_out: int
    looked_at: int
    modes: list[FrozenMode]
    modes_left_out: int
    objects: list[FlipGroup]
    false_positives: list[FlipGroup]
    worse: list[FlipSlice]
    not_by: list[str]
    caveats: list[str]
