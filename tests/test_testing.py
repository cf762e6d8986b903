"""`cvfail.testing.assert_no_regression` in a test suite."""

import pytest

import cvfail as cf
from cvfail.errors import PolicyError
from cvfail.testing import assert_no_regression
from tests.failures.causes.scenes import scene

FALL = {"rule": [{"metric": "recall", "class": "*", "max_fall": 0.05}]}


@pytest.fixture(scope="module")
def models():
    return [cf.evaluate(scene(2, base=base, images=120)) for base in (0.05, 0.4)]


def test_a_model_passes_against_itself(models, tmp_path):
    folder = models[0].save(tmp_path / "run")
    file = models[0].write_baseline(tmp_path / "baseline.parquet", FALL)
    for baseline in (models[0], folder, str(folder), file):
        assert assert_no_regression(folder, baseline, rules=FALL).verdict == "pass"


def test_a_failure_lists_the_rows(models):
    fewer = models[0].data
    worse = cf.evaluate(with_predictions(fewer, fewer.predictions.gather_every(2)))
    with pytest.raises(AssertionError) as caught:
        assert_no_regression(worse, models[0], rules=FALL)
    first, *rows = str(caught.value).splitlines()
    assert first == "fail: 3 of 3 rows fail, 0 to investigate, 0 pass"
    assert len(rows) == 3
    assert rows[0].startswith("- fail: recall falls by at most 0.05 | each class: recall of class 1: 0.9")
    assert rows[0].endswith("limit -0.050: beyond the limit")


def test_strict_fails_where_it_cannot_be_told(models):
    rules = {"gate": {"min_units": 10**6}, "rule": [{"metric": "recall", "at_least": 0.5}]}
    assert assert_no_regression(models[0], rules=rules).verdict == "investigate"
    with pytest.raises(AssertionError, match=r"- investigate: recall at least 0\.5: .*fewer than 1000000"):
        assert_no_regression(models[0], rules=rules, strict=True)


def test_a_missing_baseline_is_no_failed_test(models):
    with pytest.raises(PolicyError, match="needs a baseline"):
        assert_no_regression(models[0], rules=FALL)


def with_predictions(data, predictions):
    from dataclasses import replace

    return replace(data, predictions=predictions)
