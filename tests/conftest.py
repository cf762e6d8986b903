"""Fixtures that every room's tests share."""

import json
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("cvfail", deadline=None)  # a kernel's first call compiles
settings.load_profile("cvfail")

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real annotations beside the project; the test is skipped where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not here: real annotations are kept outside the project")
    return folder


@pytest.fixture(scope="session")
def shared_spec() -> Path:
    """The folder of golden cases beside the project; the test is skipped where it is absent."""
    folder = SHARED / "spec"
    if not folder.is_dir():
        pytest.skip("../shared/spec is not here: golden cases are kept outside the project")
    return folder


@pytest.fixture(scope="session")
def golden(shared_spec: Path) -> dict:
    """Reference cases by id: inputs and what the named reference tool answers."""
    return {case["id"]: case for case in json.loads((shared_spec / "golden.json").read_text())["cases"]}
