"""Medians, ratios, agreement and targets of compared tools."""

import math

import pytest

from benchmarks.comparison import Check, Comparison, checks, compare
from benchmarks.processes import ProgramError
from benchmarks.works import NAMES, Target
from tests.benchmarks.runs import comparison, run


def test_seconds_and_gigabytes_are_medians_of_the_rounds():
    result = Comparison({"cvfail": [run(9, 3), run(1, 2), run(2, 7)]})
    assert result.seconds("cvfail") == 2
    assert result.gigabytes("cvfail") == 3


def test_the_ratio_is_the_median_of_the_ratios_of_each_round():
    result = comparison(cvfail=[1, 2, 9], vernier=[10, 3, 9])
    assert result.ratio("cvfail", "vernier") == 2 / 3  # that of the medians is 2 / 9
    assert result.ratio("vernier", "cvfail") == 1.5


def test_the_ratio_is_that_of_the_medians_where_rounds_are_missing():
    assert comparison(cvfail=[1, 2, 9], vernier=[8]).ratio("cvfail", "vernier") == 0.25


def test_the_fastest_peer_has_the_smallest_median_and_is_not_cvfail():
    result = comparison(cvfail=[1, 1, 1], vernier=[2, 90, 3], hotcoco=[4, 4, 1])
    assert result.fastest_peer() == "vernier"
    assert comparison(cvfail=[1]).fastest_peer() is None


def test_the_difference_is_the_largest_between_two_answers():
    result = Comparison({"cvfail": [run(1, 1, [0.5, 0.25])], "vernier": [run(1, 1, [0.5, 0.375])]})
    assert result.difference("vernier") == 0.125
    assert result.difference("cvfail") == 0


@pytest.mark.parametrize(("numbers", "expected"), [([], None), ([0.5], math.inf)])
def test_answers_of_another_length_differ_without_bound_and_missing_ones_are_not_compared(numbers, expected):
    result = Comparison({"cvfail": [run(1, 1, [0.5, 0.25])], "vernier": [run(1, 1, numbers)]})
    assert result.difference("vernier") == expected


def test_nothing_is_compared_with_a_cvfail_that_failed():
    result = Comparison({"vernier": [run(1, 1, [0.5])]}, {"cvfail": "no memory"})
    assert result.difference("vernier") is None
    assert checks(Target(seconds=1.0, ratio=0.5), result, NAMES) == []


def test_tools_take_turns_after_a_first_round_that_is_not_counted():
    called = []

    def program(tool):
        called.append(tool)
        return run(len(called))

    result = compare(["a", "b"], program, runs=2, patience=100)
    assert called == ["a", "b", "a", "b", "a", "b"]
    assert [r.seconds for r in result.runs["a"]] == [3, 5]
    assert [r.seconds for r in result.runs["b"]] == [4, 6]


def test_a_slow_tool_runs_once_and_that_run_counts():
    called = []

    def program(tool):
        called.append(tool)
        return run({"slow": 10, "quick": 1}[tool])

    result = compare(["slow", "quick"], program, runs=2, patience=5)
    assert called.count("slow") == 1
    assert [len(result.runs[tool]) for tool in ("slow", "quick")] == [1, 2]


def test_a_tool_that_fails_is_kept_with_its_reason_and_not_run_again():
    called = []

    def program(tool):
        called.append(tool)
        if tool == "broken":
            raise ProgramError("MemoryError")
        return run(1)

    result = compare(["broken", "fine"], program, runs=2, patience=5)
    assert result.failures == {"broken": "MemoryError"}
    assert "broken" not in result.runs
    assert called.count("broken") == 1


def test_a_bound_is_met_up_to_and_including_itself():
    assert Check("s", 2.0, 2.0).met
    assert not Check("s", 2.0, 2.0000001).met


def test_bounds_of_seconds_and_memory_are_checked_without_peers():
    result = Comparison({"cvfail": [run(3, 5)]})
    found = checks(Target(seconds=4.0, gigabytes=4.0), result, NAMES)
    assert found == [Check("s", 4.0, 3.0), Check("GB", 4.0, 5.0)]


def test_ratios_are_checked_against_the_fastest_peer():
    result = Comparison({"cvfail": [run(1, 3)], "hotcoco": [run(4, 1)], "vernier": [run(2, 2)]})
    found = checks(Target(ratio=0.4, memory_ratio=1.0), result, NAMES)
    assert found == [Check("× vernier", 0.4, 0.5), Check("× vernier's memory", 1.0, 1.5)]


def test_ratios_are_checked_against_the_peer_that_the_target_names():
    result = Comparison({"cvfail": [run(1)], "hotcoco": [run(4)], "vernier": [run(2)]})
    assert checks(Target(ratio=0.4, against="hotcoco"), result, NAMES) == [Check("× hotcoco", 0.4, 0.25)]


def test_ratios_to_a_peer_that_has_no_runs_are_not_checked():
    assert checks(Target(ratio=0.4, against="hotcoco"), comparison(cvfail=[1], vernier=[2]), NAMES) == []
    assert checks(Target(ratio=0.4), comparison(cvfail=[1]), NAMES) == []
