"""The command line: arguments → one call → exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

from cvfail.cli import exits


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What follows ``cvfail`` on the command line; the process's own if not given.

    Returns:
        The exit code; see `cvfail.cli.exits`. Data has gone to stdout, everything else to stderr.
    """
    tokens = sys.argv[1:] if arguments is None else list(arguments)
    if arguments is None:  # the process is this command: nothing need be looked through before it ends
        atexit.register(_skip_the_last_collection)
    try:
        from cvfail.cli.app import app

        ended = app(tokens, print_error=False, exit_on_error=False, result_action="return_value")
        sys.stdout.flush()
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
    except Exception as error:  # noqa: BLE001  # the last place that can turn an error into an exit code
        return exits.report(error, debug="--debug" in tokens)
    else:
        return ended if isinstance(ended, int) else exits.OK
    return exits.OK


def _skip_the_last_collection() -> None:
    """DuckDB wants it: of what is not collected it complains on stderr."""
    if "duckdb" not in sys.modules:
        gc.freeze()


def _discard_stdout() -> None:
    """Whoever read stdout has had enough: let Python's own flush at the end go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
