"""Labels that are probably wrong."""

from __future__ import annotations

from typing import TypedDict


class SuspectKind(TypedDict):
    """The suspects of one kind, or all of them together.

    Attributes:
        name: ``missing``, ``wrong_class``, ``bad_box``, ``spurious``, ``duplicate``, ``conflict``; ``all``.
        title: The same in words.
        explanation: What is suspect, in one plain sentence.
        suspects: How many.
        gains: What precision, recall, f1 and ap (classification: accuracy) would gain if every one of them were wrong
            and put right, by name; None where undefined.
    """

    name: str
    title: str
    explanation: str
    suspects: int
    gains: dict[str, float | None]


class Suspect(TypedDict):
    """One label that is probably wrong, or a place where one is missing.

    Attributes:
        rank: Among all suspects, 1 is the most suspect.
        kind: Name of its kind.
        reason: Why, in one sentence.
        file_name: The image.
        label: Position in ``labels`` of the class as given; None where a label is missing.
        suggested: Position in ``labels`` of the class that it should perhaps have; None if that is not in doubt.
        suspicion: From 0 to 1.
        score: Of the prediction that speaks against it; None where there is none.
        example: Position in ``examples``; None where the gallery was full.
    """

    rank: int
    kind: str
    reason: str
    file_name: str
    label: int | None
    suggested: int | None
    suspicion: float
    score: float | None
    example: int | None


class LabelSuspects(TypedDict):
    """The labels to look at again.

    Attributes:
        kinds: One entry per kind that the task has.
        together: All kinds together.
        suspects: The most suspect of all and of each kind.
        note: Why there are none, where the labels could not be judged; else empty.
    """

    kinds: list[SuspectKind]
    together: SuspectKind
    suspects: list[Suspect]
    note: str
