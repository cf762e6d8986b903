"""Errors dealt out over images stay together, and halves never change."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from cvfail.slices.clusters import cluster_codes, deal_errors, in_discovery_half


def test_errors_of_images_of_one_size_land_in_one_image():
    clusters = np.tile(np.arange(50), 4)
    errors = (clusters % 5 == 0).astype(float)
    dealt = deal_errors(errors, clusters, seed=3)
    by_image = np.bincount(clusters, dealt)
    assert sorted(by_image) == sorted(np.bincount(clusters, errors))
    assert not np.array_equal(dealt, errors)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 9)), max_size=30), st.integers(0, 9))
def test_every_error_is_dealt_once(units, seed):
    clusters, _ = cluster_codes(pl.Series("image_id", [image for image, _ in units], pl.Int64))
    errors = np.array([error for _, error in units], np.float64)
    assert sorted(deal_errors(errors, clusters, seed=seed)) == sorted(errors)


def test_errors_of_a_crowded_image_do_not_land_on_images_with_neighbouring_ids():
    clusters = np.concatenate([np.zeros(200, np.int64), np.repeat(np.arange(1, 401), 2)])
    errors = (clusters == 0).astype(float)
    spans = []
    for seed in range(20):
        struck = np.flatnonzero(np.bincount(clusters, deal_errors(errors, clusters, seed=seed)))
        spans.append(struck.max() - struck.min())
    assert np.median(spans) > 300


def test_halves_are_near_equal_and_of_the_id_alone():
    ids = pl.Series([f"{k}.jpg" for k in range(2000)])
    halves = in_discovery_half(ids)
    assert 0.45 < halves.mean() < 0.55
    assert np.array_equal(in_discovery_half(ids.reverse()), halves[::-1])
