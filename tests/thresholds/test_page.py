"""Every example of the page on thresholds runs."""

import re
from pathlib import Path

import pytest

import cvfail as cf
from tests.scenes import detection, random_records

PAGE = Path(__file__).resolve().parents[2] / "docs" / "thresholds.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not part of an installed package")
def test_every_example_runs_in_the_order_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = random_records(7, images=60)
    names = {"evaluation": cf.evaluate(detection(*records, light=["day", "night", None] * 20))}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 7
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "thresholds.toml").is_file()
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    text = "\n".join(line for line in example.splitlines() if not line.startswith("hash"))
    assert len(cf.Thresholds.from_toml(text).rules) == 2
