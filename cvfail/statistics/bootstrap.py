"""The Poisson bootstrap by cluster: weights that depend on nothing but seed, cluster and replicate."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError
from cvfail.statistics.cluster_keys import ClusterIds, cluster_keys
from cvfail.tables.arrays import read_only

_MOST_WEIGHT = 12
"""P(Poisson(1) > 12) is below 2⁻³², the resolution of the uniform words."""

_CUMULATIVE = np.cumsum([math.exp(-1.0) / math.factorial(k) for k in range(_MOST_WEIGHT)])
_TABLE = np.floor(_CUMULATIVE * 2.0**32).astype(np.uint64)
"""Entry k is 2³² · P(Poisson(1) <= k): a word has weight k if k entries are not above it."""


class BootstrapInterval(NamedTuple):
    """Percentile bounds, None where no replicate is defined, and how many replicates are not."""

    lower: float | None
    upper: float | None
    undefined: int


def poisson_weights(cluster_ids: ClusterIds, replicates: int, *, seed: int) -> NDArray[np.uint8]:
    """How often each cluster is drawn in each bootstrap replicate: independent Poisson(1) counts.

    Args:
        cluster_ids: Integers or texts that name the clusters (images), shape (n,).
        replicates: Number of replicates B.
        seed: Any integer; its low 64 bits are used.

    Returns:
        Weights, shape (B, n), mean and variance 1. A weight is a function of seed, id and replicate alone:
        it does not depend on which other clusters there are, their order, chunks or threads. So two models
        that were run on different lists of images have the same weights on those they share.

    Raises:
        PolicyError: ``replicates`` is negative.
        QueryError: Ids are neither integers nor texts, or one is null.

    Notes:
        Inverse of the Poisson(1) distribution function at a Philox word with key = seed and counter = (key of
        the cluster, replicate // 4), see `cluster_keys`. Give two models the same weights to compare them.
        Cost: about 10 ns per weight.

    Source: Chamandy et al., Estimating uncertainty for massive data streams (2012); weights instead of
    resampled sets, since a cluster that is drawn twice counts twice.

    Example:
        >>> weights = poisson_weights([7, 8, 9], 1000, seed=1)
        >>> weights.shape, weights.dtype, round(float(weights.mean()), 1)
        ((1000, 3), dtype('uint8'), 1.0)
        >>> bool((poisson_weights([9], 1000, seed=1)[:, 0] == weights[:, 2]).all())
        True
        >>> poisson_weights(["a.jpg", "b.jpg"], 3, seed=1).shape
        (3, 2)
    """
    from cvfail.kernels.poisson_weights import poisson_counts

    if replicates < 0:
        raise PolicyError(f"replicates must not be negative; found {replicates}")
    keys = read_only(cluster_keys(cluster_ids))
    weights = np.empty((replicates, keys.size), dtype=np.uint8)
    poisson_counts(keys, np.uint64(seed % 2**64), read_only(_TABLE), weights)
    return weights


def percentile_interval(samples: ArrayLike, *, confidence: float = 0.95) -> BootstrapInterval:
    """The central interval of bootstrap replicates.

    Args:
        samples: One value per replicate, shape (B,); NaN where the replicate has no value.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        ``BootstrapInterval(lower, upper, undefined)``: the bounds over the defined replicates, None if there
        are none, and the number of undefined ones.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        Quantiles of type 7: linear between order statistics, as ``numpy.quantile`` does by default.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993) §13.3; Hyndman and Fan (1996).

    Example:
        >>> percentile_interval([1.0, 2.0, 3.0, 4.0, 5.0, float("nan")], confidence=0.5)
        BootstrapInterval(lower=2.0, upper=4.0, undefined=1)
    """
    if not 0.0 < confidence < 1.0:
        raise PolicyError(f"confidence must be in (0, 1); found {confidence}. Hint: 0.95 for a 95 % interval")
    values = np.asarray(samples, dtype=np.float64).ravel()
    defined = values[~np.isnan(values)]
    undefined = values.size - defined.size
    if not defined.size:
        return BootstrapInterval(None, None, undefined)
    lower, upper = np.quantile(defined, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0], method="linear")
    return BootstrapInterval(float(lower), float(upper), undefined)
