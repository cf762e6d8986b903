"""The commands of cvfail, in the order in which they are used."""

from __future__ import annotations

from collections.abc import Callable

from cyclopts import App, Group, Parameter

from cvfail.cli.ablations import ablations
from cvfail.cli.apply import apply
from cvfail.cli.attributes import attributes
from cvfail.cli.calibrate import calibrate
from cvfail.cli.compare import compare
from cvfail.cli.confusion import confusion
from cvfail.cli.contrast import contrast
from cvfail.cli.demo import demo
from cvfail.cli.disagreement import disagreement
from cvfail.cli.errors import errors
from cvfail.cli.evaluate import evaluate
from cvfail.cli.failures import failures
from cvfail.cli.gate import gate
from cvfail.cli.labels import labels
from cvfail.cli.metrics import metrics
from cvfail.cli.plan import plan
from cvfail.cli.plot import plot
from cvfail.cli.report import report
from cvfail.cli.runs import runs
from cvfail.cli.search import search
from cvfail.cli.serve import serve
from cvfail.cli.slices import slices
from cvfail.cli.sql import sql
from cvfail.cli.thresholds import thresholds
from cvfail.cli.warmup import warmup
from cvfail.cli.what_if import what_if
from cvfail.version import __version__

_ABOUT = """\
Where a computer-vision model fails, how sure that is, and which rows say so.

Every question takes a saved run, or files to evaluate: --gt FILE --pred FILE.
"""

_EXAMPLES = """\
cvfail demo
cvfail report --gt instances.json --pred detections.json --images photos/
cvfail evaluate --gt instances.json --pred detections.json -o run
cvfail metrics run --by category size
cvfail slices run --where "time_of_day=night" --where "small: area < 1024"
cvfail search run --target recall
cvfail contrast time_of_day night day run
cvfail thresholds run --by category --save thresholds.toml
cvfail what-if run --thresholds thresholds.toml
cvfail confusion run --top 10
cvfail plan run --error missed --where "category=car & size=small" --save plan.md
cvfail compare run retrained_run --by time_of_day --changed
cvfail gate retrained --baseline run --rules gate.toml --junit gate.xml
cvfail sql "SELECT * FROM false_negatives" run -o missed.csv
"""

_INPUT = ("[RUN | --gt FILE --pred FILE | --data FOLDER]",)

_COMMANDS: dict[Callable[..., int | None], tuple[str, ...]] = {
    evaluate: _INPUT,
    failures: _INPUT,
    contrast: ("ATTRIBUTE", "VALUE", "AGAINST", *_INPUT),
    plan: _INPUT,
    errors: _INPUT,
    labels: _INPUT,
    confusion: _INPUT,
    metrics: _INPUT,
    slices: _INPUT,
    search: _INPUT,
    calibrate: _INPUT,
    apply: ("FILE...", "--pred FILE", "-o FILE"),
    thresholds: _INPUT,
    what_if: _INPUT,
    compare: ("BASELINE_RUN", "CANDIDATE_RUN..."),
    ablations: ("FILE",),
    disagreement: ("FIRST", "SECOND", *_INPUT),
    gate: _INPUT,
    runs: ("FOLDER",),
    sql: ("QUERY", *_INPUT),
    plot: ("KIND", *_INPUT, "-o FILE"),
    report: _INPUT,
    serve: _INPUT,
    attributes: (),
    demo: (),
    warmup: (),
}
"""Every command with the part of its usage that comes before the options."""


def _default(value: object) -> str | None:
    """How help shows a default; that a flag is off goes without saying."""
    return None if value is None or value is False else str(value)


def _application() -> App:
    application = App(
        name="cvfail",
        help=_ABOUT,
        help_format="plaintext",
        help_epilogue=_EXAMPLES,
        version=__version__,
        default_parameter=Parameter(negative=(), show_default=_default),
        group_parameters=Group("Question", sort_key=2),
        suppress_keyboard_interrupt=False,
    )
    for order, (command, arguments) in enumerate(_COMMANDS.items()):
        application.command(
            command,
            sort_key=order,
            usage=" ".join(["Usage: cvfail", command.__name__.replace("_", "-"), *arguments, "[OPTIONS]"]),
            help_format="markdown",
            help_epilogue="",
        )
    return application


app = _application()
