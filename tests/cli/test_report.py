"""``cvfail report``: one file, whole or not at all, and its path on stdout."""

import pytest

import cvfail as cf
from cvfail.failures.mode_table import FailureModes
from tests.report.conftest import planted


@pytest.fixture(autouse=True)
def _libraries():
    pytest.importorskip("jinja2")


def test_the_page_is_written_and_its_path_printed(run, files, tmp_path):
    path = tmp_path / "new" / "report.html"
    answer = run("report", *files, "-o", path, "--title", "Night shift")
    assert (answer.code, answer.out) == (0, f"{path}\n")
    assert "<title>Night shift" in path.read_text()
    assert f"wrote {path}: " in answer.err
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_it_is_called_report_html_unless_told_otherwise(run, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("report", saved).out == "report.html\n"
    assert (tmp_path / "report.html").is_file()


def test_the_operating_point_of_the_report_can_be_moved(run, saved, tmp_path):
    path = tmp_path / "report.md"
    run("report", saved, "-o", path, "--score", 0.6, "--iou", 0.75)
    assert "IoU ≥ 0.75, score ≥ 0.6" in path.read_text(encoding="utf-8")


def test_markdown_has_the_title(run, saved, tmp_path):
    path = tmp_path / "report.md"
    answer = run("report", saved, "-o", path, "--title", "Night shift", "--quiet")
    assert answer == (0, f"{path}\n", "")
    assert path.read_text().startswith("# Night shift\n")


def test_another_suffix_is_refused_before_anything_is_read(run, tmp_path):
    answer = run("report", "absent", "-o", tmp_path / "report.pdf")
    assert answer.code == 2
    assert "a report is .html or .md" in answer.err


def test_a_path_without_suffix_is_a_folder(run, saved, tmp_path):
    answer = run("report", saved, "-o", f"{tmp_path}/report/")
    assert (answer.code, answer.out) == (0, f"{tmp_path / 'report' / 'index.html'}\n")
    assert f"wrote {tmp_path / 'report'}: " in answer.err
    assert "<title>" in (tmp_path / "report" / "index.html").read_text()
    assert run("report", saved, "-o", tmp_path / "other", "--max-mb", 5).code == 2
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != "run"] == ["report"]


def test_a_file_that_may_not_be_so_small_is_refused_with_the_size_that_it_needs(run, saved, tmp_path):
    path = tmp_path / "report.html"
    answer = run("report", saved, "-o", path, "--max-mb", 0.05)
    assert answer.code == 2
    assert "MB without any picture; found a limit of 0.05 MB" in answer.err
    assert not path.exists()
    assert run("report", saved, "-o", path, "--max-mb", 2).code == 0
    assert path.stat().st_size <= 2_000_000


def test_pictures_that_are_not_there_are_invalid_input(run, saved, tmp_path):
    answer = run("report", saved, "-o", tmp_path / "report.html", "--images", tmp_path / "photos")
    assert (answer.code, answer.out) == (3, "")
    assert "photos" in answer.err
    assert not list(tmp_path.iterdir())


def test_a_report_that_fails_leaves_nothing(run, saved, tmp_path, monkeypatch):
    monkeypatch.setattr("cvfail.report.html.render", lambda _: 1 / 0)
    assert run("report", saved, "-o", tmp_path / "report.html").code == 70
    assert not list(tmp_path.iterdir())


RULES = (
    '[[rule]]\nname = "ask"\nkind = "review"\ngain = "none"\neffort = "hours"\nleast_share = 0.0\n'
    'causes = ["inherent", "coverage", "size", "threshold", "confusion", "label_noise"]\ntext = "Ask of {slice}."\n'
)


@pytest.mark.parametrize("name", ["report.md", "report.html"])
def test_training_data_and_rules_reach_causes_and_actions(run, tmp_path, monkeypatch, name):
    folder, rules, training, path = (tmp_path / given for given in ("run", "r.toml", "t.csv", name))
    cf.evaluate(planted()).save(folder)
    rules.write_text(RULES)
    training.write_text("time_of_day\n" + "day\n" * 99 + "night\n")
    asked, causes = [], FailureModes.causes

    def recorded(modes, **options):
        asked.append(options["training"])
        return causes(modes, **options)

    monkeypatch.setattr(FailureModes, "causes", recorded)
    assert run("report", folder, "-o", path, "--training", training, "--rules", rules).code == 0
    assert [frame["time_of_day"].to_list() for frame in asked] == [["day"] * 99 + ["night"]]
    assert "Ask of " in path.read_text().replace("\\", "")
    assert run("report", folder, "-o", path).code == 0
    assert asked[1] is None
    assert "Ask of " not in path.read_text().replace("\\", "")


def test_training_data_that_are_not_there_are_said_and_nothing_is_written(run, saved, tmp_path):
    answer = run("report", saved, "-o", tmp_path / "report.md", "--training", tmp_path / "none.csv")
    assert answer.code == 3
    assert "none.csv does not exist" in answer.err
    assert not list(tmp_path.iterdir())
