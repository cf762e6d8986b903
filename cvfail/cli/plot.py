"""``cvfail plot``: charts as files, for papers and slides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, OUTPUT, Messages
from cvfail.errors import CvfailError, MissingDependencyError, PolicyError

if TYPE_CHECKING:
    import altair as alt

    from cvfail.evaluation import Evaluation

Kind = Literal[
    "confusion_matrix",
    "precision_recall",
    "score",
    "roc",
    "det",
    "froc",
    "cost",
    "reliability",
    "rates",
    "average_precision",
    "heatmap",
    "slices",
    "failure_modes",
    "error_types",
    "operating_points",
    "comparison",
    "all",
]
Theme = Literal["light", "dark"]
Format = Literal["png", "svg", "pdf", "html", "json"]
Shares = Literal["count", "true", "predicted"]

_UNGROUPED = ("confusion_matrix", "average_precision", "failure_modes")
_PIXELS = Parameter(validator=Number(gt=0), show_default="the chart's own")


def plot(
    kind: Kind,
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    by: Annotated[tuple[str, ...], Parameter(consume_multiple=(1, None), metavar="ATTRIBUTE")] = (),
    baseline: Annotated[Path | None, Parameter(metavar="RUN")] = None,
    show: Shares = "count",
    metric: Annotated[str | None, Parameter(show_default="recall")] = None,
    most: Annotated[int | None, Parameter(validator=Number(gte=1), show_default="the chart's own")] = None,
    width: Annotated[int | None, _PIXELS] = None,
    height: Annotated[int | None, _PIXELS] = None,
    scale: Annotated[float, Parameter(validator=Number(gt=0))] = 2.0,
    theme: Theme = "light",
    file_format: Annotated[Format, Parameter(name="--format")] = "svg",
    output: Annotated[Path, Parameter(name=("--output", "-o"), metavar="FILE", group=OUTPUT)],
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Charts as .png, .svg, .pdf, .html or .json.

    The policy behind the numbers is below the title. Paths of what was written go to stdout.

    Args:
        kind: What is drawn; "all" draws every kind into the folder of -o.
        inputs: What the question is put to.
        by: Attributes: a line, panel, row or cell for each level.
        baseline: The saved run that "comparison" compares with.
        show: Of a confusion matrix: counts, or percent of the true or the predicted class.
        metric: Of a heatmap: the rate that is drawn.
        most: How many groups, classes or rows are drawn.
        width: Of the drawing area, or of a panel, in pixels.
        height: Likewise.
        scale: Dots per pixel of a .png: 2 for screens, 4 for print.
        theme: Colours for light or for dark pages.
        file_format: Of the files of "all".
        output: File to write, the suffix says how; of "all" the folder.
        messages: How much is said on stderr.
    """
    _check_output(kind, output)
    if (kind == "comparison") != (baseline is not None) and kind != "all":
        raise PolicyError(
            "comparison, and it alone, needs --baseline. Hint: cvfail plot comparison RUN --baseline RUN"
        )
    look = {"width": width, "height": height, "theme": theme, **({} if most is None else {"most": most})}
    evaluation = inputs.evaluation(messages)
    if kind != "all":
        options = _options(kind, by, show, metric)
        with messages.step(f"drawing {kind.replace('_', ' ')}"):
            _save(_chart(evaluation, kind, baseline, look | options), output, scale)
        print(output)
        return
    for one in _kinds(evaluation, baseline):
        path = output / f"{one}.{file_format}"
        with messages.step(f"drawing {one.replace('_', ' ')}"):
            try:
                _save(_chart(evaluation, one, baseline, look | _options(one, (), show, metric)), path, scale)
            except MissingDependencyError:
                raise
            except CvfailError as error:
                messages.say(f"no {one}: {error}")
                continue
        print(path)


def _check_output(kind: Kind, output: Path) -> None:
    """Refuse a suffix that means nothing before anything is read."""
    known = Format.__args__  # type: ignore[attr-defined]
    if kind == "all":
        if output.suffix:
            raise PolicyError(f"--output {output}: all charts go to a folder. Hint: -o figures --format svg")
    elif output.suffix.lower().removeprefix(".") not in known:
        raise PolicyError(
            f"--output {output}: a chart is {', '.join('.' + name for name in known)}. Hint: -o figure.svg"
        )


def _options(kind: str, by: tuple[str, ...], show: Shares, metric: str | None) -> dict[str, Any]:
    """The options that a kind has, of those that were given."""
    if by and kind in _UNGROUPED:
        raise PolicyError(f"{kind} has no --by. Hint: cvfail plot rates RUN --by {by[0]}")
    if metric is not None and kind == "heatmap":
        return {"metric": metric, **({"by": list(by)} if by else {})}
    own = {"show": show} if kind == "confusion_matrix" else {}
    return own | ({"by": list(by)} if by else {})


def _kinds(evaluation: Evaluation, baseline: Path | None) -> list[str]:
    from cvfail.charts.asked import KINDS, OF_DETECTORS

    own = [kind for kind in KINDS if evaluation.task == "detection" or kind not in OF_DETECTORS]
    return [*own, *(["comparison"] if baseline is not None else [])]


def _chart(
    evaluation: Evaluation, kind: str, baseline: Path | None, options: dict[str, Any]
) -> alt.TopLevelMixin:
    if kind != "comparison":
        return evaluation.chart(kind, **options)  # type: ignore[arg-type]
    from cvfail import charts
    from cvfail.comparing import compare
    from cvfail.evaluation import open_evaluation

    assert baseline is not None
    by = options.pop("by", ())
    table = compare(open_evaluation(baseline), evaluation, by=by)
    return charts.comparison(table, of="slice" if by else "overall", **options)


def _save(chart: alt.TopLevelMixin, path: Path, scale: float) -> None:
    from cvfail.charts import save

    save(chart, path, scale=scale)
