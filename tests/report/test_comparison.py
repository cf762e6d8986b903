"""A run beside a baseline in the report: the numbers and rows of `cf.compare`, in words, pictures and Markdown."""

from collections import Counter
from dataclasses import replace

import polars as pl
import pytest

import cvfail as cf
from cvfail.errors import PolicyError
from cvfail.report.html import render
from cvfail.report.markdown import render_markdown
from cvfail.report.summary import summarise
from tests.demo_models import demo_models
from tests.report.conftest import small_classification, small_detection

SHOWN = "dialog[open] .cards figure"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The demo's detector, and the retrained one that finds small objects at night and doubles boxes in crowds."""
    return demo_models(tmp_path_factory.mktemp("demo"), images=160, seed=7)


@pytest.fixture(scope="module")
def flips(models):
    """Every flip with the file of its image and the box of its subject, looked up by their ids."""
    first, second = (model.evidence for model in models)
    tables = [(first.ground_truth, "ground_truth_id"), (first.predictions, "baseline_prediction_id")]
    tables.append((second.predictions, "candidate_prediction_id"))
    known = cf.compare(*models, average_precision=False, replicates=0).flips().df
    boxes = []
    for frame, key in tables:
        box = pl.concat_list(pl.col("x", "y", "width", "height").round(2)).alias(f"{key}_box")
        own = frame.select(pl.col(key.removeprefix("baseline_").removeprefix("candidate_")).alias(key), box)
        known = known.join(own, on=key, how="left", maintain_order="left")
        boxes.append(f"{key}_box")
    gone = pl.col("flip").is_in(["gone", "still there"])
    return known.join(
        models[1].images.select("image_id", "file_name"), on="image_id", maintain_order="left"
    ).with_columns(
        box=pl.when(unit="ground_truth").then(boxes[0]).when(gone).then(boxes[1]).otherwise(boxes[2])
    )


def where(flips, name):
    """The flips in a slice, filtered plainly by its name."""
    for condition in name.split(" & "):
        attribute, value = condition.split("=")
        flips = flips.filter(pl.col(attribute).cast(pl.String) == value)
    return flips


def subjects(flips):
    return {(file, tuple(box)) for file, box in flips.select("file_name", "box").iter_rows()}


def drawn(summary, places, kind):
    """The same of examples: the file of each, and the box of its truth, prediction or baseline."""
    shown = set()
    for example in (summary["examples"][place] for place in places):
        image = summary["images"][example["image"]]
        shown.add((image["file_name"], tuple(image["objects"][example[kind]]["box"])))
    assert len(shown) == len(places)
    return shown


@pytest.fixture(scope="module")
def summary(models):
    return summarise(models[1], baseline=models[0])


def counts(groups):
    return {group["flip"]: group["count"] for group in groups}


def test_the_verdict_says_what_was_repaired_and_what_broke(summary):
    overall, removed, worse = summary["comparison"]["verdict"]
    assert summary["verdict"][:3] == [overall, removed, worse]
    assert overall.startswith("Against the baseline this run is better overall: AP ")
    assert removed.startswith("Removed: missed where size=small & time_of_day=night, ")
    assert worse.startswith("Worse: duplicate where density=crowded, ")


def test_numbers_are_those_of_compare(models, summary):
    known = cf.compare(*models).metrics.df
    shown = summary["comparison"]["overall"]
    assert [row["metric"] for row in shown][:3] == ["ap", "ap50", "recall"]
    for row in shown:
        own = known.row(by_predicate=pl.col("metric") == row["metric"], named=True)
        assert (row["baseline"], row["candidate"]) == (own["baseline"], own["candidate"])
        bounds = [row["difference"][key] for key in ("estimate", "lower", "upper")]
        assert bounds == [own["difference"], own["lower"], own["upper"]]
        assert row["p_value"] == own["p_value"]


def test_flips_are_those_of_compare(models, summary):
    flips = cf.compare(*models, average_precision=False, replicates=0).flips().df
    for unit, part in (("ground_truth", "objects"), ("predictions", "false_positives")):
        known = Counter(flips.filter(unit=unit)["flip"])
        shown = counts(summary["comparison"][part])
        assert {flip: count for flip, count in shown.items() if count} == dict(known)
        assert sum(group["share"] for group in summary["comparison"][part]) == pytest.approx(1)


@pytest.mark.parametrize("part", ["objects", "false_positives"])
def test_galleries_hold_rows_that_flipped_in_their_way(summary, flips, part):
    for group in summary["comparison"][part]:
        kind = {"gone": "baseline", "still there": "baseline", "new": "prediction"}.get(
            group["flip"], "truth"
        )
        known = flips.filter(flip=group["flip"])
        wanted = 0 if group["flip"] == "still right" else min(24, len(known))
        assert len(group["examples"]) == len(group["captions"]) == wanted
        assert drawn(summary, group["examples"], kind) <= subjects(known)


def test_galleries_of_slices_hold_rows_of_their_slice(summary, flips):
    worse = summary["comparison"]["worse"]
    assert worse
    for one in worse:
        known = where(flips.filter(flip=one["flip"]), one["slice"])
        assert one["flipped"] == len(known)
        kind = "truth" if one["flip"] == "broken" else "prediction"
        assert drawn(summary, one["examples"], kind) <= subjects(known)


@pytest.mark.parametrize(
    ("error", "ways", "kinds"),
    [
        ("missed", ("fixed", "broken"), ("truth", "truth")),
        ("duplicate", ("gone", "new"), ("baseline", "prediction")),
    ],
)
def test_repaired_and_broken_of_a_mode_are_the_flips_in_its_slice(summary, flips, error, ways, kinds):
    mode = next(one for one in summary["comparison"]["modes"] if one["title"].lower().startswith(error))
    inside = where(flips, mode["slice"])
    repaired = inside.filter(pl.col("baseline") == error, flip=ways[0])
    broken = inside.filter(pl.col("candidate") == error, flip=ways[1])
    assert (mode["repaired"], mode["broken"]) == (len(repaired), len(broken))
    fewer = mode["errors_now"] < mode["errors_before"]
    shown = drawn(summary, mode["examples"], kinds[0] if fewer else kinds[1])
    assert shown <= subjects(repaired if fewer else broken)
    assert shown


def test_frozen_modes_count_the_errors_of_both(models, summary):
    for mode, frozen in zip(summary["comparison"]["modes"], models[0].failure_modes().modes, strict=False):
        before, now = (model.reevaluate([frozen]).df.row(0, named=True)["errors"] for model in models)
        assert (mode["errors_before"], mode["errors_now"]) == (before, now)


def test_without_a_baseline_there_is_no_comparison(evaluation):
    alone = summarise(evaluation)
    assert alone["comparison"] is None
    assert 'id="comparison"' not in render(alone)
    assert "Did the fix hold" not in render_markdown(alone)


def test_the_same_run_changed_nothing():
    same = cf.evaluate(small_detection())
    compared = summarise(same, baseline=same)["comparison"]
    assert compared["verdict"][0].startswith("Against the baseline nothing changed: ")
    assert all(row["difference"]["estimate"] == 0 for row in compared["overall"])
    assert counts(compared["objects"])["fixed"] == counts(compared["objects"])["broken"] == 0
    assert compared["changed"] == compared["worse"] == []


def test_other_data_are_refused(evaluation):
    data = small_detection()
    fewer = replace(data, ground_truth=data.ground_truth.head(5))
    with pytest.raises(PolicyError, match="labels"):
        summarise(evaluation, baseline=cf.evaluate(fewer))


def test_classifiers_are_compared_too():
    data = small_classification()
    right = replace(
        data, predictions=data.predictions.with_columns(category_id=data.ground_truth["category_id"])
    )
    compared = summarise(cf.evaluate(right), baseline=cf.evaluate(data))["comparison"]
    assert counts(compared["objects"])["fixed"] == 6
    assert compared["false_positives"] == []
    assert "accuracy" in compared["verdict"][0]


def test_markdown_has_the_deltas_and_flips(summary):
    text = render_markdown(summary).split("## Did the fix hold?")[1]
    assert "| AP | " in text
    assert "| objects | fixed | broken | still wrong | still right |" in text
    assert r"Missed where size=small & time\_of\_day=night".replace("&", r"\&") in text


def test_markdown_has_its_own_numbers_before_those_of_the_comparison(summary):
    before, after = render_markdown(summary).split("## Did the fix hold?")
    own = "| AP75 | "
    assert before.count(own) == 1
    assert own not in after.split("\n## ")[0]


@pytest.mark.parametrize("width", [1280, 400])
def test_stretches_are_as_long_as_flips_are_frequent(browser, tmp_path, summary, width):
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    browser.look(width=width)
    browser.open(path)
    lengths = browser.run(
        "return [...document.querySelectorAll('#comparison .flip-lengths')]"
        ".map((bar) => [...bar.children].map((part) => part.getBoundingClientRect().width))"
    )
    for known, drawn in zip(("objects", "false_positives"), lengths, strict=True):
        shares = [group["share"] for group in summary["comparison"][known]]
        assert [length / sum(drawn) for length in drawn] == pytest.approx(shares, abs=0.005)


def test_a_click_on_what_was_fixed_shows_its_rows(browser, tmp_path, models, summary):
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    browser.open(path)
    browser.click("#comparison .flip.better")
    fixed = counts(summary["comparison"]["objects"])["fixed"]
    assert browser.text("dialog[open] h2") == "Fixed"
    assert browser.text("dialog[open] .note").startswith(f"24 of {fixed} shown")
    names = browser.run(
        f"return [...document.querySelectorAll('{SHOWN} code')].map((node) => node.textContent)"
    )
    flips = cf.compare(*models, average_precision=False, replicates=0).flips().df
    known = flips.filter(unit="ground_truth", flip="fixed")
    files = models[1].images.filter(pl.col("image_id").is_in(known["image_id"].implode()))["file_name"]
    assert len(names) == 24
    assert set(names) <= set(files)
    assert browser.count(f"{SHOWN} .outline.line.truth.subject") == 24
    assert browser.count(f"{SHOWN} .outline.line.baseline") > 0
    browser.press("Escape")
    browser.run("document.querySelector('#comparison tbody button.open').click()")
    assert browser.text("dialog[open] h2").endswith(": repaired")
    assert browser.console() == []
