"""``cvfail errors``: every method, and options that nothing listens to."""

import json

import pytest


def rows(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


@pytest.mark.parametrize(
    ("options", "ask"),
    [
        ([], lambda evaluation: evaluation.error_types()),
        (["--by", "light", "category"], lambda evaluation: evaluation.error_types(by=["light", "category"])),
        (["--by", "light=night"], lambda evaluation: evaluation.error_types(by=["light=night"])),
        (["--progressive"], lambda evaluation: evaluation.error_types(progressive=True)),
        (["--compat", "tidecv"], lambda evaluation: evaluation.error_types(compat="tidecv")),
        (["--replicates", 20], lambda evaluation: evaluation.error_types(replicates=20)),
        (["--score", 0.5, "--iou", 0.75], lambda evaluation: evaluation.error_types(score=0.5, iou=0.75)),
        (["--method", "hoiem"], lambda evaluation: evaluation.hoiem()),
        (["--method", "hoiem", "--by", "size"], lambda evaluation: evaluation.hoiem(by=["size"])),
        (["--method", "hoiem", "--replicates", 20], lambda evaluation: evaluation.hoiem(replicates=20)),
        (["--method", "hoiem", "--trend"], lambda evaluation: evaluation.hoiem().trend),
        (["--method", "hoiem", "--sensitivity"], lambda evaluation: evaluation.hoiem_sensitivity()),
        (
            ["--method", "hoiem", "--levels", "--by", "light"],
            lambda evaluation: evaluation.hoiem_sensitivity(characteristics=["light"]).levels,
        ),
        (["--method", "lrp", "--by", "light"], lambda evaluation: evaluation.lrp(by=["light"])),
    ],
)
def test_the_table_is_that_of_the_python_interface(run, saved, evaluation, options, ask):
    answer = run("errors", saved, *options, "--format", "json")
    assert rows(answer) == ask(evaluation).to_dicts()
    assert ask(evaluation).caption in answer.err


def test_groups_of_similar_classes(run, saved, evaluation):
    names = evaluation.categories["name"].to_list()[:3]
    pairs = [names[:2], names[1:]]
    options = [one for pair in pairs for one in ("--similar", ",".join(pair))]
    told = rows(run("errors", saved, "--method", "hoiem", *options, "--format", "json"))
    assert told == evaluation.hoiem(similar=pairs).to_dicts()
    assert told != evaluation.hoiem(similar=pairs[:1]).to_dicts()


@pytest.mark.parametrize("options", [[], ["--by", "category"], ["--method", "lrp"], ["--method", "hoiem"]])
def test_a_terminal_of_80_columns_shows_what_matters(run, saved, monkeypatch, options):
    monkeypatch.setenv("COLUMNS", "80")
    answer = run("errors", saved, *options)
    assert max(map(len, answer.out.splitlines())) <= 80
    heading = next(line for line in answer.out.splitlines() if "count" in line or "lrp" in line)
    first = {"--by": "category error_type", "--method": "category"}.get((options or [""])[0], "error_type")
    assert " ".join(heading.split()).startswith(first)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--method", "lrp", "--progressive"], "--progressive is not for --method lrp. Hint: --method tide"),
        (["--method", "hoiem", "--compat", "tidecv"], "--compat is not for --method hoiem"),
        (["--trend"], "--trend is not for --method tide. Hint: --method hoiem"),
        (["--method", "lrp", "--replicates", 5], "--replicates is for gains"),
        (["--method", "hoiem", "--sensitivity", "--replicates", 5], "--replicates is for gains"),
        (["--method", "hoiem", "--sensitivity", "--trend"], "Mutually exclusive"),
        (["--method", "hoiem", "--similar", "class 2,zebra"], "'zebra' is not a class"),
        (["--compat", "tidecv", "--by", "light"], "tidecv has no groups"),
        (["--by", "lihgt"], "'lihgt' is not an attribute"),
    ],
)
def test_options_without_meaning(run, saved, options, said):
    answer = run("errors", saved, *options)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
