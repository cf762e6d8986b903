"""Runs and comparisons from plain numbers."""

from benchmarks.comparison import Comparison
from benchmarks.processes import Run


def run(seconds, gigabytes=1.0, numbers=()):
    return Run(float(seconds), float(gigabytes), list(numbers))


def comparison(failures=None, **seconds):
    """Each tool with the seconds of its rounds."""
    return Comparison({tool: [run(s) for s in rounds] for tool, rounds in seconds.items()}, failures or {})
