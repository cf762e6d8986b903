"""The table of works asks for what exists: datasets, tools, and tasks that every tool's program has."""

import ast
from pathlib import Path

import pytest

import benchmarks.programs
from benchmarks.datasets import RECIPES
from benchmarks.works import FASTEST, NAMES, WORKS

PROGRAMS = Path(benchmarks.programs.__file__).parent


def tasks(tool):
    """The functions of a program, without importing what it needs."""
    tree = ast.parse((PROGRAMS / f"{tool}.py").read_text(encoding="utf-8"))
    return {item.name for item in tree.body if isinstance(item, ast.FunctionDef)}


def test_works_have_names_of_their_own():
    assert len({work.name for work in WORKS}) == len({work.title for work in WORKS}) == len(WORKS)


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_every_tool_of_a_work_has_its_task(work):
    assert work.data in RECIPES
    for tool in ("cvfail", *work.peers):
        assert tool in NAMES
        assert work.task in tasks(tool)
    assert work.before is None or work.before in tasks("cvfail")


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_a_target_bounds_something_and_names_a_peer_that_takes_part(work):
    target = work.target
    relative = (target.ratio, target.memory_ratio)
    assert any((*relative, target.seconds, target.gigabytes))
    assert target.against in (FASTEST, *work.peers)
    assert not any(relative) or work.peers


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_a_dataset_has_the_form_that_its_tasks_read(work):
    recipe = RECIPES[work.data]
    assert recipe.json or "json" not in work.task
    assert not recipe.parts or "out_of_core" in work.task
