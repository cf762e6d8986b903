"""Rules that turn causes into actions: a table in TOML that users read, extend and replace."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

from cvfail.errors import FormatError, MissingFileError
from cvfail.failures.causes.claim import Fact
from cvfail.failures.causes.register import CAUSES, INHERENT
from cvfail.failures.conditions import Condition
from cvfail.failures.failure_mode import ERRORS
from cvfail.failures.interventions.gains import GAINS

_CAUSES = (*(name for name, _ in CAUSES), INHERENT)
_HINT = "see cvfail/failures/interventions/rules.toml, which says what each field is"
_PATTERNS = ("attributes", "values")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When an action is proposed, what it says, and how its gain is predicted.

    Attributes:
        name: Of the rule; one of the same name replaces it.
        kind: What sort of action it is.
        causes: It takes care of the share of one of these.
        text: The action, with facts in braces.
        gain: A name of `cvfail.failures.interventions.gains.GAINS`.
        effort: How long it takes, as a rule of thumb.
        errors: Kinds of errors that it is for; all if empty.
        attributes: Regular expression for the attribute of a condition of the slice; None for any slice.
        values: Regular expression for the value of the same condition; None for any value.
        facts: Regular expressions for facts of the cause, as text.
        least_share: Of the mode's errors, for the cause.
        amount: The fact that says how much is to be done; None if there is none.
        amount_of: What is counted.

    Raises:
        FormatError: A field has no meaning.
    """

    name: str
    kind: str
    causes: tuple[str, ...]
    text: str
    gain: str
    effort: str
    errors: tuple[str, ...] = ()
    attributes: str | None = None
    values: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    least_share: float = 0.1
    amount: str | None = None
    amount_of: str | None = None

    def __post_init__(self) -> None:
        _one_of("causes", self.causes, _CAUSES)
        _one_of("errors", self.errors, ERRORS)
        _one_of("gain", (self.gain,), tuple(GAINS))
        for pattern in (self.attributes, self.values, *self.facts.values()):
            _compiled(pattern or "")
        if not 0.0 <= self.least_share <= 1.0:
            raise FormatError(f"least_share must be in [0, 1]; found {self.least_share}")
        for name in self.named_facts:
            if not name.isidentifier():
                raise FormatError(f"text: {{{name}}} is no name of a fact. Hint: {_HINT}")

    @property
    def named_facts(self) -> tuple[str, ...]:
        """The facts that its text names, in order."""
        try:
            parts = list(Formatter().parse(self.text))
        except ValueError as error:
            raise FormatError(f"text: {error}. Hint: a brace is written twice") from error
        return tuple(name for _, name, _, _ in parts if name is not None)

    def speaks(
        self, kind: str, conditions: Sequence[Condition], cause: str, share: float, facts: Mapping[str, Fact]
    ) -> bool:
        """Whether it has something to say of a cause of a mode.

        Args:
            kind: Of the mode's error.
            conditions: Of its slice.
            cause: The cause.
            share: The share of the mode's errors that the cause has.
            facts: All that is known.
        """
        return (
            cause in self.causes
            and (not self.errors or kind in self.errors)
            and share >= self.least_share
            and all(facts.get(name) is not None for name in self.named_facts)
            and all(_matches(pattern, _text(facts.get(name))) for name, pattern in self.facts.items())
            and self._fits(conditions)
        )

    def said(self, facts: Mapping[str, Fact]) -> str:
        """Its text with the facts in it.

        Raises:
            FormatError: A fact cannot be written in the way that the text asks for.
        """
        try:
            return self.text.format_map(facts)
        except ValueError as error:
            raise FormatError(
                f"rule {self.name}: {error}. Hint: numbers take {{name:.2f}}, texts {{name}}"
            ) from error

    def _fits(self, conditions: Sequence[Condition]) -> bool:
        if self.attributes is None and self.values is None:
            return True
        return any(
            _matches(self.attributes or ".*", one.attribute) and _matches(self.values or ".*", one.level)
            for one in conditions
        )


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rules that come with cvfail."""
    return _rules((files(__package__) / "rules.toml").read_text("utf-8"), "rules.toml")


def read_rules(path: str | Path) -> tuple[Rule, ...]:
    """The shipped rules with those of a file: new ones come last, one of the same name replaces it in its place.

    Args:
        path: TOML with a table ``[[rule]]`` for each; ``causes = []`` drops a shipped one.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is no TOML, or a field is missing, unknown or has no meaning.
    """
    path = Path(path)
    try:
        own = _rules(path.read_text("utf-8"), str(path))
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} does not exist. Hint: TOML with tables [[rule]]") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: {error}. Hint: save it as UTF-8") from error
    by_name = {rule.name: rule for rule in shipped_rules()} | {rule.name: rule for rule in own}
    return tuple(rule for rule in by_name.values() if rule.causes)


def _rules(text: str, source: str) -> tuple[Rule, ...]:
    try:
        tables = tomllib.loads(text).get("rule")
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"{source}: {error}. Hint: {_HINT}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FormatError(f"{source} has no tables [[rule]]. Hint: {_HINT}")
    return tuple(_rule(table, f"{source}, rule {number}") for number, table in enumerate(tables, 1))


def _rule(table: Mapping[str, Any], source: str) -> Rule:
    known = {one.name for one in fields(Rule)}
    unknown = sorted(set(table) - known)
    if unknown:
        raise FormatError(f"{source}: unknown field {unknown[0]!r}. Hint: one of {', '.join(sorted(known))}")
    lists = {name: tuple(table[name]) for name in ("causes", "errors") if isinstance(table.get(name), list)}
    try:
        return Rule(**{**table, **lists})
    except TypeError as error:
        raise FormatError(f"{source}: {error}. Hint: {_HINT}") from error
    except FormatError as error:
        raise FormatError(f"{source} ({table.get('name', 'without a name')}): {error}") from error


def _one_of(name: str, found: Sequence[str], known: Sequence[str]) -> None:
    strange = [one for one in found if one not in known]
    if strange:
        raise FormatError(f"{name}: {strange[0]!r} is not known. Hint: one of {', '.join(known)}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise FormatError(f"{pattern!r} is no regular expression: {error}") from error


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


def _text(fact: Fact) -> str:
    """A fact as patterns see it; unknown ones match only what matches nothing."""
    if fact is None:
        return ""
    return str(fact).lower() if isinstance(fact, bool) else str(fact)
