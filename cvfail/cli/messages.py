"""What the user is told on stderr while a command works; stdout is for data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from cyclopts import Group, Parameter

OUTPUT = Group("Output", sort_key=4)


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class Messages:
    """How much is said on stderr.

    Attributes:
        quiet: Print nothing on stderr but errors.
        debug: Show the traceback of an error.
    """

    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"))] = False
    debug: bool = False

    def say(self, text: str) -> None:
        """Print one message."""
        if not self.quiet:
            print(text, file=sys.stderr)

    @contextmanager
    def step(self, doing: str, *, kernels: bool = True, spinner: bool = True) -> Iterator[None]:
        """Show what is being done, if stderr is a terminal.

        Args:
            doing: What is being done: ``"matching 300 predictions"``.
            kernels: Whether it runs compiled code, so that a first run that has to compile can say so.
            spinner: Whether it is shown here; it may have a display of its own.
        """
        if self.quiet:
            yield
            return
        if kernels:
            _announce_compilation()
        if not (spinner and sys.stderr.isatty()):
            yield
            return
        from rich.console import Console

        with Console(stderr=True, markup=False).status(f"{doing} …"):
            yield

    @contextmanager
    def bar(self) -> Iterator[Callable[[str, int, int], None]]:
        """A bar for work on many rows, if stderr is a terminal.

        Yields:
            What to call with (what is being done, rows done, rows in all).
        """
        if not self.quiet:
            _announce_compilation()
        if self.quiet or not sys.stderr.isatty():
            yield lambda _doing, _done, _total: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as shown:
            task = shown.add_task("", total=None)

            def move(doing: str, done: int, total: int) -> None:
                shown.update(task, description=doing, completed=done, total=total)

            yield move


DEFAULT_MESSAGES = Messages()


@cache
def _announce_compilation() -> None:
    """From now on say, once, when numba compiles a kernel instead of reading it from its cache."""
    from numba.core import event

    class Announcement(event.Listener):
        told = False

        def on_start(self, event: object) -> None:
            if not self.told:
                print("compiling kernels, once on this machine: up to half a minute …", file=sys.stderr)
            self.told = True

        def on_end(self, event: object) -> None:
            """Nothing is said when it is done: the next step follows."""

    event.register("numba:compile", Announcement())  # type: ignore[no-untyped-call]
