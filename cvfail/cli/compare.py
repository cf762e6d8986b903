"""``cvfail compare``: is a new model better than the old one, and did anything break."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.examples import EXAMPLE_COLUMNS
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.cli.slices import named_slices
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    from cvfail.comparison.comparison import Comparison
    from cvfail.comparison.flips import Flips
    from cvfail.evaluation import Evaluation
    from cvfail.failures.failure_mode import FailureMode

Flip = Literal["fixed", "broken", "still wrong", "still right", "gone", "new", "still there"]
Side = Literal["objects", "false-positives"]

_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = (
    *("model", "slice", "category", "metric", "baseline", "candidate", "difference", "q_value"),
    *("detectable", "support", "level", "p_value", "clusters"),
)
_SLICES_SHOWN = ("rank", "slice", "support", "errors", "rate", "rest_rate", "q_value")
_TABLES: dict[Side, Literal["ground_truth", "predictions"]] = {
    "objects": "ground_truth",
    "false-positives": "predictions",
}


def compare(
    baseline: Path,
    *candidates: Path,
    by: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default=False)] = (),
    where: Annotated[tuple[str, ...], Parameter(metavar="SLICE", show_default=False)] = (),
    modes: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    slice_classes: bool = False,
    rates_only: bool = False,
    iou: Annotated[float | None, Parameter(show_default="as BASELINE was saved")] = None,
    score: Annotated[float | None, Parameter(show_default="as each run was saved")] = None,
    intersection: bool = False,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 1000,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    seed: int = 0,
    changed: Annotated[bool, _ONE_FORM] = False,
    flips: Annotated[bool, _ONE_FORM] = False,
    power: Annotated[float | None, Parameter(group=_ONE_FORM.group, metavar="DIFFERENCE")] = None,
    worse: Annotated[Side | None, _ONE_FORM] = None,
    better: Annotated[Side | None, _ONE_FORM] = None,
    examples: Annotated[Flip | None, _ONE_FORM] = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Is a new model better, and did anything break.

    Every metric of both, overall, by class, slice and failure mode, with paired differences: both models are weighed
    on the same images.

    Args:
        baseline: Saved run of the model that others are compared with.
        candidates: Saved runs of other models on the same images and labels.
        by: Attributes whose every value is a slice; with --flips, what they are counted by.
        where: A further slice, as of cvfail slices. Repeat the option for several.
        modes: Also the failure modes of this JSON file, see cvfail failures --save.
        slice_classes: Also every class in every slice.
        rates_only: Leave out average precision, which takes the most time.
        iou: Overlap threshold of all models.
        score: Score threshold of all models.
        intersection: Leave out images that only one model has, instead of refusing.
        replicates: Bootstrap replicates.
        confidence: Coverage of the intervals.
        seed: Of the replicates.
        changed: Only what differs, with a q-value below 0.05.
        flips: How many objects were fixed and broken, and how many false positives are gone and new, instead.
        power: How often a true difference of this size would be seen, and how many images that takes, instead.
        worse: Where it got worse: slices in which broken objects or new false positives gather, instead.
        better: Where it got better, instead.
        examples: The rows that flipped in this way instead.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    from cvfail.evaluating import open_evaluation

    if not candidates:
        raise PolicyError("name a run to compare with. Hint: cvfail compare old_run new_run")
    old, new = (
        open_evaluation(baseline),
        dict(zip(_names(candidates), map(open_evaluation, candidates), strict=True)),
    )
    rows_alone = flips or worse is not None or better is not None or examples is not None
    if rows_alone and len(new) > 1:
        raise PolicyError("flips are of one candidate. Hint: name a single run after the baseline")
    with messages.step("comparing"):
        table = _compared(
            old,
            new,
            by=() if rows_alone else by,
            slices={} if rows_alone else named_slices(where),
            modes=[] if rows_alone else _modes(modes),
            slice_classes=slice_classes,
            average_precision=not (rates_only or rows_alone),
            iou=iou,
            score=score,
            intersection=intersection,
            replicates=0 if rows_alone else replicates,
            confidence=confidence,
            seed=seed,
        )
    if rows_alone:
        _write_flips(table.flips(), by, worse, better, examples, output, messages)
        return
    if power is not None:
        told = table.power(power)
        output.write(told.df, messages, caption=told.caption)
        return
    shown = table.changed() if changed else table
    output.write(shown.df, messages, caption=shown.caption, shown=_SHOWN if len(new) > 1 else _SHOWN[1:])


def _compared(old: Evaluation, new: dict[str, Evaluation], **options: object) -> Comparison:
    from cvfail.comparing import compare as compare_evaluations

    return compare_evaluations(old, new, **options)  # type: ignore[arg-type]


def _write_flips(
    found: Flips,
    by: Sequence[str],
    worse: Side | None,
    better: Side | None,
    examples: Flip | None,
    output: Output,
    messages: Messages,
) -> None:
    """Print the form of the flips that was asked for."""
    if examples is not None:
        rows = found.examples(examples)
        output.write(rows, messages, caption=f"{examples}; {len(rows):,} rows", shown=EXAMPLE_COLUMNS)
    elif worse is not None or better is not None:
        with messages.step("searching slices"):
            table = found.worse(_TABLES[worse]) if worse else found.better(_TABLES[better or "objects"])
        output.write(table.df, messages, caption=table.caption, shown=_SLICES_SHOWN)
    else:
        counts = found.counts(by=by)
        output.write(counts.df, messages, caption=counts.caption)


def _names(runs: Sequence[Path]) -> list[str]:
    """Short names of runs: those of their folders, or whole paths where two are alike."""
    names = [run.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _modes(path: Path | None) -> list[FailureMode]:
    if path is None:
        return []
    from cvfail.failures.mode_files import read_modes

    return list(read_modes(path))
