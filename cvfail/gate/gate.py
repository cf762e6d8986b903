"""Judge a model by rules: pass, fail, or investigate where there are too few data to tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.likeness import refuse_unlike
from cvfail.evidence.stored_evidence import open_evidence
from cvfail.gate.baseline import read_baseline
from cvfail.gate.estimates import absolute_estimates, relative_estimates
from cvfail.gate.judging import judged
from cvfail.gate.measured import Measured, asked_of, measured
from cvfail.gate.question import Question
from cvfail.gate.rule import Rule
from cvfail.gate.rules_file import Rules, RulesLike, rules_of
from cvfail.statistics.verdicts import Verdict, overall
from cvfail.tables.result import ResultTable
from cvfail.version import __version__

GATE_SCHEMA: dict[str, type[pl.DataType]] = {
    "rule": pl.String,
    "demand": pl.String,
    "metric": pl.String,
    "slice": pl.String,
    "category": pl.String,
    "baseline": pl.Float64,
    "candidate": pl.Float64,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "limit": pl.Float64,
    "p_value": pl.Float64,
    "adjusted_p_value": pl.Float64,
    "support": pl.Float64,
    "clusters": pl.Int64,
    "needed": pl.Float64,
    "critical": pl.Boolean,
    "verdict": pl.String,
    "reason": pl.String,
}

_SHOWN = (
    "rule",
    "slice",
    "category",
    "baseline",
    "candidate",
    "estimate",
    "lower",
    "upper",
    "limit",
    "verdict",
)

BaselineLike = Evidence | Measured | str | Path
"""A run or its folder, or a baseline or its file."""


class Gate(ResultTable):
    """The verdict on every row of a gate.

    Attributes:
        df: rule (its name), demand, metric, slice (or failure mode; null for all), category (null for all), baseline
            and candidate (values of the metric), estimate (what is judged: the candidate, or its difference to the
            baseline) with lower and upper (one-sided bounds), limit (that it must keep), p_value (one-sided, of
            keeping it), adjusted_p_value (for all rows), support (units), clusters (with units), needed (where it is
            to be investigated: with how many it could be told, if every further image is like these), critical,
            verdict (pass, fail, investigate), reason (null for a pass).
        measured: The candidate's sums, for `write_baseline`.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, measured: Measured) -> None:
        super().__init__(df, caption=caption)
        self.measured = measured

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return overall(self.df["verdict"])

    @property
    def summary(self) -> str:
        """All verdicts in one line.

        Example:
            ``fail: 1 of 12 rows fails, 2 to investigate, 9 pass``
        """
        count = {name: int((self.df["verdict"] == name).sum()) for name in ("fail", "investigate", "pass")}
        fails = f"{count['fail']} of {len(self.df)} rows fail{'s' * (count['fail'] == 1)}"
        passes = f"{count['pass']} pass{'es' * (count['pass'] == 1)}"
        return f"{self.verdict}: {fails}, {count['investigate']} to investigate, {passes}"

    def is_kept(self, *, strict: bool = False) -> bool:
        """Whether nothing fails, and under `strict` nothing is to be investigated."""
        return self.verdict == "pass" or (self.verdict == "investigate" and not strict)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: verdict, summary, caption, cvfail, rows."""
        return {
            "verdict": self.verdict,
            "summary": self.summary,
            "caption": self.caption,
            "cvfail": __version__,
            "rows": self.to_dicts(),
        }

    def to_markdown(self) -> str:
        """For the summary of a CI run; see `cvfail.gate.gate_markdown`."""
        from cvfail.gate.gate_markdown import gate_markdown

        return gate_markdown(self)

    def write_markdown(self, path: str | Path) -> Path:
        """Write `to_markdown`."""
        return _write(path, self.to_markdown().encode())

    def write_json(self, path: str | Path) -> Path:
        """Write `to_dict`."""
        import msgspec

        return _write(path, msgspec.json.format(msgspec.json.encode(self.to_dict()), indent=2) + b"\n")

    def write_junit(self, path: str | Path, *, strict: bool = False) -> Path:
        """Write a test report of one test per row; see `cvfail.gate.junit`."""
        from cvfail.gate.junit import junit

        return _write(path, junit(self, strict=strict))

    def _headline(self) -> str:
        return self.summary

    def _shown(self) -> pl.DataFrame:
        return self.df.select(_SHOWN)


def judge(
    candidate: Evidence, rules: RulesLike, *, baseline: BaselineLike | None = None, threads: int | None = None
) -> Gate:
    """Judge a model by rules.

    Args:
        candidate: The model.
        rules: The rules, their file, or what it holds.
        baseline: What rules on differences compare with: a run on the same images and labels, its folder, or a file
            of sums that `write_baseline` wrote.
        threads: Threads over classes; all processors if not given.

    Returns:
        One row per rule and place where it looks, in the order of the rules; see `Gate` and, for what the
        verdicts promise, `cvfail.gate.judging.judged`. Classes without objects have no row under ``class = "*"``.

    Raises:
        MissingFileError, FormatError: The rules or the baseline cannot be read; every bad rule is named.
        PolicyError: Baseline and candidate cannot be compared, there is no baseline and a rule needs one, or it was
            written for other rules.
        QueryError: A rule names a slice, a class or a metric that has no meaning here.

    Example:
        >>> import cvfail as cf
        >>> box = {"bbox": [[20, 20, 9, 9]] * 40, "image_id": range(40), "category_id": [1] * 40}
        >>> data = cf.from_frames(ground_truth=box, predictions=box | {"score": [0.9] * 40}, box_format="xywh")
        >>> rule = {"metric": "recall", "at_least": 0.8}
        >>> judge(cf.evaluate(data).evidence, {"rule": [rule]}).summary
        'pass: 0 of 1 rows fail, 0 to investigate, 1 passes'
    """
    rules = rules_of(rules)
    asked = asked_of(rules, candidate)
    own = measured(candidate, [question for _, question in asked], rules, threads=threads)
    compared = [question for rule, question in asked if rule.is_relative]
    before = _baseline(baseline, candidate, compared, rules, threads) if compared else None
    same_model = before is not None and before.identity.is_same_model(own.identity)
    frame = _in_order(asked, before, own)
    verdicts = judged(frame, [rule for rule, _ in asked], rules, same_model=same_model)
    return Gate(
        _table(asked, verdicts),
        caption=(
            f"{own.described}; one-sided {rules.confidence:.6g} bounds; fails at p < "
            f"{1.0 - rules.confidence:.6g}, adjusted for all rows"
        ),
        measured=own,
    )


def _baseline(
    baseline: BaselineLike | None,
    candidate: Evidence,
    questions: list[Question],
    rules: Rules,
    threads: int | None,
) -> Measured:
    if baseline is None:
        first = next(rule for rule in rules.rules if rule.is_relative)
        raise PolicyError(
            f"{rules.source}: {first.title!r} needs a baseline. Hint: --baseline RUN, or a rule with at_least"
        )
    if isinstance(baseline, str | Path):
        baseline = open_evidence(baseline) if Path(baseline).is_dir() else read_baseline(baseline)
    if isinstance(baseline, Evidence):
        refuse_unlike(baseline, candidate)
        return measured(baseline, questions, rules, threads=threads)
    return baseline


def _in_order(asked: list[tuple[Rule, Question]], before: Measured | None, own: Measured) -> pl.DataFrame:
    """The estimates of all rows, in their order; null where nothing is known."""
    relative = [question for rule, question in asked if rule.is_relative]
    absolute = [question for rule, question in asked if not rule.is_relative]
    frames = [absolute_estimates(absolute, own).with_columns(relative=pl.lit(value=False))]
    if before is not None:
        before.refuse_unlike(own)
        before.refuse_unasked(relative)
        before.refuse_other_slices(own, relative)
        frames.append(relative_estimates(relative, before, own).with_columns(relative=pl.lit(value=True)))
    known = pl.concat(frames).unique(["question", "relative"], maintain_order=True)
    rows = pl.DataFrame(
        {
            "question": [question.key for _, question in asked],
            "relative": [rule.is_relative for rule, _ in asked],
        },
        schema={"question": pl.String, "relative": pl.Boolean},
    )
    return rows.join(known, on=["question", "relative"], how="left", maintain_order="left")


def _table(asked: list[tuple[Rule, Question]], verdicts: pl.DataFrame) -> pl.DataFrame:
    told: Mapping[str, list[Any]] = {
        "rule": [rule.title for rule, _ in asked],
        "demand": [rule.demand for rule, _ in asked],
        "metric": [question.metric for _, question in asked],
        "slice": [question.place for _, question in asked],
        "category": [question.category for _, question in asked],
        "limit": [rule.limit for rule, _ in asked],
        "critical": [rule.critical for rule, _ in asked],
    }
    columns = [pl.Series(name, values, dtype=GATE_SCHEMA[name]) for name, values in told.items()]
    frame = verdicts.with_columns(columns)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in GATE_SCHEMA.items())


def _write(path: str | Path, content: bytes) -> Path:
    from cvfail.tables.writing import write_whole

    path = Path(path)
    write_whole(path, lambda target: target.write_bytes(content))
    return path
