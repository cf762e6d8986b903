"""The page on gates: its rules are judged, its Python runs."""

import re
from pathlib import Path

import pytest

from cvfail.failures.mode_files import write_modes

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "gate.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(demo, modes, tmp_path, monkeypatch):
    """A folder as the page's commands leave it."""
    monkeypatch.chdir(tmp_path)
    for one, name in zip(demo, ("run", "retrained"), strict=True):
        one.save(tmp_path / "demo" / name)
    write_modes(modes, "modes.json")
    (rules,) = blocks("toml")
    Path("gate.toml").write_text(rules)


@pytest.mark.usefixtures("folder")
def test_the_python_of_the_page_runs():
    names = {}
    for block in blocks("python"):
        exec(block, names)
    with pytest.raises(AssertionError, match="- fail: crowds: false_positives_per_image of density=crowded"):
        names["test_the_new_model_is_no_worse_anywhere"]()
    assert names["gate"].verdict == "fail"
    assert set(names["gate"].df.filter(verdict="fail")["slice"]) == {
        "density=crowded",
        "duplicate | density=crowded",
    }
    assert len(names["trend"]) == 3 * 2


def test_every_command_of_the_page_is_known(run_options):
    commands = re.findall(r"cvfail (\w+)((?:[^#\n])*)", "\n".join(blocks("sh")))
    assert {command for command, _ in commands} == {"demo", "evaluate", "gate", "runs"}
    for command, rest in commands:
        known = run_options(command)
        assert set(re.findall(r"--[\w-]+", rest)) <= known


@pytest.fixture
def run_options(capsys):
    """The options that a command's help names."""
    from cvfail.cli import main

    def options(command):
        main([command, "--help"])
        return set(re.findall(r"--[\w-]+", capsys.readouterr().out))

    return options
