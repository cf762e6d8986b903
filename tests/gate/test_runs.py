"""A folder of runs: what is listed, and the same slices and modes on each."""

import json
import os

import pytest

import cvfail as cf
from cvfail.errors import MissingFileError, PolicyError, QueryError
from cvfail.gate.trend import TREND_SCHEMA
from tests.scenes import detection, random_records


@pytest.fixture(scope="module")
def history(demo, tmp_path_factory):
    """Three runs, of which the last has other images; the second was saved first by name, second by date."""
    folder = tmp_path_factory.mktemp("history")
    other = cf.evaluate(detection(*random_records(3, images=30)))
    for second, (name, one) in enumerate((("b", demo[0]), ("a", demo[1]), ("c", other), ("d", demo[1]))):
        with pytest.MonkeyPatch.context() as fixed:
            fixed.setenv("SOURCE_DATE_EPOCH", str(1_700_000_000 + second))
            one.save(folder / name)
    (folder / "notes").mkdir()
    (folder / "notes.txt").write_text("no run")
    return folder


@pytest.fixture(scope="module")
def listed(history):
    return cf.runs(history)


def test_runs_are_listed_by_date_with_what_they_were_made_of(listed, demo):
    assert listed.df["run"].to_list() == ["b", "a", "c", "d"]
    assert listed.df["date"].dt.epoch("s").to_list() == [1_700_000_000 + i for i in range(4)]
    first, second, third, fourth = listed.df["inputs"]
    assert (first == second == fourth, first == third) == (True, False)
    assert listed.df["images"].to_list() == [320, 320, 30, 320]
    assert listed.df["policy"][0] == demo[0].evidence.describe()


def test_headlines_are_those_of_the_evaluation(listed, demo):
    own = listed.df.row(0, named=True)
    rates = demo[0].metrics().df.row(0, named=True)
    for name in ("precision", "recall", "f1"):
        for column in (name, f"{name}_lower", f"{name}_upper"):
            assert own[column] == pytest.approx(rates[column])
    summary = demo[0].coco_summary(metrics=["AP50"]).df
    assert own["ap50"] == pytest.approx(summary["estimate"].item())


def test_a_copy_has_the_date_of_what_was_copied_and_old_runs_that_of_their_file(history, tmp_path):
    import shutil

    shutil.copytree(history / "a", tmp_path / "copied")
    os.utime(tmp_path / "copied" / "manifest.json", (1_800_000_000,) * 2)
    shutil.copytree(history / "a", tmp_path / "old")
    path = tmp_path / "old" / "manifest.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "created"}))
    os.utime(path, (1_600_000_000,) * 2)
    listed = cf.runs(tmp_path, metrics=[])
    assert listed.df["run"].to_list() == ["old", "copied"]
    assert listed.df["date"].dt.epoch("s").to_list() == [1_600_000_000, 1_700_000_001]
    assert listed.df["inputs"].n_unique() == 1
    assert cf.open(tmp_path / "old").metrics().df.equals(cf.open(history / "a").metrics().df)


def test_a_run_is_dated_by_the_clock(demo, tmp_path):
    from datetime import UTC, datetime

    before = datetime.now(UTC)
    demo[0].save(tmp_path / "run")
    assert before <= cf.runs(tmp_path, metrics=[]).df["date"].item() <= datetime.now(UTC)


def test_order_by_name(history):
    assert cf.runs(history, order="name", metrics=[]).df["run"].to_list() == ["a", "b", "c", "d"]


def test_the_same_slices_on_every_run_with_differences_where_the_labels_are_the_same(listed, demo):
    trend = listed.trend(slices="size=small", metrics=["recall", "f1"])
    assert dict(trend.df.schema) == TREND_SCHEMA
    recall = trend.df.filter(metric="recall")
    assert recall["run"].to_list() == ["b", "a", "c", "d"]
    assert recall["previous"].to_list() == [None, "b", None, "a"]
    assert recall["difference"].is_null().to_list() == [True, False, True, False]
    expected = [one.slices(["size=small"], metrics=["recall"]).df["estimate"][0] for one in demo]
    assert recall["estimate"].to_list()[:2] == pytest.approx(expected)
    assert recall["difference"][1] == pytest.approx(expected[1] - expected[0])
    assert recall["difference"][3] == 0.0, "the same model again"


def test_the_same_failure_modes_on_every_run(runs, demo, modes):
    trend = cf.runs(runs[0].parent, metrics=[]).trend(modes=modes).df
    assert trend["slice"].to_list() == [modes[0].name] * 2 + [modes[1].name] * 2
    for place, mode in enumerate(modes):
        rates = [one.reevaluate([mode]).df["rate"].item() for one in demo]
        assert trend["estimate"].to_list()[2 * place : 2 * place + 2] == pytest.approx(rates)
    mended, worse = trend["difference"][1], trend["difference"][3]
    assert mended < -0.3
    assert worse > 0.05


def test_a_class_by_itself(runs, demo):
    trend = cf.runs(runs[0].parent, metrics=[]).trend(classes="car").df
    assert trend["category"].to_list() == [None, None, "car", "car"]
    expected = demo[0].metrics(by="category").df.filter(category="car")["recall"].item()
    assert trend["estimate"][2] == pytest.approx(expected)


def test_without_runs(tmp_path):
    nothing = cf.runs(tmp_path)
    assert (len(nothing), len(nothing.trend())) == (0, 0)
    assert nothing.caption.startswith("0 runs in ")


def test_what_cannot_be_told_is_refused_with_the_name_of_the_run(history, listed, tmp_path):
    with pytest.raises(MissingFileError, match="is not a folder"):
        cf.runs(tmp_path / "none")
    with pytest.raises(PolicyError, match=r"is one run\. Hint: the folder that holds it"):
        cf.runs(history / "a")
    with pytest.raises(PolicyError, match="no metric 'recal'"):
        cf.runs(history, metrics=["recal"])
    with pytest.raises(PolicyError, match="no metric 'error_rate'"):
        listed.trend(metrics="error_rate")
    with pytest.raises(QueryError, match=r"run c: .*camera"):
        listed.trend(slices="camera=cam_a")
