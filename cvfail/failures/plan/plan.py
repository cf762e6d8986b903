"""A plan in five steps for one failure mode, with what it must not break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cvfail.errors import FormatError, MissingFileError
from cvfail.failures.failure_mode import FailureMode
from cvfail.tables.writing import write_whole

if TYPE_CHECKING:
    from cvfail.evidence.evidence import Evidence
    from cvfail.failures.plan.check import PlanCheck

VERSION = 1
"""Of the JSON form."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        title: What it is for.
        lines: Plain sentences.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be done about a mode, and by what it will be judged.

    Attributes:
        mode: The mode that is to be mended.
        watch: Modes that must not get worse.
        max_false_positives: By how much false positives per image may rise, in the slice and everywhere.
        margin: By how much the rates of watched modes may rise.
        steps: Define, look, act, verify, guard.
    """

    mode: FailureMode
    watch: tuple[FailureMode, ...]
    max_false_positives: float
    margin: float
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return self.markdown

    @property
    def markdown(self) -> str:
        """The plan to read."""
        lines = [f"# Plan: {self.mode.name}"]
        for number, step in enumerate(self.steps, 1):
            lines += ["", f"## {number}. {step.title}", "", *(f"- {line}" for line in step.lines)]
        return "\n".join(lines) + "\n"

    def _repr_markdown_(self) -> str:
        return self.markdown

    def check(
        self, baseline: Evidence, candidate: Evidence, *, min_clusters: int = 10, confidence: float = 0.95
    ) -> PlanCheck:
        """Whether another model on the same data mends the mode and breaks nothing; see `check_plan`."""
        from cvfail.failures.plan.check import check_plan

        return check_plan(self, baseline, candidate, min_clusters=min_clusters, confidence=confidence)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "version": VERSION,
            "mode": self.mode.to_dict(),
            "watch": [one.to_dict() for one in self.watch],
            "max_false_positives": self.max_false_positives,
            "margin": self.margin,
            "steps": [{"title": step.title, "lines": list(step.lines)} for step in self.steps],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` wrote down.

        Raises:
            FormatError: A field is missing, or the form is of another version.
        """
        if values.get("version") != VERSION:
            raise FormatError(
                f"a plan of version {values.get('version')}; this cvfail reads version {VERSION}"
            )
        try:
            return cls(
                mode=FailureMode.from_dict(values["mode"]),
                watch=tuple(map(FailureMode.from_dict, values["watch"])),
                max_false_positives=float(values["max_false_positives"]),
                margin=float(values["margin"]),
                steps=tuple(Step(one["title"], tuple(one["lines"])) for one in values["steps"]),
            )
        except KeyError as error:
            raise FormatError(f"a plan lacks {error}. Hint: write it with write()") from error

    def write(self, path: str | Path) -> Path:
        """Write the plan: Markdown to read if the name ends in .md, else JSON that `read_plan` reads."""
        path = Path(path)
        if path.suffix.lower() == ".md":
            content = self.markdown.encode()
        else:
            content = msgspec.json.format(msgspec.json.encode(self.to_dict()), indent=2)
        write_whole(path, lambda target: target.write_bytes(content))
        return path


def read_plan(path: str | Path) -> Plan:
    """The plan that `Plan.write` wrote as JSON.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is no plan.
    """
    try:
        content = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, Any])
    except FileNotFoundError as error:
        raise MissingFileError(
            f"{path} does not exist. Hint: cvfail plan ... --save FILE writes one"
        ) from error
    except msgspec.DecodeError as error:
        raise FormatError(f"{path} is no plan: {error}. Hint: the JSON form, not the Markdown") from error
    return Plan.from_dict(content)
