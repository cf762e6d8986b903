"""Help and version load nothing that takes time."""

import subprocess
import sys

import pytest

import cvfail

HEAVY = {"numba", "duckdb", "altair", "pyarrow", "scipy", "PIL", "jinja2", "pandas", "polars", "numpy"}
COMMANDS = [
    *(
        "evaluate",
        "failures",
        "contrast",
        "plan",
        "errors",
        "labels",
        "confusion",
        "metrics",
        "slices",
        "search",
        "calibrate",
        "apply",
        "thresholds",
        "what-if",
        "compare",
        "ablations",
        "disagreement",
        "gate",
        "runs",
        "sql",
        "plot",
        "report",
        "serve",
        "attributes",
    ),
    *("demo", "warmup"),
]


def loaded_by(*arguments: str) -> set[str]:
    program = (
        "import sys\n"
        "from cvfail.cli import main\n"
        f"main({list(arguments)})\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["metrics", "--help"], ["metrics", "--bz"]])
def test_nothing_heavy_is_loaded(arguments):
    assert not loaded_by(*arguments) & HEAVY


def test_rates_of_a_saved_run_need_no_compiler_and_no_database(saved):
    assert not loaded_by("metrics", str(saved)) & {"numba", "duckdb", "altair", "PIL", "jinja2"}


def test_help_names_every_command_in_the_order_of_their_use(run):
    lines = run("--help").out.splitlines()
    found = [line.split()[1] for line in lines if line.startswith("│ ")]
    assert found == [*COMMANDS, "--help", "--version"], "one line each, in 80 columns"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained(run, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    lines = [line.strip("│ ") for line in run(command, "--help").out.splitlines() if line.startswith("│")]
    assert lines
    assert [line for line in lines if len(line.split("  ")) == 1] == []


def test_version(run):
    assert run("--version").out == f"{cvfail.__version__}\n"
