"""A program is a process: its answer, its costs, and the last line of one that fails."""

import sys
from importlib.metadata import version

import pytest

from benchmarks.processes import ProgramError, installed, run_program


@pytest.fixture
def script(tmp_path):
    """An interpreter that does what a text says, whatever it is asked for."""

    def write(text):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return write


def test_a_tool_that_does_not_exist_fails_with_the_last_line_of_its_traceback(tmp_path):
    with pytest.raises(
        ProgramError, match=r"^ModuleNotFoundError: No module named 'benchmarks.programs.nobody'$"
    ):
        run_program(sys.executable, "nobody", "summary_from_json", tmp_path)


def test_a_program_that_fails_gives_the_last_line_that_is_not_empty(script, tmp_path):
    python = script("echo first >&2; echo '  the reason  ' >&2; echo >&2; exit 3")
    with pytest.raises(ProgramError, match=r"^the reason$"):
        run_program(python, "cvfail", "task", tmp_path)


def test_a_program_that_fails_without_a_word_gives_its_exit_code(script, tmp_path):
    with pytest.raises(ProgramError, match=r"^ended with 3$"):
        run_program(script("exit 3"), "cvfail", "task", tmp_path)


def test_a_program_that_takes_too_long_is_stopped(script, tmp_path):
    with pytest.raises(ProgramError, match=r"^ended with -9$"):
        run_program(script("exec sleep 60"), "cvfail", "task", tmp_path, limit=0.2)


def test_the_answer_is_the_last_line_whatever_else_is_printed(script, tmp_path):
    python = script("""echo chatter; echo '{"seconds": null, "numbers": [0.5, 0.25]}'""")
    run = run_program(python, "cvfail", "task", tmp_path)
    assert run.numbers == [0.5, 0.25]
    assert run.seconds > 0
    assert run.gigabytes > 0


def test_seconds_that_the_program_timed_itself_take_the_place_of_those_of_the_process(script, tmp_path):
    python = script("""echo '{"seconds": 1234.5, "numbers": []}'""")
    assert run_program(python, "cvfail", "task", tmp_path).seconds == 1234.5


def test_a_program_is_told_the_tool_the_task_and_the_folder(script, tmp_path):
    python = script("""echo "$@" >&2; exit 1""")
    with pytest.raises(ProgramError) as caught:
        run_program(python, "hotcoco", "summary_of_loaded", tmp_path)
    assert str(caught.value) == f"-m benchmarks.programs hotcoco summary_of_loaded {tmp_path}"


def test_installed_tools_are_found_with_their_versions_and_others_are_not():
    found = installed(sys.executable, ["numpy", "no_such_tool"])
    assert found == {"numpy": version("numpy")}
