"""The one place that holds numba's options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function for flat arrays: cached on disk, without the GIL, IEEE arithmetic as written.

    Never ``fastmath``: one unit in the last place flips a match at the threshold. Never ``parallel``: numba's
    workqueue aborts the process when two threads call it; callers split the images over threads instead.

    Args:
        function: Takes and returns numpy arrays and scalars only.

    Returns:
        The compiled function; it compiles at its first call and is read from the cache afterwards.
    """
    compile_function: Callable[[Function], Any] = njit(
        cache=True, nogil=True, error_model="numpy", fastmath=False
    )
    return cast("Function", compile_function(function))
