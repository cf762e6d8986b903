"""The parts of an evaluation on S under pytest-benchmark: ``make bench-parts``."""

from __future__ import annotations

import pytest

from benchmarks.datasets import RECIPES, write_dataset
from benchmarks.parts import parts

NAMES = (
    "read JSON",
    "read Parquet",
    "encode",
    "match",
    "evaluate: encode and match",
    "outcomes by class and score",
    "accumulate: the twelve numbers from these",
    "confusion matrix at a new score",
    "save",
    "open",
)


@pytest.fixture(scope="module")
def all_parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    return parts(write_dataset(folder / "S", RECIPES["S"]), folder)


def test_the_parts_are_those_that_are_timed_here(all_parts):
    assert tuple(all_parts) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_part(benchmark, all_parts, name):
    benchmark.pedantic(all_parts[name], rounds=5, warmup_rounds=1)
