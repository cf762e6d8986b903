"""Run one program in this interpreter: ``python -m benchmarks.programs hotcoco summary_from_json FOLDER``."""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

tool, task, folder = sys.argv[1:]
program = getattr(import_module(f"benchmarks.programs.{tool}"), task)
print(json.dumps(asdict(program(Path(folder)))))
