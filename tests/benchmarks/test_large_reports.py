"""The benchmark of large reports makes what it says and opens it in Chromium."""

import pytest

from benchmarks import large_reports
from benchmarks.datasets import Recipe
from benchmarks.large_reports import CASES, make, opened, page, table
from tests.report import chromium


def test_a_report_is_made_opened_and_told(tmp_path, monkeypatch):
    if chromium.BROWSER is None or chromium.DRIVER is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: chromium, chromium-driver)")
    monkeypatch.setitem(CASES, "300 classes", Recipe(20, categories=300))
    monkeypatch.setattr(large_reports, "load_kernels", lambda folder: None)
    row = make(tmp_path, "300 classes")
    assert (row["classes"], row["images"]) == (300, 20)
    assert row["size"] == page(tmp_path, "300 classes").stat().st_size / 1e6
    [times] = opened([page(tmp_path, "300 classes")], runs=1)
    assert 0 < times["interactive"] <= times["loaded"]
    assert times["interactive"] < times["drawn"]
    lines = table([row | times]).splitlines()
    assert [line.count("|") for line in lines] == [13, 13, 13]
    assert lines[2].startswith("| 300 classes | 300 | 20 |")


def test_the_cases_are_those_that_are_promised():
    assert {recipe.categories for recipe in CASES.values()} == {80, 300, 1_203}
    assert CASES["100,000 images"].images == 100_000
    assert CASES["10M detections"].images > 130_000, "74 detections an image"
