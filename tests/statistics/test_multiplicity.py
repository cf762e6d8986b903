"""q-values against scipy and the golden case."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from cvfail.errors import PolicyError
from cvfail.statistics.multiplicity import benjamini_hochberg, benjamini_yekutieli

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=40)
METHODS = [(benjamini_hochberg, "bh"), (benjamini_yekutieli, "by")]


def test_the_golden_case(golden):
    case = golden["stat_bh"]
    q = benjamini_hochberg(pl.Series(case["input"]["p"]))
    assert q.to_list() == pytest.approx(case["expected"]["scipy"], abs=1e-12)
    assert (q <= 0.05).to_list() == case["expected"]["reject_05"]


@pytest.mark.parametrize(("adjust", "method"), METHODS)
@given(p=p_values)
def test_q_values_are_those_of_scipy(adjust, method, p):
    assert adjust(pl.Series(p)).to_list() == pytest.approx(
        false_discovery_control(p, method=method), abs=1e-12
    )


@pytest.mark.parametrize(("adjust", "_"), METHODS)
@given(p=p_values, nulls=st.sets(st.integers(0, 60)))
def test_hypotheses_that_were_not_tested_do_not_count(adjust, _, p, nulls):
    padded = list(p)
    for place in sorted(nulls):
        padded.insert(place, None)
    q = adjust(pl.Series("p", padded, dtype=pl.Float64))
    assert q.drop_nulls().to_list() == adjust(pl.Series(p)).to_list()
    assert q.is_null().to_list() == [value is None for value in padded]


@pytest.mark.parametrize(("adjust", "_"), METHODS)
def test_nothing_tested_is_an_ordinary_input(adjust, _):
    assert adjust(pl.Series([], dtype=pl.Float64)).to_list() == []
    assert adjust(pl.Series([None, None], dtype=pl.Float64)).to_list() == [None, None]
    assert adjust(pl.Series([None])).dtype == pl.Float64
    assert adjust(pl.Series([float("nan"), 0.5])).to_list() == [None, 0.5]


@pytest.mark.parametrize(("adjust", "method"), METHODS)
@given(p=p_values, hidden=st.integers(0, 30))
def test_hypotheses_that_are_not_shown_count_as_never_significant(adjust, method, p, hidden):
    expected = false_discovery_control([*p, *[1.0] * hidden], method=method)[: len(p)]
    assert adjust(pl.Series(p), tests=len(p) + hidden).to_list() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("adjust", "_"), METHODS)
@given(p=st.lists(st.sampled_from([0.01, 0.02, 0.5]), min_size=1, max_size=12))
def test_equal_p_values_have_equal_q_values(adjust, _, p):
    """Ranks are those of the order, not its positions: an argsort taken for ranks fails here."""
    q = adjust(pl.Series(p)).to_list()
    assert len(set(zip(p, q, strict=True))) == len(set(p))
    assert adjust(pl.Series(p[::-1])).to_list() == q[::-1]


@pytest.mark.parametrize(("adjust", "_"), METHODS)
def test_fewer_tests_than_values_are_an_error(adjust, _):
    with pytest.raises(PolicyError, match=r"at least the number of p-values, 2; found 1"):
        adjust(pl.Series([0.1, None, 0.2]), tests=1)
    assert adjust(pl.Series([None], dtype=pl.Float64), tests=0).to_list() == [None]
