"""``cvfail labels``: which labels are probably wrong, what they cost, and verdicts on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.examples import EXAMPLE_COLUMNS
from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_RUN_OR_TABLE, RunOrTable
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.evaluation import Evaluation
    from cvfail.labels.suspects import LabelErrors
    from cvfail.tables.result import ResultTable

Kind = Literal["missing", "wrong_class", "bad_box", "spurious", "duplicate", "conflict"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = ("rank", "kind", "image_id", "label", "suggested", "suspicion", "reason")


def labels(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    kinds: Annotated[
        tuple[Kind, ...] | None, Parameter(consume_multiple=(1, None), show_default="all")
    ] = None,
    top: Annotated[int | None, Parameter(validator=Number(gte=0), show_default="all")] = None,
    min_score: Annotated[
        float | None,
        Parameter(validator=Number(gte=0, lte=1), show_default="where a class is right in 9 of 10 cases"),
    ] = None,
    compat: Literal["cleanlab"] | None = None,
    verdicts: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    half_width: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.1,
    seed: int = 0,
    examples: Annotated[int | None, _ONE_FORM, Parameter(metavar="RANK")] = None,
    gain: Annotated[bool, _ONE_FORM] = False,
    plan: Annotated[bool, _ONE_FORM] = False,
    judged: Annotated[Path | None, _ONE_FORM, Parameter(metavar="FILE")] = None,
    correct: Annotated[Path | None, _ONE_FORM, Parameter(metavar="FILE")] = None,
    quality: Annotated[bool, _ONE_FORM] = False,
    noise: Annotated[bool, _ONE_FORM] = False,
    joint: Annotated[bool, _ONE_FORM] = False,
    pairs: Annotated[bool, _ONE_FORM] = False,
    output: RunOrTable = DEFAULT_RUN_OR_TABLE,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Labels that are probably wrong, the most suspect first.

    They are leads for a person: a model makes the same mistake again and again. Of a classifier the probabilities
    must be those of images that it was not fitted on.

    Args:
        inputs: What the question is put to.
        kinds: Only these kinds.
        top: Only so many of the most suspect.
        min_score: Detection: predictions from this score are trusted against labels.
        compat: Classification, and --quality: follow cleanlab.
        verdicts: Write the suspects to be judged to this .csv or .parquet; with --plan those to review.
        half_width: Of --plan and --judged: how precisely to know how many suspects are label errors.
        seed: Of the draw of --plan and --judged.
        examples: The rows of the suspect of this rank instead.
        gain: What each kind costs instead: the numbers if every suspect were put right.
        plan: How many suspects to review instead, by kind and suspicion.
        judged: What a review of that plan says instead, from the file with its verdicts.
        correct: Put right what this file of verdicts confirms, and evaluate again; -o RUN saves the run.
        quality: Detection: ObjectLab's scores of the images instead.
        noise: Classification: how often labels of each class are wrong instead.
        joint: Classification: labels by true class instead.
        pairs: Classification: the classes that overlap most instead.
        output: Where the run or the table goes.
        messages: How much is said on stderr.
    """
    if output.folder is not None and correct is None:
        raise PolicyError(f"-o {output.folder}: only --correct makes a run. Hint: -o suspects.csv")
    evaluation = inputs.evaluation(messages)
    if correct is not None:
        _write_corrected(evaluation, correct, output, messages)
        return
    if quality or noise or joint or pairs:
        table = _of_labels(evaluation, quality=quality, joint=joint, pairs=pairs, compat=compat)
        output.write(table.df, messages, caption=table.caption)
        return
    with messages.step("looking for suspects"):
        suspects = evaluation.label_errors(kinds=kinds, top=top, min_score=min_score, compat=compat)
    if examples is not None:
        rows = suspects.rows(examples)
        output.write(rows, messages, caption=suspects.df["reason"][examples - 1], shown=EXAMPLE_COLUMNS)
    elif gain:
        with messages.step("evaluating again"):
            gains = suspects.correction_gain()
        output.write(gains.df, messages, caption=gains.caption)
    elif plan or judged is not None:
        _write_plan(suspects, half_width, seed, judged, verdicts, output, messages)
    else:
        _say_written(verdicts, suspects, messages)
        output.write(suspects.df, messages, caption=suspects.caption, shown=_SHOWN)


def _of_labels(
    evaluation: Evaluation, *, quality: bool, joint: bool, pairs: bool, compat: Literal["cleanlab"] | None
) -> ResultTable:
    """The tables about all labels."""
    if quality:
        return evaluation.object_label_quality(compat=compat)
    noise = evaluation.label_noise(compat=compat)
    return noise.joint if joint else noise.overlaps if pairs else noise


def _write_plan(
    suspects: LabelErrors,
    half_width: float,
    seed: int,
    judged: Path | None,
    verdicts: Path | None,
    output: RunOrTable,
    messages: Messages,
) -> None:
    """The plan of a review, or what it said."""
    planned = suspects.audit_plan(half_width=half_width, seed=seed)
    table = planned if judged is None else planned.estimate(judged)
    if verdicts is not None:
        planned.write_verdicts(verdicts)
        messages.say(f"wrote {verdicts}: {len(planned.sample):,} suspects to review")
    output.write(table.df, messages, caption=table.caption)


def _say_written(verdicts: Path | None, suspects: LabelErrors, messages: Messages) -> None:
    if verdicts is not None:
        suspects.write_verdicts(verdicts)
        messages.say(f"wrote {verdicts}: {len(suspects):,} suspects to judge")


def _write_corrected(evaluation: Evaluation, verdicts: Path, output: RunOrTable, messages: Messages) -> None:
    """The rates before and after, and the run if it is to be saved."""
    import polars as pl

    with messages.step("evaluating again"):
        again = evaluation.corrected(verdicts)
    if output.folder is not None:
        again.save(output.folder)
        messages.say(f"saved the corrected run. Next: cvfail failures {output.folder}")
    before, after = evaluation.metrics(), again.metrics()
    named = [pl.lit("as labelled").alias("labels"), pl.lit("corrected").alias("labels")]
    rows = [one.df.select(name, pl.all()) for one, name in zip((before, after), named, strict=True)]
    output.write(pl.concat(rows), messages, caption=after.caption)
