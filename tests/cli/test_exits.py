"""Exit codes and the wording of errors, as a shell sees them."""

import json
import os
import signal
import subprocess
import sys

import pytest

from cvfail.errors import MissingDependencyError
from tests.cli.command import run_apart


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["metrcs"], 'Unknown command "metrcs". Did you mean "metrics"?'),
        (["metrics", "run", "--bz", "size"], "Unknown option: --bz. Did you mean --by?"),
        (["metrics", "run", "more"], "more"),
        (
            ["metrics", "run", "--iou", "high"],
            'Invalid value for --iou: unable to convert "high" into float.',
        ),
        (["metrics", "run", "--average", "mean"], 'Choose from: "micro", "macro", "weighted".'),
        (["evaluate", "run", "--replicates", "-1"], "Must be >= 0."),
        (["evaluate", "run", "--confidence", "95"], "Must be < 1."),
        (["sql"], "--query requires an argument"),
    ],
)
def test_a_command_that_cannot_be_understood_ends_with_2(run, arguments, said):
    answer = run(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Hint: cvfail" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("truth", "found", "said"),
    [
        ("absent", None, "truth.json does not exist"),
        ("", None, "truth.json is empty"),
        ('{"images": [', None, "truth.json"),
        ("[]", None, "are ground truth and predictions swapped?"),
        (None, "absent", "found.json does not exist"),
        (None, '[{"image_id": 1', "found.json"),
        (None, '[{"image_id": 1, "category_id": 5, "bbox": [0, 0, 1], "score": 0.5}]', "bbox"),
        (None, '[{"image_id": 1, "category_id": 5, "bbox": [0, 0, 1, 1]}]', "score"),
        (None, '[{"image_id": -9, "category_id": 5, "bbox": [0, 0, 1, 1], "score": 0.5}]', "image_id"),
        (None, '[{"image_id": 1, "category_id": 5, "bbox": [0, 0, -1, 1], "score": 0.5}]', "negative"),
    ],
)
def test_input_that_is_not_valid_ends_with_3(run, files, tmp_path, truth, found, said):
    texts = {"truth.json": files[1].read_text() if truth is None else truth}
    texts["found.json"] = files[3].read_text() if found is None else found
    for name, text in texts.items():
        if text != "absent":
            (tmp_path / name).write_text(text)
    before = sorted(tmp_path.iterdir())
    paths = ["--gt", tmp_path / "truth.json", "--pred", tmp_path / "found.json"]
    answer = run("evaluate", *paths, "-o", tmp_path / "run")
    assert (answer.code, answer.out) == (3, "")
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert sorted(tmp_path.iterdir()) == before, "nothing may be left behind"


def test_all_problems_of_the_files_are_told_together(run, files, tmp_path):
    found = json.loads(files[3].read_text())
    found[0]["score"], found[1]["bbox"] = 7, [0, 0, -1, 1]
    (tmp_path / "found.json").write_text(json.dumps(found))
    answer = run("metrics", *files[:3], tmp_path / "found.json")
    assert answer.err.startswith("2 problems in the input:")
    assert "score must be in [0, 1]" in answer.err
    assert "must not be negative" in answer.err


@pytest.mark.parametrize("damage", ["absent", "no manifest", "not JSON"])
def test_a_run_that_does_not_open_ends_with_3(run, tmp_path, damage):
    folder = tmp_path / "run"
    if damage != "absent":
        folder.mkdir()
    if damage == "not JSON":
        (folder / "manifest.json").write_text("{")
    answer = run("metrics", folder)
    assert (answer.code, answer.out) == (3, "")
    assert str(folder) in answer.err


def test_predictions_of_nothing_are_an_ordinary_input(run, files, tmp_path):
    (tmp_path / "nothing.json").write_text("[]")
    answer = run("metrics", *files[:3], tmp_path / "nothing.json", "--format", "json")
    assert answer.code == 0
    assert [json.loads(answer.out)[0][name] for name in ("tp", "fp", "precision", "recall")] == [
        0,
        0,
        None,
        0,
    ]


def test_an_output_that_cannot_be_written_ends_with_2(run, saved, tmp_path):
    (tmp_path / "file").touch()
    answer = run("metrics", saved, "-o", tmp_path / "file" / "out.csv")
    assert answer.code == 2
    assert str(tmp_path / "file") in answer.err


def test_a_missing_library_is_named_with_what_installs_it(run, saved, monkeypatch):
    def fail(*_, **__):
        raise MissingDependencyError("Jinja2", "report", "an HTML report")

    monkeypatch.setattr("cvfail.report.publishing.write_report", fail)
    answer = run("report", saved)
    assert answer.code == 2
    assert "pip install 'cvfail[report]'" in answer.err


def test_a_fault_of_cvfail_is_not_the_code_of_a_failed_gate(run, saved, monkeypatch):
    monkeypatch.setattr("cvfail.evaluation.Evaluation.metrics", lambda *_, **__: 1 / 0)
    answer = run("metrics", saved)
    assert answer.code == 70
    assert answer.err == (
        "cvfail failed: ZeroDivisionError: division by zero\nHint: the same command with --debug says where\n"
    )


def test_debug_shows_the_traceback(run):
    answer = run("metrics", "absent", "--debug")
    assert answer.code == 3
    assert "Traceback" in answer.err


def test_an_interrupted_command_ends_with_130_and_says_nothing(run, saved, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("cvfail.evaluation.Evaluation.metrics", interrupt)
    assert run("metrics", saved) == (130, "", "")


def test_a_reader_that_has_had_enough_is_no_error(saved):
    command = [sys.executable, "-m", "cvfail", "confusion", str(saved), "--long", "--format", "csv", "-q"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_the_installed_command_and_the_module_are_the_same(saved):
    answer = run_apart("metrics", saved, "--format", "csv")
    assert answer.code == 0
    assert answer.out.startswith("tp,fp,fn,")
    assert run_apart("metrics").code == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_control_c_is_quiet(files, tmp_path):
    options = ["--replicates", "300000", "-o", str(tmp_path / "run")]
    command = [sys.executable, "-m", "cvfail", "evaluate", *map(str, files), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while b"saved the run" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
