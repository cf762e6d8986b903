"""The benchmark of the report tells of every section, and of both ways of making it."""

import pytest

from benchmarks.datasets import RECIPES, Recipe
from benchmarks.report_making import SECTIONS, THREADS, measure, table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "S", Recipe(20))
    return tmp_path


def test_every_section_is_timed(folder):
    row = measure(folder, detections=400, threads=1)
    assert tuple(row["sections"]) == SECTIONS
    assert 0 < sum(row["sections"].values()) <= row["wall"]
    together = {**row, "threads": THREADS["two at a time"], "sections": {}, "wall": 21.04}
    lines = table([row, together]).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| one by one | ")
    assert lines[3].startswith("| two at a time | 21.0 | ")
