"""Where tables go: data alone on stdout, whole files, everything else on stderr."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from typing import get_args

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cvfail.cli.output import TABLE_SUFFIXES, Format
from cvfail.tables.writing import TextFormat, write_table

METRICS = ["metrics", "--by", "light"]


def asked(saved):
    """The arguments of a question with an answer of two rows."""
    return ["metrics", saved, "--by", "light"]


def test_the_formats_and_suffixes_are_those_that_tables_can_be_written_in(tmp_path):
    assert get_args(Format) == ("table", "json", "jsonl", "csv", "md")
    assert set(get_args(Format)) == set(get_args(TextFormat))
    for suffix in TABLE_SUFFIXES:
        assert write_table(pl.DataFrame({"a": [1]}), tmp_path / f"table{suffix}").is_file()


@pytest.mark.parametrize("text_format", ["json", "jsonl", "csv"])
def test_stdout_holds_data_and_nothing_else(run, saved, evaluation, text_format):
    answer = run(*asked(saved), "--format", text_format)
    expected = evaluation.metrics(by="light").to_dicts()
    if text_format == "json":
        assert json.loads(answer.out) == expected
    elif text_format == "jsonl":
        assert [json.loads(line) for line in answer.out.splitlines()] == expected
    else:
        rows = list(csv.DictReader(io.StringIO(answer.out)))
        assert [float(row["recall"]) for row in rows] == [row["recall"] for row in expected]
        assert list(rows[0]) == list(expected[0])
    assert "COCO matching per class" in answer.err


def test_a_table_carries_the_policy_that_made_it(run, saved):
    answer = run(*asked(saved))
    assert answer.out.startswith("micro rates; COCO matching per class, IoU >= 0.5, score >= 0.25")
    assert " [0." in answer.out


def test_markdown_on_stdout(run, saved):
    assert run(*asked(saved), "--format", "md").out.startswith("| light | tp | fp | fn |")


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_the_suffix_of_a_file_decides_its_format(run, saved, evaluation, tmp_path, suffix):
    path = tmp_path / f"rates{suffix}"
    answer = run(*asked(saved), "-o", path)
    assert (answer.code, answer.out) == (0, "")
    assert f"wrote {path}: 2 rows" in answer.err
    write_table(evaluation.metrics(by="light").df, tmp_path / f"expected{suffix}")
    assert path.read_bytes() == (tmp_path / f"expected{suffix}").read_bytes()


def test_a_file_is_whole(run, saved, evaluation, tmp_path):
    run(*asked(saved), "-o", tmp_path / "rates.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "rates.parquet"), evaluation.metrics(by="light").df)
    assert [path.name for path in tmp_path.iterdir()] == ["rates.parquet"]


def test_quiet_leaves_stderr_empty(run, saved, tmp_path):
    assert run(*asked(saved), "--quiet", "-o", tmp_path / "rates.csv") == (0, "", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["-o", "rates.xlsx"],
            "--output rates.xlsx: the suffix '.xlsx' names no format. Hint: end the name in",
        ),
        (["-o", "rates"], "--output rates: the suffix '' names no format"),
        (["-o", "rates.csv", "--format", "json"], "--format is for stdout; the suffix of rates.csv says"),
    ],
)
def test_an_output_without_meaning_is_refused_before_anything_is_read(run, options, said):
    answer = run("metrics", "absent", *options)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(said)


def on_a_terminal(*arguments, **environment):
    """Run a command whose stderr is a terminal; what it printed on stdout and on the terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cvfail", *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=variables | environment
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # the terminal closes with the process
            pass
        os.close(ours)
        out = process.stdout.read()
    return out, said.decode()


def test_progress_is_for_terminals_and_leaves_stdout_alone(files):
    command = ["metrics", *files, "--format", "json"]
    out, said = on_a_terminal(*command, TERM="xterm-256color")
    assert json.loads(out)
    assert "matching 287 predictions" in said
    assert "\x1b[32m" in said


def test_no_color_is_honoured(files):
    _, said = on_a_terminal("metrics", *files, TERM="xterm-256color", NO_COLOR="1")
    assert "matching 287 predictions" in said
    assert "\x1b[32m" not in said


def test_away_from_a_terminal_nothing_moves(run, files):
    assert "matching" not in run("metrics", *files).err
