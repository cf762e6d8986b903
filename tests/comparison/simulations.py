"""Pairs of models whose difference is known: how often it is found. ``python -m tests.comparison.simulations``."""

import numpy as np

from cvfail.comparison.rates import Grouped
from cvfail.evaluation import evaluate
from cvfail.tables.arrays import read_only
from tests.comparison.models import two_datasets
from tests.scenes import detection


def rates_of_simulations(draw, *, simulations, clusters):
    """p-values of every rate; each simulation is a group of its own.

    `draw(shape)` gives objects and, of each model, found objects and false positives of every image.
    """
    counts = np.stack(draw((simulations, clusters)), axis=-1).astype(np.int32)
    group, cluster = np.divmod(np.arange(simulations * clusters), clusters)
    grouped = Grouped(
        counts.reshape(-1, 5),
        group.astype(np.int32),
        cluster.astype(np.int32),
        simulations,
        np.ones(clusters, np.int64),
    )
    weights = read_only(np.zeros((clusters, 0), np.uint8))
    return {name: one.p_values for name, one in grouped.differences(weights).items()}


def alike(rng):
    """Images of unlike difficulty, on which both models are equally good, by independent chances."""

    def draw(shape):
        objects = rng.integers(0, 12, shape)
        easy, noisy = rng.beta(4, 2, shape), rng.gamma(2.0, 0.7, shape)
        found = [rng.binomial(objects, easy) for _ in range(2)]
        wrong = [rng.poisson(noisy) for _ in range(2)]
        return [objects, found[0], wrong[0], found[1], wrong[1]]

    return draw


def one_object_each(rng, *, discordant, difference):
    """One object per image, of which the models find different ones."""

    def draw(shape):
        chance = rng.random(shape)
        gained = chance < (discordant + difference) / 2
        lost = ~gained & (chance < discordant)
        both = ~gained & ~lost & (rng.random(shape) < 0.7)
        nothing = np.zeros(shape, np.int64)
        return [nothing + 1, (lost | both).astype(int), nothing, (gained | both).astype(int), nothing]

    return draw


def retrained(rng, *, gained, lost, fewer=0.15):
    """Images of unlike difficulty; the second model finds some of what the first missed, and loses some objects."""

    def draw(shape):
        objects = rng.integers(0, 12, shape)
        easy, noisy = rng.beta(4, 2, shape), rng.gamma(2.0, 0.7, shape)
        first = rng.binomial(objects, easy)
        second = first - rng.binomial(first, lost) + rng.binomial(objects - first, gained)
        wrong = rng.poisson(noisy)
        return [objects, first, wrong, second, rng.binomial(wrong, 1 - fewer) + rng.poisson(0.05, shape)]

    return draw


def in_advance(draw, *, pilot):
    """Difference, standard error and images of every rate of one large set."""
    counts = np.stack(draw((1, pilot)), axis=-1).astype(np.int32)[0]
    clusters = np.arange(pilot, dtype=np.int32)
    whole = Grouped(counts, np.zeros(pilot, np.int32), clusters, 1, np.ones(pilot, np.int64))
    found = whole.differences(read_only(np.zeros((pilot, 0), np.uint8)))
    return {
        name: (one.second.item() - one.first.item(), one.error.item(), one.clusters.item())
        for name, one in found.items()
    }


def shares_found(seed, *, simulations, pilot, **options):
    """By rate: the images that 80 % power takes, and how often that many have p < .05 in the right direction."""
    from cvfail.statistics.power_of_t import required_clusters

    rng = np.random.default_rng(seed)
    draw = retrained(rng, **options)
    shares = {}
    for name, (difference, error, clusters) in in_advance(draw, pilot=pilot).items():
        images = pilot / clusters * required_clusters(difference, error, clusters)
        p_values = rates_of_simulations(draw, simulations=simulations, clusters=int(images))[name]
        shares[name] = int(images), float((p_values < 0.05).mean())
    return shares


def equally_good(seed, *, images=80):
    """Two detectors of the same quality on the same images: what each finds is chance."""
    rng = np.random.default_rng(seed)
    truths, found = [], ([], [])
    for image in range(images):
        easy = rng.beta(4, 2)
        for place in range(rng.integers(0, 7)):
            truth = {
                "image_id": image,
                "category_id": int(rng.integers(1, 3)),
                "bbox": [60 * place, 0, 40, 40],
            }
            truths.append(truth)
            for own in found:
                if rng.random() < easy:
                    moved = [60 * place + rng.normal(0, 4), *truth["bbox"][1:]]
                    own.append(truth | {"bbox": moved, "score": float(rng.beta(4, 2))})
        for own in found:
            for place in range(rng.poisson(1.0)):
                stray = {"image_id": image, "category_id": int(rng.integers(1, 3))}
                own.append(stray | {"bbox": [60 * place, 500, 40, 40], "score": float(rng.beta(2, 3))})
    return [evaluate(detection(list(range(images)), [1, 2], truths, own)).evidence for own in found]


def standard_errors(*, images, replicates, seed=12):
    """Of ΔAP: ours, of images drawn with replacement, and of these without duplicates."""
    from cvfail.statistics.bootstrap import poisson_weights
    from tests.comparison.test_precision import difference_under

    models = [evaluate(one).evidence for one in two_datasets(seed, images=images, ties=False)]
    rng = np.random.default_rng(3)
    drawn = [poisson_weights(models[0].cluster_ids, replicates, seed=2).T]
    clusters = len(drawn[0])
    often = rng.multinomial(clusters, np.full(clusters, 1 / clusters), replicates)
    drawn += [often.T.astype(np.uint8), np.minimum(often, 1).T.astype(np.uint8)]
    return [difference_under(models, one).error[-1] for one in drawn]


def really_resampled(*, images, replicates, seed=12):
    """Standard error of ΔAP of evaluations in which an image that is drawn k times stands k times."""
    from tests.comparison.test_precision import resampled_difference

    datasets = two_datasets(seed, images=images, ties=False)
    ids = datasets[0].images["cluster_id"].unique().sort().to_list()
    rng = np.random.default_rng(4)
    values = []
    for _ in range(replicates):
        often = dict(
            zip(ids, rng.multinomial(len(ids), np.full(len(ids), 1 / len(ids))).tolist(), strict=True)
        )
        values.append(resampled_difference(datasets, often))
    return float(np.std(values, ddof=1))


def main():
    """Print the larger runs."""
    from cvfail.comparison.comparison import compare

    rng = np.random.default_rng(0)
    for clusters in (10, 30, 100, 300):
        found = rates_of_simulations(alike(rng), simulations=20_000, clusters=clusters)
        print(
            f"type I, {clusters} images:",
            {name: round(float((p < 0.05).mean()), 4) for name, p in found.items()},
        )
    for gained, lost in ((0.2, 0.02), (0.1, 0.02), (0.1, 0.03), (0.05, 0.01)):
        found = shares_found(1, simulations=3000, pilot=1_000_000, gained=gained, lost=lost)
        print(f"power, computed .8, {gained} gained, {lost} lost:", found)
    ours, resampled, without = standard_errors(images=300, replicates=4000)
    print(
        f"standard error of ΔAP, 4000 replicates: {ours:.5f}, resampled {resampled:.5f}, unique {without:.5f}"
    )
    print(f"really evaluated, 1500 resamples: {really_resampled(images=300, replicates=1500):.5f}")
    p_values = []
    for seed in range(1000):
        table = compare(*equally_good(seed), replicates=200, seed=seed).metrics.df
        p_values.append(dict(table.select("metric", "p_value").iter_rows()))
    for name in p_values[0]:
        print(f"type I of {name}, 1000 pairs: {np.mean([one[name] < 0.05 for one in p_values]):.4f}")


if __name__ == "__main__":
    main()
