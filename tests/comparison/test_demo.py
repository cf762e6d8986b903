"""The demo's retrained detector repairs small objects at night and breaks crowds, and is reported as exactly that."""

import polars as pl
import pytest

import cvfail as cf
from tests.demo_models import demo_models

MODES = {
    "missed | time_of_day=night & size=small": ("missed", "time_of_day=night & size=small"),
    "duplicate | density=crowded": ("duplicate", "density=crowded"),
    "missed | weather=rain": ("missed", "weather=rain"),
    "localisation | truncation=partial": ("localisation", "truncation=partial"),
}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    models = demo_models(tmp_path_factory.mktemp("demo"), images=320, seed=7)
    modes = [models[0].failure_mode(*asked) for asked in MODES.values()]
    return cf.compare(*models, modes=modes, average_precision=False, replicates=200)


def test_exactly_two_modes_changed_one_for_the_better_and_one_for_the_worse(comparison):
    table = comparison.failure_modes.df
    changed = table.filter(pl.col("q_value") < 0.05)
    assert dict(changed.select("slice", pl.col("difference") < 0).iter_rows()) == {
        "missed | time_of_day=night & size=small": True,
        "duplicate | density=crowded": False,
    }
    assert set(table["slice"]) == set(MODES)


def test_flips_gather_there(comparison):
    flips = comparison.flips()
    better = flips.better(top=10, max_order=2).df["slice"].to_list()
    assert any(set(one.split(" & ")) == {"size=small", "time_of_day=night"} for one in better)
    worse = flips.worse("predictions", top=1).df["slice"].item()
    assert "density=crowded" in worse.split(" & ")
