"""Measured runs are read back as they were written."""

import json

from benchmarks.comparison import Comparison
from benchmarks.record import read_record, write_record
from benchmarks.works import WORKS
from tests.benchmarks.runs import run


def test_runs_and_failures_are_read_back_as_they_were_written(tmp_path):
    results = {
        WORKS[0]: Comparison({"cvfail": [run(0.1, 0.3, [1 / 3, 0.0]), run(0.2)]}, {"vernier": "MemoryError"}),
        WORKS[1]: Comparison(),
    }
    path = tmp_path / "record.json"
    write_record(path, results)
    assert read_record(path) == results


def test_works_come_back_in_the_order_of_the_table_of_works(tmp_path):
    path = tmp_path / "record.json"
    write_record(path, {work: Comparison() for work in reversed(WORKS)})
    assert list(read_record(path)) == list(WORKS)


def test_a_record_that_does_not_exist_holds_nothing(tmp_path):
    assert read_record(tmp_path / "record.json") == {}


def test_works_that_are_no_longer_compared_are_left_out(tmp_path):
    path = tmp_path / "record.json"
    write_record(path, {WORKS[0]: Comparison()})
    old = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({"a work of long ago": {"runs": {}, "failures": {}}, **old}), encoding="utf-8")
    assert list(read_record(path)) == [WORKS[0]]
