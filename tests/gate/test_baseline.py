"""A baseline as a file of sums: the same verdicts as from the run, and nothing else in it."""

import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import FormatError, MissingFileError, PolicyError
from cvfail.gate.baseline import measure_baseline, read_baseline, write_baseline
from cvfail.gate.rules_file import rules_from
from tests.scenes import detection, random_records


@pytest.fixture(scope="module")
def file(demo, rules, tmp_path_factory):
    return demo[0].write_baseline(tmp_path_factory.mktemp("baseline") / "baseline.parquet", rules)


def test_the_verdicts_are_those_from_the_run(demo, rules, runs, file):
    expected = demo[1].gate(rules, baseline=demo[0]).df
    for baseline in (file, str(file), read_baseline(file), runs[0], str(runs[0])):
        assert demo[1].gate(rules, baseline=baseline).df.equals(expected)


def test_the_same_model_passes_by_its_file(demo, rules, file):
    gate = demo[0].gate(rules, baseline=file)
    assert set(gate.df.filter(pl.col("baseline").is_not_null())["verdict"]) == {"pass"}


def test_what_is_read_is_what_was_measured(demo, rules, file):
    read, made = read_baseline(file), measure_baseline(demo[0].evidence, rules)
    assert (read.identity, read.asked, read.seed, read.described) == (
        made.identity,
        made.asked,
        made.seed,
        made.described,
    )
    assert read.sums.equals(made.sums)
    assert {key: own.tolist() for key, own in read.values.items()} == {
        key: own.tolist() for key, own in made.values.items()
    }


def test_it_is_small_and_has_no_raw_data(file):
    frame = pl.read_parquet(file)
    assert frame.columns == ["question", "cluster", "numerator", "denominator", "replicate", "value"]
    assert file.stat().st_size < 100_000
    assert b"000001.jpg" not in file.read_bytes()


def test_a_file_for_other_rules_is_refused(demo, file):
    with pytest.raises(PolicyError, match=r"does not know recall \| camera=cam_a \(1 in all\)"):
        demo[1].gate(
            {"rule": [{"metric": "recall", "slice": "camera=cam_a", "max_fall": 0.1}]}, baseline=file
        )


def test_a_file_of_other_labels_is_refused_with_what_differs(demo, tmp_path):
    rule = {"rule": [{"metric": "recall", "max_fall": 0.1}]}
    records = random_records(1)
    scenes = [
        cf.evaluate(detection(*records)),
        cf.evaluate(detection(*records[:2], records[2][1:], records[3])),
    ]
    path = scenes[0].write_baseline(tmp_path / "one.parquet", rule)
    with pytest.raises(PolicyError, match=r"cannot be compared: the ground truth differs\. Hint"):
        scenes[1].gate(rule, baseline=path)
    with pytest.raises(
        PolicyError, match=r"the images \(or their clusters\) differ; .*the ground truth differs"
    ):
        demo[0].gate(rule, baseline=path)
    with pytest.raises(PolicyError, match=r"background_iou is 0\.1 in the first and 0\.2 in the second"):
        cf.evaluate(scenes[0].data, cf.Policy(background_iou=0.2)).gate(rule, baseline=path)


def test_other_replicates_are_refused(demo, file):
    rules = rules_from(
        {"gate": {"seed": 1, "replicates": 100}, "rule": [{"metric": "ap50", "max_fall": 0.01}]},
        source="rules",
    )
    with pytest.raises(PolicyError, match="replicates and seed are others"):
        demo[1].gate(rules, baseline=file)


def test_what_is_no_baseline_is_refused(demo, runs, file, tmp_path):
    with pytest.raises(MissingFileError, match="--write-baseline"):
        read_baseline(tmp_path / "none.parquet")
    for name, content in (("text.parquet", b"no"), ("cut.parquet", file.read_bytes()[:-40])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=f"{name} is no baseline"):
            read_baseline(tmp_path / name)
    with pytest.raises(FormatError, match="is no baseline"):
        read_baseline(runs[0] / "images.parquet")
    other = tmp_path / "other.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other, metadata={"cvfail:baseline": '{"version": 99}'})
    with pytest.raises(FormatError, match="a baseline of version 99, this cvfail reads 1"):
        read_baseline(other)


def test_a_baseline_without_rows(tmp_path):
    images, categories, *_ = random_records(1)
    rules = {
        "gate": {"replicates": 2},
        "rule": [{"metric": "ap", "max_fall": 0.1}, {"metric": "f1", "max_fall": 0.1}],
    }
    empty = cf.evaluate(detection(images, categories, [], []))
    path = write_baseline(measure_baseline(empty.evidence, rules), tmp_path / "empty.parquet")
    gate = empty.gate(rules, baseline=path)
    assert gate.df["verdict"].to_list() == ["pass", "pass"], "the same model"
    assert gate.df["baseline"].to_list() == [None, None]
