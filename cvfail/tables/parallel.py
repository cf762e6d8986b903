"""Threads over blocks of work whose results stand in order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Work = TypeVar("Work")
Result = TypeVar("Result")


def worker_count(threads: int | None) -> int:
    """The number of threads to use: as asked, else one per processor that this process may use."""
    if threads is not None:
        return max(1, threads)
    usable = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(usable(0)) if usable else os.cpu_count() or 1


def run_in_order(work: Callable[[Work], Result], items: Sequence[Work], *, threads: int) -> list[Result]:
    """Apply a function that releases the GIL to each item, on threads; results stand in the items' order."""
    if threads == 1 or len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def image_blocks(work: NDArray[np.int64], *, count: int) -> list[tuple[int, int]]:
    """Split the images into at most `count` runs of about equal work; `work` is cumulative, shape (images + 1,)."""
    cuts = np.searchsorted(work, np.linspace(0, work[-1], count + 1)[1:-1], side="left")
    edges = sorted({0, *cuts.tolist(), work.size - 1})
    return list(itertools.pairwise(edges)) or [(0, 0)]
