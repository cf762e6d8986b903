"""q-values against scipy and the golden case."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

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
