"""``cvfail contrast``: the rates with either value, the modes, and what failures tells of modes."""

import json

import pytest

PAIR = ("light", "night", "day")


def test_the_modes_are_those_of_the_python_interface(run, saved, evaluation):
    answer = run("contrast", *PAIR, saved, "--format", "json")
    assert json.loads(answer.out) == evaluation.failure_contrast(*PAIR).to_dicts()


def test_the_rates_are_those_of_the_python_interface(run, saved, evaluation):
    answer = run("contrast", *PAIR, saved, "--rates", "--format", "json")
    assert json.loads(answer.out) == evaluation.contrast_rates(*PAIR).to_dicts()


def test_the_rates_at_the_same_mix(run, saved, evaluation):
    answer = run("contrast", *PAIR, saved, "--rates", "--within", "size", "category", "--format", "json")
    told = evaluation.contrast_rates(*PAIR, within=["size", "category"])
    assert json.loads(answer.out) == told.to_dicts()
    assert "at the same mix of size, category" in answer.err


def test_a_person_reads_the_rates_first_and_then_the_modes(run, saved):
    out = run("contrast", *PAIR, saved).out
    rates, modes = (
        out.index("errors of light=night against light=day"),
        out.index("failure modes of light=night"),
    )
    assert rates < out.index("background") < modes < out.index("light=night & ")


def test_a_person_reads_what_to_do_after_the_modes(run, saved):
    out = run("contrast", *PAIR, saved, "--interventions").out
    places = [
        out.index(f"{what} light=night")
        for what in ("errors of", "failure modes of", "actions for failure modes of")
    ]
    assert places == sorted(places)
    assert out.startswith(run("contrast", *PAIR, saved).out)


def test_a_file_gets_the_modes_alone(run, saved, evaluation, tmp_path):
    path = tmp_path / "modes.json"
    answer = run("contrast", *PAIR, saved, "-o", path)
    assert answer.out == ""
    assert json.loads(path.read_text()) == evaluation.failure_contrast(*PAIR).to_dicts()


def test_options_reach_the_search(run, saved, evaluation):
    options = ["--attributes", "size", "--max-order", 2, "--level", 0.2, "--rank-by", "recall"]
    answer = run("contrast", *PAIR, saved, *options, "--format", "json")
    expected = evaluation.failure_contrast(
        *PAIR, attributes=["size"], max_order=2, level=0.2, rank_by="recall"
    )
    assert json.loads(answer.out) == expected.to_dicts()


def test_rows_impact_and_causes_are_those_of_the_modes(run, saved, evaluation, tmp_path):
    modes = evaluation.failure_contrast(*PAIR)
    asked = {"--impact": modes.impact, "--causes": modes.causes(), "--interventions": modes.interventions()}
    for option, table in asked.items():
        assert json.loads(run("contrast", *PAIR, saved, option, "--format", "json").out) == table.to_dicts()
    rows = run("contrast", *PAIR, saved, "--examples", 1, "--format", "json")
    assert json.loads(rows.out) == modes.examples(1).to_dicts()
    path = tmp_path / "modes.json"
    assert f"{len(modes)} modes written to {path}" in run("contrast", *PAIR, saved, "--save", path).err
    again = run("failures", saved, "--modes", path, "--format", "json")
    assert json.loads(again.out) == evaluation.reevaluate(modes.modes).to_dicts()


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["light", "dusk", "day"], "light is never 'dusk'. Hint: one of day, night"),
        (["lihgt", "night", "day"], "'lihgt' is not an attribute"),
        (["light", "night"], "--against"),
    ],
)
def test_unknown_values_are_answered_with_known_ones(run, saved, asked, answered):
    answer = run("contrast", *asked, "--run", saved)
    assert (answer.code, answer.out) == (2, "")
    assert answered in answer.err


def test_a_run_in_the_place_of_the_attribute(run, saved):
    answer = run("contrast", saved, *PAIR)
    assert (answer.code, answer.out) == (2, "")
    assert "the run comes last" in answer.err


def test_one_form_at_a_time(run, saved):
    answer = run("contrast", *PAIR, saved, "--rates", "--causes")
    assert answer.code == 2
    assert "--rates" in answer.err
