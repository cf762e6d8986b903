"""p-values are below .05 as often as they say, and differences are found as often as was computed in advance."""

import numpy as np
import pytest

from cvfail.comparison.comparison import compare
from cvfail.comparison.power import POWER_SCHEMA
from cvfail.errors import PolicyError
from cvfail.statistics.power import minimum_detectable_paired_difference, required_paired_units
from tests.comparison.simulations import (
    alike,
    equally_good,
    one_object_each,
    rates_of_simulations,
    shares_found,
)

SIMULATIONS = 3000


def at_most(p_values, level):
    """The share below a level, not above it by more than three standard errors of the simulation."""
    return np.mean(p_values < level) <= level + 3 * np.sqrt(level * (1 - level) / p_values.size)


@pytest.mark.parametrize("clusters", [5, 12, 60])
def test_models_that_are_equally_good_rarely_seem_to_differ(clusters):
    found = rates_of_simulations(alike(np.random.default_rng(1)), simulations=SIMULATIONS, clusters=clusters)
    for name, every in found.items():
        p_values = every[~np.isnan(every)]
        assert p_values.size > 0.95 * SIMULATIONS
        assert at_most(p_values, 0.05), name
        if clusters == 60:
            assert np.mean(p_values < 0.05) > 0.03, f"{name} is not merely silent"


def test_ap_of_models_that_are_equally_good_rarely_differs():
    p_values = [
        compare(*equally_good(seed, images=40), replicates=60, seed=seed).metrics.df.filter(metric="ap")[
            "p_value"
        ]
        for seed in range(60)
    ]
    assert at_most(np.array([one.item() for one in p_values]), 0.05)


@pytest.mark.parametrize(("discordant", "difference"), [(0.1, 0.04), (0.3, 0.08)])
def test_power_is_what_was_computed_in_advance(discordant, difference):
    units = int(np.ceil(required_paired_units(discordant, difference)))
    assert minimum_detectable_paired_difference(discordant, units) == pytest.approx(difference, rel=0.01)
    draw = one_object_each(np.random.default_rng(2), discordant=discordant, difference=difference)
    p_values = rates_of_simulations(draw, simulations=SIMULATIONS, clusters=units)["recall"]
    assert np.mean(p_values < 0.05) == pytest.approx(0.8, abs=0.03)


def test_power_is_what_was_computed_in_advance_where_objects_gather_in_images():
    """Correlated models on images of unlike difficulty: every rate, from one large set to many small ones."""
    found = shares_found(4, simulations=1000, pilot=200_000, gained=0.1, lost=0.03, fewer=0.1)
    for name, (images, share) in found.items():
        assert 100 < images < 600
        assert 0.8 - 0.038 <= share <= 0.8 + 0.06, f"{name}: as often as computed, or a little more"


def test_a_comparison_tells_its_power():
    pair = equally_good(3, images=60)
    found = compare(*pair, replicates=50)
    assert dict(found.power(0.1).df.schema) == {name: dtype() for name, dtype in POWER_SCHEMA.items()}
    row = found.metrics.df.filter(metric="recall").row(0, named=True)
    for share in (0.5, 0.9):
        told = found.power(row["detectable"] * share, power=0.8).df.filter(metric="recall", level="overall")
        assert told["required_clusters"].item() == pytest.approx(row["clusters"] / share**2, rel=0.05)
        assert told["power"].item() == pytest.approx({0.5: 0.28, 0.9: 0.71}[share], abs=0.02)
    assert found.power(row["detectable"]).df.filter(metric="recall")["power"][0] == pytest.approx(0.8)
    assert compare(pair[0], pair[0], replicates=0).power(0.1).df["power"].is_null().all()
    with pytest.raises(PolicyError, match="difference must be a number other than 0"):
        found.power(0.0)


def test_the_detectable_difference_is_the_one_of_the_power_formula():
    """Both from the same data, one object per image: standard errors against shares of discordant objects."""
    from cvfail.evaluation import evaluate
    from tests.scenes import detection

    rng = np.random.default_rng(3)
    truths = [{"image_id": i, "category_id": 1, "bbox": [0, 0, 10, 10]} for i in range(400)]
    kept = rng.random((2, 400)) < 0.7
    models = [
        evaluate(
            detection(
                list(range(400)),
                [1],
                truths,
                [{**one, "score": 0.9} for one, there in zip(truths, own, strict=True) if there],
            )
        ).evidence
        for own in kept
    ]
    row = compare(*models, replicates=0).metrics.df.filter(metric="recall").row(0, named=True)
    computed = minimum_detectable_paired_difference(np.mean(kept[0] != kept[1]), 400)
    assert row["detectable"] == pytest.approx(float(computed), rel=0.02)
