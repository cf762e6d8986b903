"""Every slice of a few conditions: the same numbers as a group-by per slice, whatever the threads and the order."""

from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from cvfail.slices.every_slice import ClusteredUnits, each_against_rest, every_slice
from cvfail.statistics.contrast import slice_against_rest

MIN_SUPPORT = 3


def random_units(seed, *, rows=400, clusters=37):
    rng = np.random.default_rng(seed)
    values = pl.DataFrame(
        {
            "light": rng.choice(["day", "night", "dusk", None], rows).tolist(),
            "size": rng.choice(["small", "large"], rows).tolist(),
            "pose": rng.integers(0, 5, rows),
            "twin": pl.Series(rng.choice(["a", "b"], rows).tolist()),
        }
    ).with_columns(copy=pl.col("size").replace({"small": "s", "large": "l"}))
    codes = np.sort(rng.integers(0, clusters, rows)).astype(np.int32)
    return values, codes[rng.permutation(rows)], (rng.random(rows) < 0.3).astype(np.float64)


def plain_slices(values, clusters, errors, max_order):
    """Each slice by a filter, compared by the statistics room; those that repeat a wider one left out."""
    frame = values.with_columns(pl.all().cast(pl.String)).with_columns(
        pl.Series("cluster", clusters), pl.Series("errors", errors), units=pl.lit(1.0)
    )
    totals = frame.select("cluster", "errors", "units")
    answers = {}
    for order in range(1, max_order + 1):
        for names in combinations(values.columns, order):
            levels = [values[name].cast(pl.String).unique().to_list() for name in names]
            for chosen in product(*levels):
                parts = [
                    pl.col(n).eq_missing(pl.lit(v, pl.String)) for n, v in zip(names, chosen, strict=True)
                ]
                own = frame.filter(*parts)
                wider = (
                    [len(frame.filter(*parts[:k], *parts[k + 1 :])) for k in range(order)]
                    if order > 1
                    else []
                )
                if len(own) < MIN_SUPPORT or len(own) in wider:
                    continue
                key = tuple(f"{n}={'(null)' if v is None else v}" for n, v in zip(names, chosen, strict=True))
                table = slice_against_rest(own.with_columns(slice=pl.lit(0)), totals, by=["slice"])
                answers[key] = table.drop("slice").row(0)
    return answers


@pytest.mark.parametrize("seed", range(3))
def test_every_slice_equals_a_filter_per_slice(seed):
    values, clusters, errors = random_units(seed)
    units = ClusteredUnits.of(values, clusters, min_support=MIN_SUPPORT)
    found = every_slice(units, errors[units.rows], max_order=3, min_support=MIN_SUPPORT)
    plain = plain_slices(values, clusters, errors, max_order=3)
    named = {
        tuple(str(units.items[number]) for number in own): row
        for own, row in zip(found.items, found.table.drop("slice").rows(), strict=True)
    }
    assert named.keys() == plain.keys()
    for key, row in plain.items():
        assert named[key] == pytest.approx(row, rel=1e-9, abs=1e-12, nan_ok=True), key


def test_threads_change_nothing():
    values, clusters, errors = random_units(7)
    units = ClusteredUnits.of(values, clusters, min_support=1, threads=1)
    one, three = (
        every_slice(units, errors[units.rows], max_order=2, min_support=1, threads=threads)
        for threads in (1, 3)
    )
    assert one.items == three.items
    assert one.table.equals(three.table)


def test_a_slice_among_some_units_is_compared_with_the_rest_of_these():
    values, clusters, errors = random_units(2)
    units = ClusteredUnits.of(values, clusters, min_support=1)
    everyone, nobody = np.ones(units.rows.size, np.bool_), np.zeros(units.rows.size, np.bool_)
    first, second = units.members([0]), units.members([units.first_item[1]])
    slices = [(first, second), (second, first), (first, everyone), (nobody, second), (everyone, everyone)]
    frame = pl.DataFrame({"cluster": units.clusters, "errors": errors[units.rows], "units": 1.0})
    table = each_against_rest(units, errors[units.rows], slices)
    assert table["slice"].to_list() == [0, 1, 2, 3, 4]
    for (own, among), row in zip(slices, table.drop("slice").iter_rows(), strict=True):
        inside = frame.filter(pl.Series(own & among)).with_columns(slice=pl.lit(0))
        plain = slice_against_rest(inside, frame.filter(pl.Series(among)), by=["slice"]).drop("slice")
        if len(inside):
            near = [None if value is None else pytest.approx(value, rel=1e-9) for value in plain.row(0)]
            assert list(row) == near
        else:
            assert (row[0], row[2], row[-1]) == (0.0, None, None)


def test_part_of_the_units_has_the_slices_of_the_whole():
    values, clusters, errors = random_units(4)
    units = ClusteredUnits.of(values, clusters, min_support=1)
    chosen = np.random.default_rng(0).random(units.rows.size) < 0.5
    part = units.where(chosen)
    assert part.items == units.items
    assert np.array_equal(
        part.members([1, units.first_item[1]]), units.members([1, units.first_item[1]])[chosen]
    )
    sums = part.per_cluster(errors[part.rows])
    assert np.array_equal(sums.units, np.bincount(part.clusters, minlength=units.starts.size - 1))
    assert np.array_equal(np.diff(part.starts), sums.units)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_units_or_one_give_no_comparison(rows):
    values = pl.DataFrame({"light": ["night"] * rows}, schema={"light": pl.String})
    units = ClusteredUnits.of(values, np.zeros(rows, np.int32), min_support=1)
    found = every_slice(units, np.zeros(rows), max_order=2, min_support=1)
    assert found.items == ()
    assert found.table.is_empty()
    nobody = np.zeros(rows, np.bool_)
    alone = each_against_rest(units, np.zeros(rows), [(nobody, ~nobody)])
    assert alone.select("units", "rate", "difference", "p_value").row(0) == (0.0, None, None, None)
    assert each_against_rest(units, np.zeros(rows), []).is_empty()
