"""A frozen mode: the same thing in JSON, on another evaluation, and under its hash."""

import json
from dataclasses import FrozenInstanceError, replace

import polars as pl
import pytest

from cvfail.errors import FormatError, MissingFileError, PolicyError, QueryError
from cvfail.evaluation import evaluate
from cvfail.failures.conditions import Condition, condition_of_level, slice_of
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.mode_files import read_modes
from cvfail.failures.modes import reevaluated
from cvfail.matching.policy import Policy
from tests.failures.test_modes import street

NIGHT = Condition("light", "night")


def mode(error="missed", conditions=(NIGHT,), **options):
    return FailureMode(error, conditions, iou=0.5, score=0.25, policy=Policy(), **options)


def with_columns(data, **columns):
    return type(data)(
        task="detection",
        images=data.images.with_columns(**columns),
        categories=data.categories,
        ground_truth=data.ground_truth,
        predictions=data.predictions,
    )


@pytest.mark.parametrize(
    "condition",
    [
        NIGHT,
        Condition("light"),
        Condition("pose", 2.0),
        Condition("flag", value=True),
        Condition("brightness", low=1.5),
        Condition("brightness", high=0.1 + 0.2),
        Condition("brightness", low=-1.0, high=2.0),
        Condition('it\'s "odd"', "o'clock → 12"),
    ],
)
def test_a_mode_is_the_same_after_json_and_its_sql_says_what_its_slice_does(condition):
    frozen = mode(conditions=(condition,))
    again = FailureMode.from_json(frozen.to_json())
    assert again == frozen
    assert again.hash == frozen.hash
    frame = pl.DataFrame(
        {
            condition.attribute: {
                "light": ["night", "day", None],
                "pose": [2, 3, None],
                "flag": [True, False, None],
                "brightness": [-0.5, 1.5, 0.1 + 0.2, 9.0],
            }.get(condition.attribute, ["o'clock → 12", "x", None])
        }
    )
    by_expression = frame.filter(*slice_of([condition]).parts)
    assert by_expression.equals(frame.sql(f"SELECT * FROM self WHERE {frozen.where}"))
    assert 0 < len(by_expression) < len(frame)


def test_a_mode_cannot_be_changed_and_every_part_of_it_is_in_its_hash():
    frozen = mode()
    with pytest.raises(FrozenInstanceError):
        frozen.score = 0.5
    others = [
        replace(frozen, error="localisation"),
        replace(frozen, conditions=()),
        replace(frozen, conditions=(Condition("light", "day"),)),
        replace(frozen, iou=0.75),
        replace(frozen, score=0.5),
        replace(frozen, policy=Policy(max_detections=(10,))),
    ]
    assert len({frozen.hash, *(other.hash for other in others)}) == 7


def test_a_mode_that_is_held_against_another_value_knows_where_they_differ():
    small, day = Condition("size", "small"), Condition("light", "day")
    frozen = mode(conditions=(NIGHT, small), against=(day, small))
    assert frozen.differing == ((NIGHT,), (day,))
    assert mode(conditions=(NIGHT, small)).differing == ((NIGHT, small), ())
    assert FailureMode.from_json(frozen.to_json()) == frozen
    assert frozen.hash != replace(frozen, against=None).hash
    assert frozen.name == "missed | light=night & size=small against light=day & size=small"


def test_units_follow_from_the_error():
    assert [mode(error).unit for error in ("missed", "localisation")] == ["ground_truth"] * 2
    assert [mode(error).unit for error in ("background", "duplicate", "redundant")] == ["predictions"] * 3
    assert [mode(error).unit for error in ("classification", "car→bus")] == ["pairs"] * 2


def test_what_is_no_mode_is_refused_with_the_reason():
    with pytest.raises(FormatError, match=r"no error 'mised'.*missed"):
        mode("mised")
    with pytest.raises(FormatError, match="no failure mode"):
        FailureMode.from_json(b"{")
    values = mode().to_dict()
    with pytest.raises(FormatError, match="version 9"):
        FailureMode.from_dict({**values, "version": 9})
    with pytest.raises(FormatError, match="lacks 'iou'"):
        FailureMode.from_dict({name: value for name, value in values.items() if name != "iou"})
    with pytest.raises(FormatError, match="no condition"):
        FailureMode.from_dict({**values, "slice": [{"attribute": "light", "is": "night"}]})


def test_modes_of_a_file_are_those_that_were_written(tmp_path):
    modes = evaluate(street(1, night_small=0.7, confused_on_c=0.5)).failure_modes()
    path = modes.write_modes(tmp_path / "modes.json")
    assert read_modes(path) == list(modes.modes)
    assert json.loads(path.read_text())[0]["slice"][0] == {"attribute": "size", "value": "small"}
    with pytest.raises(MissingFileError, match=r"none\.json does not exist"):
        read_modes(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(FormatError, match="no list of failure modes"):
        read_modes(tmp_path / "bad.json")


def test_modes_looked_at_again_on_the_same_evaluation_have_the_same_numbers():
    evaluation = evaluate(street(1, night_small=0.7, confused_on_c=0.5, crowd_duplicates=0.15))
    modes = evaluation.failure_modes()
    again = reevaluated(modes.modes, evaluation.evidence)
    same = pl.exclude("p_value", "q_value", "significant")
    assert again.df.select(same).equals(modes.df.select(same))
    assert again.df["significant"].head(3).all()
    assert again.examples(1).equals(modes.examples(1))


def test_a_mode_that_was_repaired_is_no_longer_significant():
    before = evaluate(street(1, night_small=0.7)).failure_modes()
    after = reevaluated(before.modes[:1], evaluate(street(2, night_small=0.08)).evidence)
    assert before.df["significant"][0]
    assert not after.df["significant"][0]
    assert after.df["rate"][0] < 0.2


def test_a_slice_of_a_range_of_numbers_keeps_its_range_on_other_data():
    data = street(1)
    count = len(data.images)
    numbers = pl.Series("brightness", [float(i) for i in range(count)])
    evidence = evaluate(with_columns(data, brightness=numbers)).evidence
    assert condition_of_level(evidence, "brightness", "≥ 179.25") == Condition("brightness", low=179.25)
    condition = condition_of_level(evidence, "brightness", "59.75 – 119.5")
    assert (condition.low, condition.high, condition.level) == (59.75, 119.5, "59.75 – 119.5")
    other = evaluate(with_columns(data, brightness=numbers + 100.0))
    again = reevaluated([mode(conditions=(condition,))], other.evidence)
    images = other.images.filter(pl.col("brightness").is_between(59.75, 119.5, closed="left"))["image_id"]
    assert again.df["support"][0] == other.ground_truth["image_id"].is_in(images.to_list()).sum()


def test_values_that_no_longer_occur_give_an_empty_slice_and_unknown_attributes_an_error():
    evidence = evaluate(street(1, images=30)).evidence
    gone = reevaluated([mode(conditions=(Condition("light", "dusk"),))], evidence)
    assert gone.df.select("support", "errors", "rate", "significant").row(0) == (0, 0, None, False)
    with pytest.raises(QueryError, match="no attribute or column 'wheather'"):
        reevaluated([mode(conditions=(Condition("wheather", "dusk"),))], evidence)
    with pytest.raises(QueryError, match="'cat' is not a class"):
        reevaluated([mode("cat→class 1")], evidence)


def test_another_policy_or_task_is_refused_and_another_operating_point_is_not():
    data = street(1, images=30)
    evidence = evaluate(data, Policy(max_detections=(5,))).evidence
    with pytest.raises(PolicyError, match=r"max_detections was \[1, 10, 100\] and is \[5\]"):
        reevaluated([mode()], evidence)
    with pytest.raises(PolicyError, match="is of classification"):
        reevaluated([mode("classification", task="classification")], evidence)
    at_half = evaluate(data).at(score=0.5)
    assert reevaluated([mode()], at_half.evidence).df.equals(
        reevaluated([mode()], evaluate(data).evidence).df
    )
