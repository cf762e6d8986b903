"""``cvfail compare``: saved runs, in the numbers of the Python interface."""

import json
import re

import pytest

import cvfail as cf
from tests.comparison.models import two_datasets


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Saved runs of two models, and of the first one with another score threshold."""
    folder = tmp_path_factory.mktemp("compare")
    first, second = (cf.evaluate(one) for one in two_datasets(3, images=30))
    return [
        first.save(folder / "old"),
        second.save(folder / "new"),
        first.at(score=0.5).save(folder / "strict"),
    ]


@pytest.fixture(scope="module")
def models(runs):
    return [cf.open(run) for run in runs]


def test_the_table_is_that_of_the_python_interface(run, runs, models, tmp_path):
    modes = tmp_path / "modes.json"
    found = models[0].reevaluate([models[0].failure_mode("missed", "size=small")])
    found.write_modes(modes)
    answer = run(
        *("compare", runs[0], runs[1], runs[2], "--by", "light", "size", "--where", "sure: score > 0.5"),
        *("--modes", modes, "--slice-classes", "--replicates", 20, "--seed", 4, "--format", "json"),
    )
    table = cf.compare(
        models[0],
        {"new": models[1], "strict": models[2]},
        by=("light", "size"),
        slices={"sure": "score > 0.5"},
        modes=cf.read_modes(modes),
        slice_classes=True,
        replicates=20,
        seed=4,
    )
    assert answer.code == 0
    assert json.loads(answer.out) == table.to_dicts()
    assert table.caption in answer.err
    assert "failure mode" in set(table.df["level"])


def test_what_changed_is_a_part_of_it(run, runs, models):
    options = ("--replicates", 20, "--rates-only", "--iou", 0.75, "--score", 0.3, "--format", "json")
    answer = run("compare", runs[0], runs[1], *options, "--changed")
    table = cf.compare(models[0], models[1], replicates=20, average_precision=False, iou=0.75, score=0.3)
    assert [one | {"model": "candidate"} for one in json.loads(answer.out)] == table.changed().to_dicts()
    whole = json.loads(run("compare", runs[0], runs[1], *options).out)
    assert len(whole) == len(table)


def test_flips_by_attribute_and_their_rows(run, runs, models):
    found = cf.compare(models[0], models[1], replicates=0).flips()
    answer = run("compare", runs[0], runs[1], "--flips", "--by", "light", "--format", "json")
    assert json.loads(answer.out) == found.counts(by="light").to_dicts()
    rows = run("compare", runs[0], runs[1], "--examples", "broken", "--format", "json")
    assert len(json.loads(rows.out)) == (found.df["flip"] == "broken").sum() > 0


@pytest.mark.parametrize(("side", "unit"), [("objects", "ground_truth"), ("false-positives", "predictions")])
@pytest.mark.parametrize("way", ["worse", "better"])
def test_slices_of_flips(run, runs, models, side, unit, way):
    answer = run("compare", runs[0], runs[1], f"--{way}", side, "--format", "json")
    found = getattr(cf.compare(models[0], models[1], replicates=0).flips(), way)(unit)
    assert [one["slice"] for one in json.loads(answer.out)] == found.df["slice"].to_list()


def test_a_table_to_read_has_intervals(run, runs):
    out = run("compare", runs[0], runs[1], "--replicates", 20, "--rates-only").out
    assert re.search(r"recall +0\.\d+ +0\.\d+ +-?0\.\d+ \[-0\.\d+, -?0\.\d+\]", out)
    assert "candidate - baseline" in out
    assert "model" not in out
    assert "false_positives_per_image" in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "name a run to compare with"),
        (["new", "strict", "--flips"], "flips are of one candidate"),
        (["new", "--by", "lihgt"], "'lihgt' is not an attribute"),
        (["new", "--where", "a: score > 0.1", "--where", "a: score > 0.2"], "two slices have one name"),
        (["nowhere"], "nowhere"),
    ],
)
def test_options_without_meaning(run, runs, options, told):
    known = {path.name: path for path in runs}
    answer = run("compare", runs[0], *(known.get(option, option) for option in options))
    assert answer.code in {2, 3}
    assert answer.out == ""
    assert told in answer.err


def test_runs_of_one_name_are_told_apart_by_their_paths(run, runs, models, tmp_path):
    again = models[1].save(tmp_path / "new")
    options = ("--replicates", 0, "--rates-only", "--format", "json")
    rows = json.loads(run("compare", runs[0], runs[1], again, *options).out)
    assert {row["model"] for row in rows} == {str(runs[1]), str(again)}


def test_how_many_images_a_difference_takes(run, runs, models):
    answer = run("compare", runs[0], runs[1], "--power", 0.1, "--replicates", 20, "--format", "json")
    expected = cf.compare(models[0], {"new": models[1]}, replicates=20).power(0.1)
    assert json.loads(answer.out) == expected.df.to_dicts()
    assert "true difference of 0.1" in run("compare", runs[0], runs[1], "--power", 0.1, "--rates-only").out
