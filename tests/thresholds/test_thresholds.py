"""Thresholds as a file: written, read back, applied; what was changed by hand is noticed."""

import math
import tomllib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cvfail as cf
from cvfail.errors import FormatError, MissingFileError, PolicyError, QueryError
from cvfail.failures.conditions import Condition
from cvfail.thresholds.thresholds import ThresholdRule, Thresholds
from tests.scenes import detection, random_records

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(allow_nan=False)
conditions = st.one_of(
    st.builds(Condition, texts, st.one_of(texts, st.booleans(), st.floats(-1e9, 1e9))),
    st.builds(Condition, texts),
    st.builds(Condition, texts, low=st.floats(-10, 0), high=st.floats(1, 10)),
)
rules = st.builds(
    ThresholdRule,
    numbers,
    st.one_of(st.none(), texts),
    st.one_of(st.none(), st.integers(0, 99), texts),
    st.lists(conditions, max_size=2).map(tuple),
)
everything = st.builds(
    Thresholds,
    numbers,
    st.lists(rules, max_size=3).map(tuple),
    objective=st.one_of(st.none(), texts),
    iou=st.one_of(st.none(), st.just(0.5)),
    policy=st.just({"iou": 0.5, "max_detections": [1, 10], "area_ranges": {"all": [0.0, 1e10]}}),
)


@given(everything)
def test_what_is_written_is_read(thresholds):
    assert Thresholds.from_toml(thresholds.to_toml()) == thresholds
    assert Thresholds.from_json(thresholds.to_json()) == thresholds


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_file_has_kind_version_policy_and_hash(tmp_path, suffix):
    evaluation = cf.evaluate(detection(*random_records(1, images=12), light=["day", "night", None] * 4))
    thresholds = evaluation.operating_points(by=["light", "category"], replicates=0, min_support=0).thresholds
    path = thresholds.write(tmp_path / f"thresholds{suffix}")
    again = Thresholds.read(path)
    assert again == thresholds
    assert again.hash == thresholds.hash
    text = path.read_text()
    assert all(word in text for word in ("thresholds", thresholds.hash, "max_detections", "highest F1"))
    assert again.policy == evaluation.policy.to_dict()
    assert (
        evaluation.what_if(path)
        .metrics(replicates=0)
        .df.equals(evaluation.what_if(thresholds).metrics(replicates=0).df)
    )


def test_ranges_of_numbers_are_written_as_numbers():
    """Quartiles of this set mean nothing on another one."""
    brightness = [float(i) for i in range(24)]
    evaluation = cf.evaluate(detection(*random_records(2, images=24), brightness=brightness))
    thresholds = evaluation.operating_points(by="brightness", replicates=0, min_support=0).thresholds
    wheres = [rule.where[0] for rule in thresholds.rules]
    assert [(one.low, one.high) for one in wheres][1:3] == [(5.75, 11.5), (11.5, 17.25)]
    toml = tomllib.loads(thresholds.to_toml())
    assert toml["rules"][1]["where"] == [{"attribute": "brightness", "low": 5.75, "high": 11.5}]
    frame = pl.DataFrame({"score": [0.99] * 3, "brightness": [0.0, 100.0, None]})
    assert len(thresholds.apply(frame)) <= 3


def test_the_last_rule_that_fits_counts():
    thresholds = Thresholds(
        0.5,
        (
            ThresholdRule(0.3, category="cat", category_id=1),
            ThresholdRule(0.1, where=(Condition("light", "night"),)),
            ThresholdRule(math.inf, category="dog", category_id=2, where=(Condition("light", "night"),)),
        ),
    )
    frame = pl.DataFrame(
        {
            "image_id": [1, 1, 2, 2, 2, 3],
            "category": ["cat", "dog", "cat", "dog", "cat", "cat"],
            "score": [0.3, 0.4, 0.2, 0.9, 0.05, 0.29],
        }
    )
    images = pl.DataFrame({"image_id": [1, 2, 3], "light": ["day", "night", None]})
    assert thresholds.apply(frame, images=images)["score"].to_list() == [0.3, 0.2]
    by_id = frame.with_columns(category_id=pl.Series([1, 2, 1, 2, 1, 1])).drop("category")
    assert thresholds.apply(by_id, images=images)["score"].to_list() == [0.3, 0.2]
    assert thresholds.apply(frame, images=images).columns == frame.columns
    assert thresholds.df["where"].to_list() == [None, None, "light = 'night'", "light = 'night'"]


def test_what_is_lacking_is_named():
    by_light = Thresholds(0.5, (ThresholdRule(0.1, where=(Condition("light", "night"),)),))
    with pytest.raises(QueryError, match="depend on light of the images"):
        by_light.apply(pl.DataFrame({"score": [0.5]}))
    by_class = Thresholds(0.5, (ThresholdRule(0.1, category="cat"),))
    with pytest.raises(QueryError, match="the threshold of cat is of a class"):
        by_class.apply(pl.DataFrame({"score": [0.5]}))
    with pytest.raises(QueryError, match="lack a score"):
        Thresholds(0.5).apply(pl.DataFrame({"confidence": [0.5]}))
    assert Thresholds(0.5).apply(pl.DataFrame({"score": []}, schema={"score": pl.Float64})).is_empty()


def test_a_change_by_hand_is_noticed_unless_it_is_meant():
    text = Thresholds(0.5).to_toml()
    changed = text.replace("default = 0.5", "default = 0.6")
    with pytest.raises(FormatError, match="were changed after they were written"):
        Thresholds.from_toml(changed)
    meant = "\n".join(line for line in changed.splitlines() if not line.startswith("hash"))
    assert Thresholds.from_toml(meant).default == 0.6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default = ", "no thresholds"),
        ("kind = 'map'\nversion = 1\ndefault = 0.5", "kind 'map'"),
        ("kind = 'cvfail.thresholds'\nversion = 2\ndefault = 0.5", "version 2"),
        ("kind = 'cvfail.thresholds'\nversion = 1", "lack 'default'"),
        ("kind = 'cvfail.thresholds'\nversion = 1\ndefault = 'high'", "a number or inf"),
        (
            "kind = 'cvfail.thresholds'\nversion = 1\ndefault = 1\n[[rules]]\ncategory = 'a'",
            "is no threshold",
        ),
        (
            "kind = 'cvfail.thresholds'\nversion = 1\ndefault = 1\n[[rules]]\nthreshold = 1\nclass = 'a'",
            "unexpected",
        ),
    ],
)
def test_what_is_no_file_of_thresholds_is_refused(tmp_path, text, message):
    path = tmp_path / "thresholds.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        Thresholds.read(path)


def test_files_that_are_missing_or_of_no_format_are_named(tmp_path):
    with pytest.raises(MissingFileError, match="does not exist"):
        Thresholds.read(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match=r"\.toml or \.json"):
        Thresholds(0.5).write(tmp_path / "thresholds.yaml")
    (tmp_path / "bad.json").write_text("[")
    with pytest.raises(FormatError, match="no thresholds"):
        Thresholds.read(tmp_path / "bad.json")
