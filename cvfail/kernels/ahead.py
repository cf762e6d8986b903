"""Loading numba while something else is waited for."""

from __future__ import annotations

from threading import Thread


def load_ahead() -> None:
    """Load the compiler's tables in a thread; who calls a kernel meanwhile waits for them as usual.

    The first kernel of a process takes about .4 s of Python code before it runs, even from the cache. Reading a
    large file leaves Python idle for as long.
    """
    Thread(target=_load, name="cvfail kernels").start()


def _load() -> None:
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    import cvfail.kernels.matching  # noqa: F401

    with global_compiler_lock:
        cpu_target.typing_context.refresh()
        cpu_target.target_context.refresh()
