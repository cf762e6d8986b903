"""The rules of a gate as a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvfail.errors import FormatError, MissingFileError
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.mode_files import read_modes
from cvfail.gate.rule import EVERY, Rule

_HINT = 'a gate has tables [[rule]] with metric and one bound: metric = "recall", max_fall = 0.02'


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All rules of a gate, and how they are judged.

    Attributes:
        rules: The rules.
        modes: The frozen failure modes that they may name.
        confidence: One-sided, of the intervals; 1 - confidence bounds the probability that the gate fails though
            every rule is kept.
        min_units: Below so many units a row is not judged.
        min_clusters: Below so many images (or clusters) with units likewise.
        iou: Overlap threshold; each model's own if None.
        score: Score threshold; each model's own if None.
        replicates: Bootstrap replicates, of average precision.
        seed: Of their weights.
        source: Where they come from, for messages.

    Raises:
        FormatError: A setting has no meaning, or a rule names a mode that is not there.
    """

    rules: tuple[Rule, ...]
    modes: tuple[FailureMode, ...] = ()
    confidence: float = 0.95
    min_units: int = 30
    min_clusters: int = 10
    iou: float | None = None
    score: float | None = None
    replicates: int = 1000
    seed: int = 0
    source: str = "rules"

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence < 1.0:
            raise FormatError(
                f"{self.source}, [gate], confidence: must be in (0.5, 1); found {self.confidence:g}. Hint: 0.95"
            )
        for name, least in (("min_units", 0), ("min_clusters", 0), ("replicates", 2), ("seed", 0)):
            if getattr(self, name) < least:
                raise FormatError(
                    f"{self.source}, [gate], {name}: must be {least} or more; found {getattr(self, name)}. "
                    "Hint: leave it out for the default"
                )
        for number, rule in enumerate(self.rules, 1):
            try:
                self.modes_of(rule)
            except FormatError as error:
                raise FormatError(f"{_place(self.source, number, rule.name)}, {error}") from error

    @property
    def is_relative(self) -> bool:
        """Whether any rule needs a baseline."""
        return any(rule.is_relative for rule in self.rules)

    def modes_of(self, rule: Rule) -> list[FailureMode]:
        """The modes that a rule names.

        Raises:
            FormatError: There is no such mode.
        """
        if EVERY in rule.modes and self.modes:
            return list(self.modes)
        found = []
        for wanted in rule.modes:
            own = [mode for mode in self.modes if wanted in {mode.hash, mode.name}]
            if not own:
                known = ", ".join(f"{mode.hash} ({mode.name})" for mode in self.modes[:8])
                hint = (
                    f"one of {known}" if known else 'modes = "modes.json" under [gate] names a file of modes'
                )
                raise FormatError(f"mode: no mode {wanted!r}. Hint: {hint}")
            found += own
        return found


RulesLike = Rules | Mapping[str, Any] | str | Path
"""Rules, what a file of them holds, or the file."""


def read_rules(path: str | Path) -> Rules:
    """The rules of a TOML file.

    Args:
        path: The file; a file of modes that it names is looked for beside it.

    Raises:
        MissingFileError: There is no such file, or no file of modes.
        FormatError: It is no TOML, or a field is missing, unknown or has no meaning; every bad rule is named.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} does not exist. Hint: {_HINT}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: {error}. Hint: {_HINT}") from error
    return rules_from(content, source=str(path), folder=path.parent)


def rules_of(rules: RulesLike) -> Rules:
    """Rules however they are given."""
    if isinstance(rules, Rules):
        return rules
    if isinstance(rules, Mapping):
        return rules_from(rules, source="rules")
    return read_rules(rules)


def rules_from(content: Mapping[str, Any], *, source: str, folder: Path | None = None) -> Rules:
    """The rules that the content of a file stands for.

    Args:
        content: Table ``gate``, which may be absent, and the list ``rule``.
        source: What messages call it.
        folder: Where a file of modes is looked for; the working folder if None.

    Raises:
        MissingFileError: There is no file of modes as named.
        FormatError: Something has no meaning; every bad rule is named.
    """
    strange = [name for name in content if name not in {"gate", "rule"}]
    if strange:
        raise FormatError(f"{source}: {strange[0]!r} is no table of a gate. Hint: {_HINT}")
    tables = content.get("rule")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, Mapping) for one in tables):
        raise FormatError(f"{source} has no tables [[rule]]. Hint: {_HINT}")
    settings = _settings(content.get("gate", {}), source)
    modes = settings.pop("modes", None)
    known = () if modes is None else tuple(read_modes((folder or Path()) / modes))
    return Rules(rules=_rules(tables, source), modes=known, source=source, **settings)


def _settings(table: Any, source: str) -> dict[str, Any]:  # noqa: ANN401
    kinds: dict[str, tuple[type, ...]] = {
        "confidence": (float,),
        "iou": (float, int),
        "score": (float, int),
        **dict.fromkeys(("min_units", "min_clusters", "replicates", "seed"), (int,)),
        "modes": (str,),
    }
    if not isinstance(table, Mapping):
        raise FormatError(f"{source}: gate must be a table. Hint: [gate]")
    for name, value in table.items():
        if name not in kinds:
            raise FormatError(f"{source}, [gate], {name}: no such field. Hint: one of {', '.join(kinds)}")
        if not isinstance(value, kinds[name]) or isinstance(value, bool):
            told = "a text" if name == "modes" else "a number"
            raise FormatError(
                f"{source}, [gate], {name}: must be {told}; found {value!r}. Hint: leave it out for the default"
            )
    return dict(table)


def _rules(tables: Sequence[Mapping[str, Any]], source: str) -> tuple[Rule, ...]:
    """All rules, or all problems."""
    rules, problems = [], []
    for number, table in enumerate(tables, 1):
        try:
            rules.append(Rule.from_table(table))
        except FormatError as error:
            problems.append(f"{_place(source, number, table.get('name'))}, {error}")
    titles = [rule.title for rule in rules]
    if not problems:
        problems = [
            f"{source}, name: two rules are called {title!r}. Hint: give them names of their own"
            for title in dict.fromkeys(titles)
            if titles.count(title) > 1
        ]
    if problems:
        raise FormatError("\n".join(problems))
    return tuple(rules)


def _place(source: str, number: int, name: object) -> str:
    return f"{source}, rule {number}" + (f" ({name})" if name else "")
