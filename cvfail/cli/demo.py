"""``cvfail demo``: the whole job on made-up data whose failures are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, OUTPUT, Messages
from cvfail.cli.modes import MODE_COLUMNS, warn_of_chance
from cvfail.cli.output import DEFAULT_OUTPUT
from cvfail.cli.report import say_and_publish


def demo(
    *,
    images: Annotated[int, Parameter(validator=Number(gte=1))] = 320,
    seed: Annotated[int, Parameter(validator=Number(gte=0))] = 7,
    planted: Annotated[bool, Parameter(negative="--nothing-planted")] = True,
    output: Annotated[Path, Parameter(name=("--output", "-o"), metavar="FOLDER", group=OUTPUT)] = Path(
        "demo"
    ),
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """Make a dataset with planted failures, find them, report.

    Street scenes are painted and a detector is simulated; nothing is downloaded. The ranked failure modes go to
    stdout. The same detector retrained is compared with it: it repairs one failure and brings another.

    Args:
        images: How many pictures to paint.
        seed: Of everything random.
        planted: Whether the simulated detector has failure modes.
        output: Folder for the pictures, ground truth and predictions, both runs and their reports.
        messages: How much is said on stderr.
    """
    from cvfail.demo import write_demo

    with messages.step(f"painting {images} pictures", kernels=False, spinner=False):
        files = write_demo(output, images=images, seed=seed, planted=planted)
    messages.say("\n- ".join(["planted in the simulated detector:", *(files.planted or ["nothing"])]) + "\n")
    evaluation = Inputs(gt=files.ground_truth, pred=files.predictions).evaluation(messages)
    run = evaluation.save(output / "run")
    with messages.step("searching slices"):
        modes = evaluation.failure_modes()
    DEFAULT_OUTPUT.write(modes.df, Messages(quiet=True), caption=modes.caption, shown=MODE_COLUMNS)
    warn_of_chance(modes, messages)
    say_and_publish(
        evaluation, output / "report.html", messages, images=files.images, title="cvfail demo: street scenes"
    )
    again = Inputs(gt=files.ground_truth, pred=files.retrained).evaluation(messages)
    again.save(output / "retrained")
    say_and_publish(
        again,
        output / "report_retrained.html",
        messages,
        images=files.images,
        title="cvfail demo: the retrained detector",
        baseline=evaluation,
    )
    messages.say(f"saved the run. Next: open {output / 'report.html'}; cvfail confusion {run}")
    messages.say(f"did the fix hold? open {output / 'report_retrained.html'}")
