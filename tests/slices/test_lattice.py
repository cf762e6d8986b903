"""The pruned lattice finds what looking at every slice finds."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.slices import counting
from cvfail.slices.lattice import search_lattice
from cvfail.slices.objectives import objective_named
from cvfail.slices.unit_table import tabulate_units
from tests.slices.brute_force import best_slices, scored_slices

OBJECTIVES = [
    ("sliceline", {"alpha": 0.95}),
    ("sliceline", {"alpha": 0.5}),
    ("sliceline", {"alpha": 1.0}),
    ("excess", {"reference": "all"}),
    ("excess", {"reference": "rest"}),
    ("excess", {"reference": 0.25}),
    ("risk", {"reference": "all"}),
    ("risk", {"reference": "rest"}),
    ("rate", {}),
]


@st.composite
def tables(draw):
    """Small tables: nulls, numbers with half-lines, more items than rows, 0/1 or any errors, weights."""
    rows = draw(st.integers(1, 30))
    levels = [
        st.sampled_from(["a", "b", None]),
        st.booleans() | st.none(),
        st.sampled_from([f"v{k}" for k in range(9)]),
        st.integers(0, 40).map(float) | st.none(),
    ]
    columns = draw(st.lists(st.sampled_from(range(len(levels))), min_size=1, max_size=5))
    types = [pl.String, pl.Boolean, pl.String, pl.Float64]
    frame = pl.DataFrame(
        [
            pl.Series(f"x{k}", draw(st.lists(levels[kind], min_size=rows, max_size=rows)), types[kind])
            for k, kind in enumerate(columns)
        ]
    )
    amounts = draw(
        st.sampled_from(
            [
                st.sampled_from([0.0, 1.0]),
                st.just(0.0),
                st.just(1.0),
                st.sampled_from([0.0, 0.25, 3.0]),
                st.floats(0, 5),
            ]
        )
    )
    weights = draw(st.sampled_from([st.just(1.0), st.sampled_from([1.0, 2.5, 0.0]), st.floats(0.1, 9)]))
    return frame.with_columns(
        error=pl.Series(draw(st.lists(amounts, min_size=rows, max_size=rows))),
        weight=pl.Series(draw(st.lists(weights, min_size=rows, max_size=rows))),
    )


def tabulated(frame, *, weighted=False, min_support=1, half_lines=True, bins=4):
    return tabulate_units(
        frame,
        attributes=[name for name in frame.columns if name.startswith("x")],
        error="error",
        valid=None,
        weight="weight" if weighted else None,
        min_support=min_support,
        bins=bins,
        half_lines=half_lines,
        threads=1,
    )


def as_set(found, table):
    scale = table.scale
    return {
        (tuple(items), float(n), w * scale[0], b * scale[1], score)
        for part in found.best
        for items, n, w, b, score in zip(part.items.tolist(), *part.sums, part.score.tolist(), strict=True)
    }


def searched(table, objective, **options):
    return search_lattice(
        table, objective, **{"exhaustive": False, "threads": 1, "top": 3, "min_support": 1, **options}
    )


@pytest.mark.parametrize(("name", "options"), OBJECTIVES)
@pytest.mark.parametrize("cheaper", ["cubes", "bitmaps", "as it comes"])
@settings(max_examples=25)
@given(frame=tables(), data=st.data())
def test_the_best_slices_are_those_of_brute_force(monkeypatch_module, name, options, cheaper, frame, data):
    min_support, top = data.draw(st.integers(1, 6)), data.draw(st.sampled_from([1, 2, 5, 10**6]))
    max_order = data.draw(st.integers(1, 4))
    exhaustive = data.draw(st.booleans())
    table = tabulated(frame, weighted=name == "risk", min_support=min_support)
    objective = objective_named(name, table.totals, **options)
    monkeypatch_module.setattr(
        counting, "_ROWS_PER_WORD", {"cubes": np.inf, "bitmaps": 0.0, "as it comes": 0.25}[cheaper]
    )
    limits = {"max_order": max_order, "min_support": min_support}
    found = searched(table, objective, top=top, exhaustive=exhaustive, **limits)
    assert as_set(found, table) == best_slices(table, objective, top=top, **limits)
    if exhaustive:
        supported = scored_slices(table, objective, **limits)
        orders = [len(items) for items, *_ in supported]
        expected = [orders.count(order) for order in range(1, max_order + 1)]
        assert [*found.supported, *[0] * max_order][:max_order] == expected


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch
