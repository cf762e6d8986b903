"""What is asked of failure modes, by every command that finds some."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.examples import EXAMPLE_COLUMNS
from cvfail.cli.messages import Messages
from cvfail.cli.output import Output
from cvfail.cli.training import training_table

if TYPE_CHECKING:
    from cvfail.failures.costs import Costs
    from cvfail.failures.interventions.rule import Rule
    from cvfail.failures.mode_table import FailureModes

RankBy = Literal["excess", "risk", "recall", "precision", "f1", "ap"]

ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
"""Of options that ask for another table than the ranking."""

MODE_COLUMNS = ("rank", "mode", "support", "excess_errors", "q_value", "significant")
"""What of the ranking is shown on a terminal."""

_IMPACT_COLUMNS = ("rank", "mode", "measure", "estimate", "marginal", "support")
_CAUSE_COLUMNS = ("rank", "cause", "share", "evidence", "errors", "gross_share")
_ACTION_COLUMNS = ("rank", "action", "text", "errors_gone", "false_positives", "f1_gain", "basis", "effort")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ModeQuestions:
    """How modes are ranked, and what of them is told.

    Attributes:
        level: Modes with a q-value below it are significant.
        rank_by: What is most: errors in excess, what these cost, or what repairing the mode gives back of recall,
            precision, F1 or average precision.
        costs: TOML file with a table [costs] of lines such as "pedestrian missed where time_of_day=night" = 50.
        save: Also write the modes to this JSON file, for failures --modes on a later evaluation.
        training: CSV or Parquet file with a row per training image and its attributes, for --causes and
            --interventions.
        rules: TOML file of further rules for --interventions, or of others in place of cvfail's.
        examples: The rows of the failure mode of this rank instead.
        impact: What repairing each mode gives back instead, with intervals, alone and after those above it.
        causes: Why each mode happens instead: shares of its errors, with the evidence.
        interventions: What to do about each significant mode instead, with what it is predicted to give.
    """

    level: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.05
    rank_by: Annotated[RankBy | None, Parameter(show_default="excess; risk if there are costs")] = None
    costs: Annotated[Path | None, Parameter(metavar="FILE")] = None
    save: Annotated[Path | None, Parameter(metavar="FILE")] = None
    training: Annotated[Path | None, Parameter(metavar="FILE")] = None
    rules: Annotated[Path | None, Parameter(metavar="FILE")] = None
    examples: Annotated[int | None, ONE_FORM, Parameter(metavar="RANK")] = None
    impact: Annotated[bool, ONE_FORM] = False
    causes: Annotated[bool, ONE_FORM] = False
    interventions: Annotated[bool, ONE_FORM] = False

    @property
    def is_ranking(self) -> bool:
        """Whether the ranking itself is asked for."""
        return self.examples is None and not (self.impact or self.causes or self.interventions)

    def priced(self) -> Costs | None:
        """What errors cost.

        Raises:
            MissingFileError, FormatError: The file is not what it should be.
        """
        if self.costs is None:
            return None
        from cvfail.failures.costs import Costs

        return Costs.read(self.costs)

    def options(self) -> dict[str, Any]:
        """What a search is told."""
        return {"level": self.level, "rank_by": self.rank_by, "costs": self.priced()}

    def answer(self, found: FailureModes, output: Output, messages: Messages) -> None:
        """Write the ranking, or what is asked for instead.

        Args:
            found: The modes.
            output: Where the table goes.
            messages: Where it is said what was written.
        """
        if self.save is not None:
            found.write_modes(self.save)
            messages.say(f"{len(found)} modes written to {self.save}")
        if self.examples is not None:
            rows = found.examples(self.examples)
            mode = found.df.filter(rank=self.examples)["mode"].item()
            output.write(rows, messages, caption=f"{mode}; {len(rows):,} examples", shown=EXAMPLE_COLUMNS)
        elif self.impact:
            with messages.step("repairing each mode"):
                gains = found.impact
            output.write(gains.df, messages, caption=gains.caption, shown=_IMPACT_COLUMNS)
        elif self.causes:
            with messages.step("asking for causes"):
                why = found.causes(training=training_table(self.training))
            output.write(why.df, messages, caption=why.caption, shown=_CAUSE_COLUMNS)
        elif self.interventions:
            with messages.step("asking for causes and what to do"):
                training, rules = training_table(self.training), rules_of(self.rules)
                actions = found.interventions(training=training, rules=rules)
            output.write(actions.df, messages, caption=actions.caption, shown=_ACTION_COLUMNS)
        else:
            output.write(found.df, messages, caption=found.caption, shown=MODE_COLUMNS)
            warn_of_chance(found, messages)


def rules_of(path: Path | None) -> tuple[Rule, ...] | None:
    """The rules of a file with those of cvfail; None for the latter alone.

    Raises:
        MissingFileError, FormatError: The file is not what it should be.
    """
    if path is None:
        return None
    from cvfail.failures.interventions.rule import read_rules

    return read_rules(path)


DEFAULT_QUESTIONS = ModeQuestions()


def warn_of_chance(modes: FailureModes, messages: Messages) -> None:
    """Say so where nothing in the ranking is more than chance would give."""
    if not modes.df["significant"].any():
        messages.say(
            f"no mode is significant (q < {modes.search.level:g}); what is listed may well be chance"
        )
