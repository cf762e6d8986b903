"""A disk on which no more can be written."""

import contextlib

import pytest

resource = pytest.importorskip("resource", reason="limits on files are a matter of Unix")


@contextlib.contextmanager
def files_no_larger_than(size):
    """Writing to a file beyond so many bytes fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
