"""``cvfail serve``: the report over a local database, for sets that are too large for a file."""

from __future__ import annotations

import signal
import sys
import webbrowser
from pathlib import Path
from threading import Event
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cvfail.cli.inputs import DEFAULT_INPUTS, Inputs
from cvfail.cli.messages import DEFAULT_MESSAGES, Messages


def serve(
    inputs: Inputs = DEFAULT_INPUTS,
    *,
    images: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    title: Annotated[str | None, Parameter(show_default="the names of the input files")] = None,
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535), show_default="a free one")] = 0,
    timeout: Annotated[float, Parameter(validator=Number(gt=0), metavar="SECONDS")] = 30.0,
    no_open: bool = False,
    messages: Messages = DEFAULT_MESSAGES,
) -> None:
    """The report in your browser, with SQL and every row.

    It listens on 127.0.0.1 and answers whoever has the token in the address, which goes to stdout; nothing can be
    written. Ctrl-C ends it.

    Args:
        inputs: What is looked at.
        images: Folder of the image files; without it examples are drawn on empty frames.
        title: Heading of the page.
        port: Port on 127.0.0.1.
        timeout: A query that takes longer is stopped.
        no_open: Open no browser; none is opened either where stdout is no terminal.
        messages: How much is said on stderr.
    """
    from cvfail.serve.server import serving

    evaluation = inputs.evaluation(messages)
    started = serving(evaluation, images=images, title=title, port=port, timeout=timeout)
    try:
        with messages.step("making the first page"):
            server = started.__enter__()
        try:
            print(server.url, flush=True)
            messages.say("Ctrl-C ends it")
            if not no_open and sys.stdout.isatty():
                webbrowser.open(server.url)
            _wait_for_ctrl_c()
        finally:
            started.__exit__(None, None, None)
    except KeyboardInterrupt:
        return


def _wait_for_ctrl_c() -> None:
    """Wait until KeyboardInterrupt; libraries that were loaded may have taken the signal for themselves."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    never = Event()
    while not never.wait(0.5):
        pass
