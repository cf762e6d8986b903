"""One value against another in every slice: the same numbers as a filter per slice, whatever the threads."""

from itertools import combinations, product

import numpy as np
import polars as pl
import pytest

from cvfail.slices.every_contrast import every_contrast
from cvfail.slices.every_slice import ClusteredUnits
from cvfail.statistics.contrast import slice_against_rest
from tests.slices.test_every_slice import random_units

SUPPORT, CLUSTERS = 4, 3


def plain_contrasts(values, clusters, errors, is_value, max_order):
    """Each slice by a filter; without those of too few units or clusters of a value, or that repeat a wider one."""
    frame = values.with_columns(pl.all().cast(pl.String)).with_columns(
        pl.Series("cluster", clusters),
        pl.Series("errors", errors),
        pl.Series("value", is_value),
        units=pl.lit(1.0),
    )
    answers = {}
    for order in range(max_order + 1):
        for names in combinations(values.columns, order):
            levels = [values[name].cast(pl.String).unique().to_list() for name in names]
            for chosen in product(*levels):
                parts = [
                    pl.col(n).eq_missing(pl.lit(v, pl.String)) for n, v in zip(names, chosen, strict=True)
                ]
                inside = frame.filter(*parts) if parts else frame
                wider = [
                    len(frame.filter(*rest)) for k in range(order) if (rest := parts[:k] + parts[k + 1 :])
                ]
                wider += [len(frame)] if order else []
                sides = [inside.filter(pl.col("value") == side) for side in (True, False)]
                if len(inside) in wider or min(map(len, sides)) < SUPPORT:
                    continue
                if min(side["cluster"].n_unique() for side in sides) < CLUSTERS:
                    continue
                key = tuple(f"{n}={'(null)' if v is None else v}" for n, v in zip(names, chosen, strict=True))
                table = slice_against_rest(sides[0].with_columns(slice=pl.lit(0)), inside, by=["slice"])
                answers[key] = table.drop("slice").row(0)
    return answers


def contrasted(seed, **options):
    values, clusters, errors = random_units(seed)
    is_value = np.random.default_rng(seed).random(len(errors)) < 0.4
    units = ClusteredUnits.of(values, clusters, min_support=SUPPORT)
    rows = units.rows
    options = {"max_order": 2, "min_support": SUPPORT, "min_clusters": CLUSTERS, **options}
    found = every_contrast(units, errors[rows], is_value[rows], **options)
    named = {
        tuple(str(units.items[number]) for number in own): row
        for own, row in zip(found.items, found.table.drop("slice").rows(), strict=True)
    }
    return named, (values, clusters, errors, is_value)


@pytest.mark.parametrize("seed", range(3))
def test_every_contrast_equals_a_filter_per_slice(seed):
    named, given = contrasted(seed)
    plain = plain_contrasts(*given, max_order=2)
    assert named.keys() == plain.keys()
    assert () in named
    for key, row in plain.items():
        assert named[key] == pytest.approx(row, rel=1e-9, abs=1e-12, nan_ok=True), key


def test_threads_change_nothing():
    assert contrasted(5, threads=1)[0] == contrasted(5, threads=3)[0]


def test_without_units_of_one_value_or_of_any_there_is_nothing_to_compare():
    values, clusters, errors = random_units(1)
    units = ClusteredUnits.of(values, clusters, min_support=1)
    options = {"max_order": 2, "min_support": 1, "min_clusters": 1}
    for mask in (np.zeros(errors.size, np.bool_), np.ones(errors.size, np.bool_)):
        assert every_contrast(units, errors[units.rows], mask, **options).items == ()
    nobody = units.where(np.zeros(errors.size, np.bool_))
    nothing = np.zeros(0)
    assert every_contrast(nobody, nothing, nothing.astype(np.bool_), **options).table.is_empty()
