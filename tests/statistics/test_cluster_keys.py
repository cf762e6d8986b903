"""Keys of clusters: published digests, and the same key for an id wherever it comes from."""

from hashlib import blake2b

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvfail.errors import QueryError
from cvfail.statistics.cluster_keys import cluster_keys


@given(st.lists(st.text(max_size=20), max_size=20))
def test_the_key_of_a_text_is_its_digest(ids):
    expected = [int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") for name in ids]
    assert cluster_keys(pl.Series(ids, dtype=pl.String)).tolist() == expected


def test_a_published_digest():
    """The key must never change: saved results, shards and other languages rely on it."""
    assert hex(cluster_keys(["abc"])[0]) == hex(int.from_bytes(bytes.fromhex("d8bb14d833d59559"), "little"))


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_an_integer_is_its_own_key_in_any_type_that_holds_it(ids):
    keys = cluster_keys(pl.Series(ids, dtype=pl.Int64))
    assert keys.dtype == np.uint64
    assert keys.tolist() == [value % 2**64 for value in ids]
    small = pl.Series([value % 100 for value in ids], dtype=pl.Int8)
    assert (cluster_keys(small) == cluster_keys(small.cast(pl.UInt64))).all()
    assert (cluster_keys(small) == cluster_keys(small.to_list())).all()


def test_texts_that_end_in_nothing_are_not_cut():
    assert cluster_keys(["a", "a\0"]).tolist() == cluster_keys(pl.Series(["a", "a\0"])).tolist()
    assert cluster_keys(["a"])[0] != cluster_keys(["a\0"])[0]


def test_categories_are_texts():
    assert (cluster_keys(pl.Series(["x", "y"], dtype=pl.Categorical)) == cluster_keys(["x", "y"])).all()


def test_no_ids_have_no_keys():
    assert cluster_keys([]).size == cluster_keys(pl.Series([], dtype=pl.String)).size == 0


def test_a_missing_id_is_an_error():
    with pytest.raises(QueryError, match="1 nulls"):
        cluster_keys(pl.Series(["a", None]))
