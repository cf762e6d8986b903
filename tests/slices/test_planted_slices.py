"""Failures that were planted in the demo stand first in the search for their error, and in no null run."""

import pytest

import cvfail as cf
from cvfail.demo.coco_files import write_instances, write_results
from cvfail.demo.simulation import simulate

NULL_SEEDS = 20
"""Also run once with 100 seeds: 1 run of 100 had a slice with q < 0.05, for recall and for precision."""

PLANTED = [
    ("recall", {"time_of_day=night", "size=small"}),
    ("missed", {"time_of_day=night", "size=small"}),
    ("truck→bus", {"camera=cam_c"}),
    ("classification", {"category=truck", "camera=cam_c"}),
    ("duplicate", {"density=crowded"}),
    ("localisation", {"truncation=partial"}),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    simulation = simulate()
    write_instances(simulation, folder / "truth.json")
    write_results(simulation, folder / "found.json")
    return cf.evaluate(cf.read_coco(folder / "truth.json", folder / "found.json"))


@pytest.mark.parametrize(("target", "predicates"), PLANTED)
def test_what_was_planted_has_the_largest_excess_of_its_error(demo, target, predicates):
    first = demo.find_slices(target, objective="excess", top=1).df.row(0, named=True)
    assert set(first["slice"].split(" & ")) == predicates
    assert first["q_value"] < 1e-4
    assert first["lower"] > 0
    assert first["parent_p_value"] is None or first["parent_p_value"] < 1e-6


def test_sliceline_finds_the_planted_conjunctions_at_the_top(demo):
    missed = demo.find_slices("recall", top=1).df["slice"][0]
    assert set(missed.split(" & ")) == {"time_of_day=night", "size=small"}
    wrong = demo.find_slices("classification", top=3, max_order=2).df["slice"].to_list()
    assert set(wrong[0].split(" & ")) == {"category=truck", "camera=cam_c"}


def test_distinct_slices_are_the_causes_without_their_variants(demo):
    found = demo.find_slices("recall")
    assert len(found.df) == 10
    causes = [{"time_of_day=night", "size=small"}, {"weather=rain"}]
    assert [set(text.split(" & ")) for text in found.distinct().df["slice"]] == causes


def test_distinct_slices_of_the_confused_pair_are_those_of_one_camera(demo):
    """Small trucks are missed at night, so that medium ones are taken for buses more often."""
    distinct = demo.find_slices("truck→bus", objective="excess").distinct().df["slice"].to_list()
    assert distinct[0] == "camera=cam_c"
    assert all("camera=cam_c" in text for text in distinct)


@pytest.mark.parametrize(("target", "predicates"), PLANTED)
def test_what_was_planted_is_confirmed_on_the_images_that_it_was_not_found_on(demo, target, predicates):
    found = demo.find_slices(target, objective="excess", top=3, confirm=True).df
    first = found.row(0, named=True)
    assert set(first["slice"].split(" & ")) == predicates
    assert first["q_value"] < 0.05


@pytest.mark.parametrize("target", ["recall", "precision"])
def test_null_runs_seldom_find_anything(demo, target):
    found = demo.find_slices(target)
    lowest = [found.null_run(seed=seed).df["q_value"].min() for seed in range(NULL_SEEDS)]
    assert sum(q is not None and q < 0.05 for q in lowest) <= 0.05 * NULL_SEEDS
