"""What a report is busy with, shown on stderr while it is made, if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class Progress:
    """What `cvfail.report.summary.summarise` calls while it works; None where nobody looks.

    Attributes:
        on_step: Called with the name of each step as it begins.
        on_picture: Called with the number of image files as each of them is done, from any thread.
    """

    on_step: Callable[[str], None] | None = None
    on_picture: Callable[[int], None] | None = None

    def step(self, name: str) -> None:
        """A step begins."""
        if self.on_step is not None:
            self.on_step(name)


@contextmanager
def shown_progress(*, shown: bool = True) -> Iterator[Progress]:
    """A line on stderr that names the step and counts the pictures, and is gone at the end.

    Args:
        shown: Whether anything is; where stderr is no terminal nothing ever is.
    """
    if not (shown and sys.stderr.isatty()):
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Line

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24))
    with Line(*columns, console=Console(stderr=True), transient=True) as line:
        task = line.add_task("report", total=None)
        done, lock = 0, Lock()

        def on_step(name: str) -> None:
            line.update(task, description=name, refresh=True)

        def on_picture(total: int) -> None:
            nonlocal done
            with lock:
                done += 1
                now = done
                told = f"pictures {now:,}/{total:,}"
                line.update(task, description=told, completed=now, total=total, refresh=now == total)

        yield Progress(on_step, on_picture)
