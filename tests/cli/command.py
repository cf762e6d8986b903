"""Running a command, inside this process or as one of its own."""

import subprocess
import sys
from typing import NamedTuple

from cvfail.cli import main


class Answer(NamedTuple):
    """What a command leaves: its exit code and what it printed."""

    code: int
    out: str
    err: str


def run_apart(*arguments, **options) -> Answer:
    """Run a command as a process of its own, as a shell does."""
    command = [sys.executable, "-m", "cvfail", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return Answer(done.returncode, done.stdout, done.stderr)


def runner(capsys):
    """A function that runs a command inside this process."""

    def run(*arguments) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    return run
