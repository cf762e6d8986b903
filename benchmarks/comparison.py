"""Tools in turn on one work, and what their runs say: medians, ratios of pairs, agreement, targets met."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.processes import ProgramError, Run
from benchmarks.works import FASTEST, Target

TOLERANCE = 1e-9
OWN = "cvfail"


@dataclass
class Comparison:
    """The counted runs of each tool in the order of the rounds, and why a tool has none."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def seconds(self, tool: str) -> float:
        """Median."""
        return statistics.median(run.seconds for run in self.runs[tool])

    def gigabytes(self, tool: str) -> float:
        """Median of the peaks."""
        return statistics.median(run.gigabytes for run in self.runs[tool])

    def ratio(self, tool: str, to: str) -> float:
        """Median over rounds of one tool's seconds to the other's; of the medians where rounds are missing."""
        first, second = self.runs[tool], self.runs[to]
        if len(first) != len(second):
            return self.seconds(tool) / self.seconds(to)
        return statistics.median(a.seconds / b.seconds for a, b in zip(first, second, strict=True))

    def fastest_peer(self) -> str | None:
        """The peer with the smallest median."""
        peers = [tool for tool in self.runs if tool != OWN]
        return min(peers, key=self.seconds, default=None)

    def difference(self, tool: str) -> float | None:
        """Largest difference between a tool's numbers and cvfail's; None if they cannot be compared."""
        if OWN not in self.runs or not self.runs[tool][0].numbers:
            return None
        own, other = self.runs[OWN][0].numbers, self.runs[tool][0].numbers
        if len(own) != len(other):
            return float("inf")
        return max((abs(a - b) for a, b in zip(own, other, strict=True)), default=None)


def compare(tools: list[str], program: Callable[[str], Run], *, runs: int, patience: float) -> Comparison:
    """Run the tools in turn, A B A B …, after one run of each that warms caches and is not counted.

    Args:
        tools: In the order of a round.
        program: Runs a tool once.
        runs: Counted rounds.
        patience: A tool whose first run takes more seconds is not run again: that run counts.
    """
    result = Comparison()
    warm = []
    for tool in tools:
        try:
            first = program(tool)
        except ProgramError as error:
            result.failures[tool] = str(error)
            continue
        result.runs[tool] = [first] if first.seconds > patience else []
        if not result.runs[tool]:
            warm.append(tool)
    for _ in range(runs):
        for tool in warm:
            result.runs[tool].append(program(tool))
    return result


@dataclass(frozen=True)
class Check:
    """A bound of a target beside what was measured."""

    what: str
    bound: float
    measured: float

    @property
    def met(self) -> bool:
        return self.measured <= self.bound


def checks(target: Target, result: Comparison, names: Mapping[str, str]) -> list[Check]:
    """The bounds of a target that the runs can answer."""
    if OWN not in result.runs:
        return []
    found = [
        Check("s", target.seconds, result.seconds(OWN)) if target.seconds else None,
        Check("GB", target.gigabytes, result.gigabytes(OWN)) if target.gigabytes else None,
    ]
    peer = result.fastest_peer() if target.against == FASTEST else target.against
    if peer in result.runs:
        memory = result.gigabytes(OWN) / result.gigabytes(peer)
        found += [
            Check(f"× {names[peer]}", target.ratio, result.ratio(OWN, peer)) if target.ratio else None,
            Check(f"× {names[peer]}'s memory", target.memory_ratio, memory) if target.memory_ratio else None,
        ]
    return [check for check in found if check]
