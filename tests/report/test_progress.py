"""What is said while a report is made."""

import io
from contextlib import redirect_stderr

import pytest

from cvfail.report.progress import shown_progress
from cvfail.report.summary import summarise


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_a_terminal_sees_the_step_and_counts_the_pictures(terminal):
    with redirect_stderr(terminal), shown_progress() as doing:
        doing.on_step("failure modes")
        doing.on_step("error types [bold]")
        doing.on_step("pictures")
        for _ in range(800):
            doing.on_picture(800)
    text = terminal.getvalue()
    places = [
        text.find(name) for name in ("failure modes", "error types [bold]", "pictures", "pictures 800/800")
    ]
    assert places == sorted(places)
    assert -1 not in places


@pytest.mark.parametrize("shown", [True, False])
def test_nothing_is_said_where_nobody_looks(capsys, shown):
    with shown_progress(shown=shown) as doing:
        doing.step("failure modes")
    assert (doing.on_step, doing.on_picture) == (None, None)
    assert capsys.readouterr() == ("", "")


def test_quiet_is_quiet_on_a_terminal_too(terminal):
    with redirect_stderr(terminal), shown_progress(shown=False) as doing:
        doing.step("failure modes")
    assert terminal.getvalue() == ""


def test_a_summary_names_its_steps_once_each_in_order(classification):
    steps = []
    summarise(classification, on_step=steps.append, threads=1)
    assert steps == [
        "failure modes",
        "curves and thresholds",
        "slices",
        "error types",
        "label suspects",
        "classes",
        "examples",
    ]


def test_sections_that_are_made_at_the_same_time_are_named_as_well(classification):
    one_by_one, at_once = [], []
    summarise(classification, on_step=one_by_one.append, threads=1)
    summarise(classification, on_step=at_once.append, threads=2)
    assert (sorted(at_once), at_once[-1]) == (sorted(one_by_one), "examples")
