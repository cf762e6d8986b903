"""The one place that holds numba's options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

Array = TypeVar("Array")
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


def inlined_kernel(function: Function) -> Function:
    """As `kernel`, for a small function that kernels call every few bytes: its code stands in theirs.

    A call from kernel to kernel counts the owners of its arrays up and down, which would take most of the time.
    """
    compile_function: Callable[[Function], Any] = njit(
        cache=True, nogil=True, error_model="numpy", fastmath=False, forceinline=True
    )
    return cast("Function", compile_function(function))


def unowned(values: Array) -> Array:
    """The same array inside a kernel, without an owner to be counted whenever it is passed on.

    The caller of the kernel keeps the array alive.
    """
    return values


@intrinsic
def _unowned(_context: Any, array: Any) -> Any:
    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        struct = make_array(array)(context, builder, arguments[0])  # type: ignore[no-untyped-call]
        struct.meminfo = struct.meminfo.type(None)
        return struct._getvalue()

    return array(array), code


overload(unowned)(lambda values: lambda values: _unowned(values))  # type: ignore[call-arg]
