"""A search finds planted slices, says how sure it is, and meets tables of every kind."""

import numpy as np
import polars as pl
import pytest

from cvfail.errors import QueryError
from cvfail.slices.search import search_slices

NULL_SEEDS = 5
"""Also run once with 100 seeds."""


def planted(*, images=150, objects=8, seed=0, lift=0.5):
    """Objects of images, which differ in difficulty, with more errors at night on small objects."""
    random = np.random.default_rng(seed)
    rows = images * objects
    image = np.repeat(np.arange(images), objects)
    light = random.integers(0, 3, images)[image]
    size, pose = random.integers(0, 3, rows), random.integers(0, 4, rows)
    rate = random.beta(1, 7, images)[image] + lift * ((light == 1) & (size == 0))
    return pl.DataFrame(
        {
            "image_id": [f"i{k}" for k in image],
            "light": [["day", "night", "dusk"][k] for k in light],
            "size": [["small", "medium", None][k] for k in size],
            "pose": pose,
            "error": random.random(rows) < rate,
        }
    )


def test_a_planted_slice_stands_at_the_top_with_its_certainty():
    units = planted()
    found = search_slices(units, cluster="image_id", objective="excess", top=5)
    first = found.df.row(0, named=True)
    own = units.filter((pl.col("light") == "night") & (pl.col("size") == "small"))
    assert first["slice"] == "light=night & size=small"
    assert (first["support"], first["errors"]) == (len(own), own["error"].sum())
    assert first["rate"] == pytest.approx(own["error"].mean())
    assert first["lower"] > 0.3
    assert first["q_value"] < 1e-3
    assert first["parent_p_value"] < 0.05
    assert found.rows(1).equals(own)
    assert f"m = {found.tested} slices" in found.caption


def test_shares_of_predicates_add_up_to_the_divergence():
    units = planted()
    found = search_slices(units, cluster="image_id", objective="excess", top=5)
    shares = found.attribution(1).df
    assert shares["predicate"].to_list() == ["light=night", "size=small"]
    assert shares["share"].sum() == pytest.approx(found.df["rate"][0] - units["error"].mean())


def test_marginal_impacts_add_up_to_the_excess_of_the_union():
    units = planted()
    found = search_slices(
        units.with_row_index("row"), attributes=["light", "size", "pose"], objective="excess"
    )
    union = pl.concat([found.rows(rank) for rank in range(1, len(found) + 1)]).unique("row")
    excess = union["error"].sum() - len(union) * units["error"].mean()
    assert found.df["marginal"].sum() == pytest.approx(excess)
    assert (found.df["marginal"] <= found.df["gross"].max() + 1e-9).all()


def test_a_null_run_keeps_the_errors_and_finds_nothing_certain():
    discoveries = 0
    for seed in range(NULL_SEEDS):
        found = search_slices(planted(seed=seed), cluster="image_id", top=10).null_run(seed=seed)
        discoveries += (found.df["q_value"] < 0.05).any()
        assert found._table.totals.errors == planted(seed=seed)["error"].sum()
    assert discoveries == 0


def test_a_confirmed_effect_is_from_the_other_half_of_the_images():
    units = planted(images=300)
    found = search_slices(units, cluster="image_id", objective="excess", top=3, confirm=True)
    first = found.df.row(0, named=True)
    assert first["slice"] == "light=night & size=small"
    assert first["q_value"] < 0.05
    assert 0 < first["support"] < found.rows(1).height
    shuffled = units.sample(fraction=1.0, shuffle=True, seed=3)
    again = search_slices(shuffled, cluster="image_id", objective="excess", top=3, confirm=True)
    assert again.df["slice"].equals(found.df["slice"])
    assert again.df["support"].equals(found.df["support"])


@pytest.mark.parametrize("statistics", [True, False])
def test_the_result_is_the_same_for_any_number_of_threads(statistics):
    one, many = (
        search_slices(planted(), cluster="image_id", min_support=5, statistics=statistics, threads=threads)
        for threads in (1, 5)
    )
    assert one.df.equals(many.df)


def test_without_statistics_the_same_slices_are_found():
    sure, quick = (
        search_slices(planted(), cluster="image_id", min_support=5, statistics=statistics)
        for statistics in (True, False)
    )
    assert quick.df["slice"].equals(sure.df["slice"])
    assert quick.df["score"].equals(sure.df["score"])
    assert quick.df["p_value"].null_count() == len(quick)


def test_slices_with_the_same_units_are_shown_once():
    units = planted().with_columns(lamp=pl.col("light").replace({"night": "on", "day": "off", "dusk": "off"}))
    found = search_slices(
        units, attributes=["light", "lamp", "size"], objective="excess", max_order=2, top=20
    )
    texts = found.df["slice"].to_list()
    twins = dict(zip(texts, found.df["same_units_as"].to_list(), strict=True))
    assert twins["light=night"] == ["light=night & lamp=on", "lamp=on"]
    assert "lamp=on" not in texts
    nested = units.with_columns(
        light=pl.when(pl.col("size") == "small").then(pl.lit("any")).otherwise("light")
    )
    nested = nested.with_columns(
        light=pl.when(pl.col("light") == "any").then(pl.lit("any")).otherwise(pl.lit("b"))
    )
    shown = (
        search_slices(nested, attributes=["light", "size"], objective="excess", top=20).df["slice"].to_list()
    )
    assert "light=any" in shown
    assert "size=small" not in shown


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("confirm", [False, True])
def test_no_rows_or_one_row_find_nothing(rows, confirm):
    found = search_slices(planted().head(rows), cluster="image_id", min_support=1, confirm=confirm)
    assert len(found) == 0
    assert {dropped.attribute for dropped in found.dropped} == {"light", "size", "pose"}
    assert len(found.null_run(seed=1)) == 0


@pytest.mark.parametrize("value", [True, False])
def test_all_errors_or_none_find_nothing_in_excess(value):
    found = search_slices(planted().with_columns(error=pl.lit(value)), cluster="image_id", objective="excess")
    assert len(found) == 0


def test_one_image_has_rates_but_no_certainty():
    units = planted().with_columns(image_id=pl.lit("only"))
    found = search_slices(units, cluster="image_id", objective="excess", top=1)
    assert found.df["rate"].item() > 0
    assert found.df.select("lower", "upper", "p_value", "q_value").row(0) == (None,) * 4


def test_constant_and_almost_unique_attributes_are_left_out_by_name():
    units = planted().with_columns(site=pl.lit("a"), file=pl.int_range(pl.len()).cast(pl.String))
    found = search_slices(units, cluster="image_id")
    assert {one.attribute for one in found.dropped} == {"site", "file"}
    assert "site (one value only)" in found.caption


def test_units_that_do_not_count_change_nothing():
    units = planted().with_columns(valid=pl.lit(1))
    ignored = units.with_columns(valid=pl.lit(0), error=pl.lit(value=True))
    plain = search_slices(units, cluster="image_id", valid="valid")
    mixed = search_slices(pl.concat([ignored, units]), cluster="image_id", valid="valid")
    assert plain.df.equals(mixed.df)


def test_the_golden_score_of_sliceline(golden):
    case = golden["stat_sliceline"]
    units = pl.DataFrame(case["input"]["X"], schema=["first", "second"], orient="row").with_columns(
        error=pl.Series(case["input"]["errors"])
    )
    texts = {"a": "first=a", "x": "second=x", "ax": "first=a & second=x", "b": "first=b"}
    for name, scores in case["expected"]["own"].items():
        for alpha, expected in scores.items():
            found = search_slices(units, alpha=float(alpha), min_support=1, top=100, statistics=False)
            scored = found.df.filter(pl.col("slice") == texts[name])["score"].to_list()
            if expected > 1e-9:
                assert scored == [pytest.approx(expected, abs=1e-9)]
            else:
                assert scored in ([], [pytest.approx(0.0, abs=1e-9)])


@pytest.mark.parametrize(
    "options",
    [
        {"top": 0},
        {"max_order": 0},
        {"min_support": 0},
        {"alpha": 0.0},
        {"objective": "risk"},
        {"cluster": "nothing"},
    ],
)
def test_options_without_meaning_are_refused(options):
    with pytest.raises(QueryError):
        search_slices(planted(), **options)


def test_a_unit_without_an_image_is_refused():
    with pytest.raises(QueryError, match="no image_id"):
        search_slices(planted().with_columns(image_id=pl.lit(None, pl.String)), cluster="image_id")
