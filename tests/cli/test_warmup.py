"""``cvfail warmup`` leaves no kernel to compile."""

import json
import os
import subprocess
import sys

import pytest

from tests.cli.command import run_apart

KERNELS_COMPILED = """
import importlib, json, pkgutil
import cvfail.kernels
from numba.core.dispatcher import Dispatcher
from cvfail.cli import main

main(["warmup"])
names = [f"cvfail.kernels.{module.name}" for module in pkgutil.iter_modules(cvfail.kernels.__path__)]
kernels = [value for name in names for value in vars(importlib.import_module(name)).values()
           if isinstance(value, Dispatcher)]
inside_others = {name for kernel in kernels for name in kernel.py_func.__code__.co_names}
print(json.dumps({kernel.__name__: len(kernel.signatures) for kernel in kernels
                  if kernel.__name__ not in inside_others}))
"""

compiled = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


@compiled
def test_every_kernel_is_compiled():
    answer = subprocess.run(
        [sys.executable, "-c", KERNELS_COMPILED], capture_output=True, text=True, check=True
    )
    signatures = json.loads(answer.stdout)
    assert signatures
    assert [name for name, number in signatures.items() if number == 0] == []


@compiled
def test_it_says_that_it_is_done_and_quiet_says_nothing():
    answer = run_apart("warmup")
    assert (answer.code, answer.out) == (0, "")
    assert "all kernels are compiled" in answer.err
    assert run_apart("warmup", "--quiet") == (0, "", "")


@compiled
def test_a_first_run_says_that_it_compiles(files, tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = ["metrics", *files, "--format", "json"]
    first, second = (run_apart(*command, env=environment) for _ in range(2))
    assert "compiling kernels, once on this machine" in first.err
    assert "compiling" not in second.err
    assert json.loads(first.out) == json.loads(second.out)
