"""``cvfail calibrate`` and ``cvfail apply``: measures, bins, maps, and predictions that were put right."""

import json
import subprocess
import sys

import polars as pl
import pytest

import cvfail as cf


def answered(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


FEW = ("--replicates", 20, "--format", "json")


@pytest.fixture(scope="module")
def calibrated(evaluation, tmp_path_factory):
    """Files of a map for all, and of maps by an attribute of the images."""
    folder = tmp_path_factory.mktemp("maps")
    one = evaluation.fit_calibration(method="platt", replicates=2, worlds=2)
    several = evaluation.fit_calibration(method="isotonic", by="light", min_support=5, replicates=2, worlds=2)
    return one.save(folder / "one.json"), several.save(folder / "several.json")


def test_measures_are_those_of_the_python_interface(run, saved, evaluation):
    rows = answered(
        run("calibrate", saved, "--by", "light", "--measures", "ece", "brier", "--bins", 10, *FEW)
    )
    table = evaluation.calibration(by="light", measures=["ece", "brier"], bins=10, replicates=20)
    assert rows == table.to_dicts()


def test_the_page_shows_the_number_and_says_what_is_right(run, saved):
    answer = run("calibrate", saved, "--score", "0.1", "--replicates", 20)
    assert answer.code == 0
    assert "score >= 0.1" in answer.out
    assert "laece" in answer.out
    assert "beyond_chance" in answer.out


def test_bins_instead(run, saved, evaluation):
    rows = answered(run("calibrate", saved, "--reliability", "equal_mass", *FEW))
    assert rows == evaluation.calibration(replicates=20).reliability(binning="equal_mass").to_dicts()


def test_a_map_is_judged_and_saved(run, saved, evaluation, tmp_path):
    path = tmp_path / "map.json"
    asked = ("--fit", "beta", "--by", "light", "--min-support", 10, "--judge-by", "category", "--save", path)
    rows = answered(run("calibrate", saved, *asked, *FEW))
    fitted = evaluation.fit_calibration(
        method="beta", by="light", min_support=10, judge_by=["category"], replicates=20
    )
    assert rows == fitted.to_dicts()
    assert cf.read_calibration(path).to_dict() == fitted.map.to_dict()


def test_options_that_contradict_each_other_are_refused(run, saved, tmp_path):
    assert "Hint: --fit" in run("calibrate", saved, "--save", tmp_path / "map.json").err
    assert run("calibrate", saved, "--fit", "platt", "--by", "light", "category").code == 2


def test_maps_are_applied_to_results(run, files, calibrated, tmp_path):
    answer = run("apply", calibrated[0], "--pred", files[3], "-o", tmp_path / "out.json")
    assert answer.code == 0, answer.err
    before, after = json.loads(files[3].read_text()), json.loads((tmp_path / "out.json").read_text())
    expected = cf.read_calibration(calibrated[0]).apply_to(
        pl.DataFrame({"score": [row["score"] for row in before]})
    )
    assert [row["score"] for row in after] == expected["score"].to_list()
    for row in (*before, *after):
        row.pop("score")
    assert before == after
    assert cf.read_coco(files[1], tmp_path / "out.json").predictions.height == len(before)


def test_several_are_applied_one_after_the_other(run, files, calibrated, tmp_path):
    command = ("apply", *calibrated, "--pred", files[3], "-o", tmp_path / "out.json")
    assert "give the table of images" in run(*command).err
    answer = run(*command, "--images", files[1])
    assert answer.code == 0, answer.err
    data = cf.read_coco(files[1], files[3])
    for path in calibrated:
        data = cf.read_calibration(path).apply(data)
    written = cf.read_coco(files[1], tmp_path / "out.json")
    assert written.predictions["score"].to_list() == data.predictions["score"].to_list()


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_tables_keep_their_columns(run, evaluation, calibrated, tmp_path, suffix):
    table = evaluation.data.predictions.with_columns(model=pl.lit("a"))
    write = table.write_parquet if suffix == ".parquet" else table.write_csv
    write(tmp_path / f"given{suffix}")
    out = tmp_path / f"out{suffix}"
    answer = run("apply", calibrated[0], "--pred", tmp_path / f"given{suffix}", "-o", out)
    assert answer.code == 0, answer.err
    found = pl.read_parquet(out) if suffix == ".parquet" else pl.read_csv(out)
    assert found.columns == table.columns
    assert found["score"].to_list() == cf.read_calibration(calibrated[0]).apply_to(table)["score"].to_list()


def test_a_box_in_one_column_is_kept_as_it_is(run, evaluation, tmp_path):
    path = evaluation.fit_calibration(by="size", min_support=5, replicates=2, worlds=2).save(
        tmp_path / "map.json"
    )
    own = evaluation.data.predictions
    boxes = own.select("image_id", "category_id", "score", bbox=pl.concat_list("x", "y", "width", "height"))
    boxes.write_parquet(tmp_path / "given.parquet")
    answer = run("apply", path, "--pred", tmp_path / "given.parquet", "-o", tmp_path / "out.parquet")
    assert answer.code == 0, answer.err
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found.drop("score").equals(boxes.drop("score"))
    assert (
        found["score"].to_list()
        == cf.read_calibration(path).apply(evaluation.data).predictions["score"].to_list()
    )


def test_no_results_stay_no_results(run, calibrated, tmp_path):
    (tmp_path / "none.json").write_text("[]")
    answer = run("apply", calibrated[0], "--pred", tmp_path / "none.json", "-o", tmp_path / "out.json")
    assert answer.code == 0, answer.err
    assert json.loads((tmp_path / "out.json").read_text()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"kind": "recipe"}', "cannot be applied"),
        ("[1, 2]", "cannot be applied"),
        ("{", "truncated"),
        ("", "empty"),
    ],
)
def test_files_of_another_kind_are_refused(run, files, tmp_path, content, message):
    (tmp_path / "map.json").write_text(content)
    answer = run("apply", tmp_path / "map.json", "--pred", files[3], "-o", tmp_path / "out.json")
    assert answer.code == 3
    assert message in answer.err


def test_toml_is_asked_for_its_kind_too(run, files, tmp_path):
    (tmp_path / "map.toml").write_text('kind = "recipe"')
    assert (
        "'recipe' cannot be applied"
        in run("apply", tmp_path / "map.toml", "--pred", files[3], "-o", "out.json").err
    )


def test_the_kind_of_file_stays(run, files, calibrated, tmp_path):
    answer = run("apply", calibrated[0], "--pred", files[3], "-o", tmp_path / "out.parquet")
    assert answer.code == 2
    assert "Hint: end the name so" in answer.err
    assert "name what to apply" in run("apply", "--pred", files[3], "-o", tmp_path / "out.json").err
    (tmp_path / "found.xml").write_text("<a/>")
    assert (
        run("apply", calibrated[0], "--pred", tmp_path / "found.xml", "-o", tmp_path / "out.json").code == 3
    )
    (tmp_path / "found.json").write_text('{"a": 1}')
    assert (
        run("apply", calibrated[0], "--pred", tmp_path / "found.json", "-o", tmp_path / "out.json").code == 3
    )


def test_applying_needs_no_compiler_and_no_database(files, calibrated, tmp_path):
    program = (
        "import sys\nfrom cvfail.cli import main\n"
        f"main(['apply', {str(calibrated[0])!r}, '--pred', {str(files[3])!r}, '-o', {str(tmp_path / 'o.json')!r}])\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"numba", "duckdb", "altair", "jinja2"}
