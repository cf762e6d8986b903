"""``cvfail runs``: the saved runs of a folder, and how slices and failure modes went from one to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from cvfail.cli.messages import DEFAULT_MESSAGES, Messages
from cvfail.cli.output import DEFAULT_OUTPUT, Output
from cvfail.cli.policy import MATCHING

_INPUT = Group("Input", sort_key=1)
_Several = Parameter(consume_multiple=(1, None), show_default=False)
_Point = Annotated[float | None, Parameter(group=MATCHING, show_default="as each run was saved")]

_LISTED = ("run", "date", "inputs", "images", "ap50", "precision", "recall", "f1")
_TRENDED = ("slice", "category", "metric", "run", "estimate", "difference", "p_value", "previous", "support")


def runs(
    folder: Annotated[Path, Parameter(group=_INPUT)],
    /,
    *,
    modes: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    where: Annotated[tuple[str, ...], Parameter(metavar="SLICE", show_default=False)] = (),
    classes: Annotated[tuple[str, ...], _Several] = (),
    metrics: Annotated[tuple[str, ...], _Several] = (),
    order: Literal["date", "name"] = "date",
    iou: _Point = None,
    score: _Point = None,
    output: Output = DEFAULT_OUTPUT,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """The saved runs of a folder, and their trend.

    Without --modes, --where and --classes the runs are listed, by digest of their images and labels. With one of them
    the same slices and failure modes are looked at in every run, with the paired difference to the run before
    where that has the same images and labels.

    Args:
        folder: Its subfolders are runs, as cvfail evaluate -o saves them.
        modes: File of frozen failure modes, as cvfail failures --save writes it.
        where: Slice: attribute=value, several of these with " & " between, or SQL as after WHERE. Repeat the
            option for several.
        classes: Also each of these classes by itself.
        metrics: Of the list: ap50 precision recall f1 if not given; of slices: recall if not given.
        order: What says which run is earlier.
        iou: Overlap threshold; one of the ladder.
        score: Score threshold.
        output: Where the table goes.
        messages: How much is said on stderr.
    """
    from cvfail.gate.runs import runs as answer

    is_trend = bool(where or classes or modes is not None)
    wanted = () if is_trend else (metrics or None)
    with messages.step("reading the runs"):
        listed = answer(folder, metrics=wanted, order=order, iou=iou, score=score)
    if not is_trend:
        shown = [name for name in _LISTED if name in listed.df.columns]
        output.write(listed.df, messages, caption=listed.caption, shown=shown)
        return
    from cvfail.failures.mode_files import read_modes

    frozen = [] if modes is None else read_modes(modes)
    with messages.step("looking at every run"):
        trend = listed.trend(slices=where, modes=frozen, metrics=metrics or ("recall",), classes=classes)
    output.write(trend.df, messages, caption=trend.caption, shown=_TRENDED)
