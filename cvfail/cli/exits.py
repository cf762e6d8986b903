"""Exit codes, and what an error looks like to somebody who typed a command."""

from __future__ import annotations

import sys
import traceback

from cvfail.errors import CvfailError, FormatError, MissingFileError, SchemaError

OK = 0
GATE_FAILED = 1
"""Reserved for comparisons that fail; nothing else ends with it."""
USAGE = 2
"""The command, an option, a policy or a query is wrong, or the output cannot be written."""
INVALID_INPUT = 3
"""The input is missing, damaged, or breaks the rules of its tables."""
INTERNAL = 70
"""A fault of cvfail."""
INTERRUPTED = 130


def exit_code(error: Exception) -> int:
    """The exit code that an error ends the process with."""
    from cyclopts import CycloptsError

    if isinstance(error, SchemaError | FormatError | MissingFileError):
        return INVALID_INPUT
    if isinstance(error, CvfailError | CycloptsError | OSError):
        return USAGE
    return INTERNAL


def report(error: Exception, *, debug: bool) -> int:
    """Print an error on stderr, with its traceback only where that was asked for.

    Returns:
        The exit code.
    """
    if debug:
        traceback.print_exception(error)
    else:
        print(_wording(error), file=sys.stderr)
    return exit_code(error)


def _wording(error: Exception) -> str:
    from cyclopts import CycloptsError

    if isinstance(error, CycloptsError):
        error.verbose = False
        command = " ".join(["cvfail", *(error.command_chain or ())])
        return f"{error}\nHint: {command} --help"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if exit_code(error) == INTERNAL:
        return (
            f"cvfail failed: {type(error).__name__}: {error}\nHint: the same command with --debug says where"
        )
    return str(error)
