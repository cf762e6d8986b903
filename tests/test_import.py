"""Importing the package is cheap: heavy libraries load when they are first used."""

import subprocess
import sys

import pytest

import cvfail

HEAVY = ("numba", "duckdb", "altair", "scipy", "pyarrow", "PIL", "jinja2", "pandas")


def loaded_by(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_import_loads_nothing_heavy_and_not_even_polars():
    assert not loaded_by("import cvfail").intersection((*HEAVY, "polars", "rich"))


@pytest.mark.parametrize("name", ["Policy", "read_coco", "evaluate", "open"])
def test_looking_up_a_public_name_loads_no_compiler_and_no_database(name):
    assert not loaded_by(f"import cvfail; cvfail.{name}").intersection(("numba", "duckdb", "altair"))


def test_every_public_name_can_be_looked_up():
    assert [name for name in cvfail.__all__ if not hasattr(cvfail, name)] == []
    assert set(cvfail.__all__) <= set(dir(cvfail))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        cvfail.evaluat  # noqa: B018
