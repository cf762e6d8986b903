"""``cvfail ablations``: what each single change of a setting did, from a table of many runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.cli.slices import named_slices
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    import polars as pl

    from cvfail.comparison.ablations import Ablations
    from cvfail.tables.result import ResultTable

_INPUT = Group("Input", sort_key=1)
_ONE_FORM = Parameter(group=Group(validator=mutually_exclusive))
_SHOWN = (
    *("change", "where", "metric", "difference", "q_value", "before", "baseline", "candidate"),
    *("detectable", "support", "baseline_run", "candidate_run"),
)


def ablations(
    file: Annotated[Path, Parameter(group=_INPUT)],
    /,
    *,
    modes: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    by: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), show_default=False)] = (),
    where: Annotated[tuple[str, ...], Parameter(metavar="SLICE", show_default=False)] = (),
    average_precision: bool = False,
    iou: Annotated[float | None, Parameter(show_default="as the earlier run was saved")] = None,
    score: Annotated[float | None, Parameter(show_default="as each run was saved")] = None,
    replicates: Annotated[int, Parameter(validator=Number(gte=0))] = 1000,
    confidence: Annotated[float, Parameter(validator=Number(gt=0, lt=1))] = 0.95,
    seed: int = 0,
    removed: Annotated[bool, _ONE_FORM] = False,
    brought: Annotated[bool, _ONE_FORM] = False,
    changed: Annotated[bool, _ONE_FORM] = False,
    runs: Annotated[bool, _ONE_FORM] = False,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Which change of a setting did what, in many runs.

    Runs that differ in one setting alone are compared on the same images, the earlier one of the file as baseline:
    every metric, and with --modes which change removed which failure mode. q-values are over everything.

    Args:
        file: The runs with their settings. TOML: a table of each run, run = "FOLDER" and its settings. CSV: a column
            run, if wanted one name, and one of each setting; an empty cell is a setting that is not there.
        modes: Also the failure modes of this JSON file, see cvfail failures --save.
        by: Attributes whose every value is a slice.
        where: A further slice, as of cvfail slices. Repeat the option for several.
        average_precision: Also average precision, which takes the most time.
        iou: Overlap threshold of all runs.
        score: Score threshold of all runs.
        replicates: Bootstrap replicates.
        confidence: Coverage of the intervals.
        seed: Of the replicates.
        removed: Only failure modes whose error rate fell, with a q-value below 0.05.
        brought: Only failure modes whose error rate rose, likewise.
        changed: Only what differs, likewise.
        runs: The runs with their settings instead.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    from cvfail.comparing import ablations as answer
    from cvfail.comparison.ablation_file import read_ablation_file
    from cvfail.evaluating import open_evaluation
    from cvfail.failures.mode_files import read_modes

    if (removed or brought) and modes is None:
        raise PolicyError(
            "name the failure modes. Hint: --modes FILE, as cvfail failures --save FILE writes it"
        )
    listed = read_ablation_file(file)
    known = {name: (open_evaluation(one.folder), one.settings) for name, one in listed.items()}
    with messages.step("comparing"):
        table = answer(
            known,
            modes=[] if modes is None else read_modes(modes),
            by=by,
            slices=named_slices(where),
            average_precision=average_precision,
            iou=iou,
            score=score,
            replicates=replicates,
            confidence=confidence,
            seed=seed,
        )
    shown = _form(table, removed=removed, brought=brought, changed=changed)
    if runs:
        output.write(table.runs, messages, caption=table.caption)
        return
    is_read = output.file is None and output.format in {None, "table"}
    frame = _readable(shown.df) if is_read else shown.df
    names = [name for name in _SHOWN if name != "metric" or not (removed or brought)]
    output.write(frame, messages, caption=shown.caption, shown=names)


def _form(table: Ablations, *, removed: bool, brought: bool, changed: bool) -> ResultTable:
    """The rows that were asked for."""
    if removed:
        return table.removed()
    if brought:
        return table.brought()
    return table.changed() if changed else table


def _readable(df: pl.DataFrame) -> pl.DataFrame:
    """The table in fewer columns, for a terminal: what was set to what, and where that was looked at."""
    import polars as pl

    change = pl.format("{}={}", "setting", "after").alias("change")
    where = pl.concat_str("slice", "category", separator=" × ", ignore_nulls=True).replace("", "everything")
    metric = pl.col("metric").replace("false_positives_per_image", "fp_per_image")
    return df.with_columns(change, where.alias("where"), metric).drop("setting", "after", "slice", "category")
