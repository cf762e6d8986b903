"""Measured runs in a JSON file, so that works can be measured one at a time and shown together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.comparison import Comparison
from benchmarks.processes import Run
from benchmarks.works import WORKS, Work


def read_record(path: Path) -> dict[Work, Comparison]:
    """What `write_record` wrote, in the order of the table of works; nothing if there is no file."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {work: _comparison(found[work.name]) for work in WORKS if work.name in found}


def write_record(path: Path, results: Mapping[Work, Comparison]) -> None:
    """Write all runs by work and tool."""
    text = json.dumps({work.name: asdict(result) for work, result in results.items()}, indent=1)
    path.write_text(text, encoding="utf-8")


def _comparison(found: dict) -> Comparison:
    runs = {tool: [Run(**run) for run in runs] for tool, runs in found["runs"].items()}
    return Comparison(runs, found["failures"])
