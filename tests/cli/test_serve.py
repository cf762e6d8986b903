"""``cvfail serve``: the address on stdout, and Ctrl-C that ends it cleanly."""

import signal
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture(autouse=True)
def _libraries():
    pytest.importorskip("jinja2")


def test_it_prints_its_address_serves_and_ends_with_ctrl_c(saved):
    command = [sys.executable, "-m", "cvfail", "serve", str(saved), "--no-open", "--title", "Night"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
                assert b"<title>Night" in answer.read()
        finally:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_pictures_that_are_not_there_are_invalid_input(run, saved, tmp_path):
    answer = run("serve", saved, "--images", tmp_path / "photos", "--no-open")
    assert (answer.code, answer.out) == (3, "")
    assert "photos" in answer.err


@pytest.mark.parametrize("option", [("--port", "70000"), ("--timeout", "0")])
def test_options_without_meaning_are_refused(run, saved, option):
    assert run("serve", saved, *option).code == 2
