"""p-values are below .05 as often as they say, and differences are found as often as was computed in advance."""

import numpy as np
import pytest

from cvfail.comparison.comparison import compare
from cvfail.statistics.power import minimum_detectable_paired_difference, required_paired_units
from tests.comparison.simulations import alike, equally_good, one_object_each, rates_of_simulations

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
