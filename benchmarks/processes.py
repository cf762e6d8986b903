"""One program as one process: its wall seconds, its peak memory and its answer.

The peak is what the system counted for the process, which on Linux begins with that of the process that started
it. So the runner imports nothing large.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_BYTES = 1 if sys.platform == "darwin" else 1024


class ProgramError(RuntimeError):
    """A program ended without an answer."""


@dataclass(frozen=True)
class Run:
    """What one process cost and answered.

    Attributes:
        seconds: Of the whole process, or of the timed part if the program timed one.
        gigabytes: Peak memory of the whole process, in 10⁹ bytes.
        numbers: The program's answer.
    """

    seconds: float
    gigabytes: float
    numbers: list[float]


def run_program(python: str, tool: str, task: str, folder: Path, *, limit: float = 3600) -> Run:
    """Run a task of a tool on a dataset.

    Raises:
        ProgramError: It failed, or took more than `limit` seconds; with the last line that it wrote.
    """
    command = [python, "-m", "benchmarks.programs", tool, task, str(folder)]
    with tempfile.TemporaryFile("w+") as answers, tempfile.TemporaryFile("w+") as complaints:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=answers, stderr=complaints, cwd=ROOT)
        alarm = threading.Timer(limit, process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise ProgramError(_last_line(complaints) or f"ended with {process.returncode}")
        answer = json.loads(_last_line(answers))
    inside = answer["seconds"]
    return Run(seconds if inside is None else inside, usage.ru_maxrss * _BYTES / 1e9, answer["numbers"])


def _last_line(file) -> str:
    file.seek(0)
    return next((line.strip() for line in reversed(file.readlines()) if line.strip()), "")


def installed(python: str, tools: list[str]) -> dict[str, str]:
    """The versions of those tools that an interpreter has."""
    script = (
        "import json, sys; from importlib.metadata import distributions\n"
        "have = {d.name.lower().replace('-', '_'): d.version for d in distributions() if d.name}\n"
        "print(json.dumps({tool: have[tool] for tool in sys.argv[1:] if tool in have}))"
    )
    answer = subprocess.run([python, "-c", script, *tools], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)
