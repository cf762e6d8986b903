"""Rules: what a table may say, and when a rule speaks."""

import pytest

from cvfail.errors import FormatError, MissingFileError
from cvfail.failures.causes.register import CAUSES
from cvfail.failures.conditions import Condition
from cvfail.failures.interventions.rule import Rule, read_rules, shipped_rules

RULE = {
    "name": "brighten",
    "kind": "augmentation",
    "causes": ("domain_shift",),
    "text": "brighten {conditions}",
    "gain": "share",
    "effort": "days",
}

OWN = """
[[rule]]
name = "night_lamp"
kind = "hardware"
causes = ["domain_shift"]
gain = "none"
effort = "days"
text = "Add a lamp where {conditions}."

[[rule]]
name = "augment_brightness"
kind = "augmentation"
causes = ["domain_shift"]
gain = "share"
effort = "hours"
text = "Ours."

[[rule]]
name = "augment_blur"
kind = "augmentation"
causes = []
gain = "share"
effort = "days"
text = ""
"""


def speaks(rule, *, kind="missed", conditions=(), cause="domain_shift", share=0.5, **facts):
    return rule.speaks(kind, conditions, cause, share, {"conditions": "light=night"} | facts)


def test_a_rule_speaks_of_its_cause_if_the_share_is_large_enough():
    rule = Rule(**RULE, least_share=0.3)
    assert speaks(rule)
    assert speaks(rule, share=0.3)
    assert not speaks(rule, share=0.29)
    assert not speaks(rule, cause="size")


def test_a_rule_for_some_errors_is_silent_on_others():
    rule = Rule(**RULE, errors=("missed",))
    assert speaks(rule)
    assert not speaks(rule, kind="background")


def test_attribute_and_value_must_be_of_the_same_condition():
    rule = Rule(**RULE, attributes="light", values="night|< .*")
    assert speaks(rule, conditions=[Condition("size", "small"), Condition("Light", "night")])
    assert speaks(rule, conditions=[Condition("light", high=0.2)])
    assert not speaks(rule, conditions=[Condition("light", low=0.2)])
    assert not speaks(rule, conditions=[Condition("light", "day"), Condition("sky", "night")])
    assert not speaks(rule)


def test_facts_must_match_as_a_whole():
    rule = Rule(**RULE, facts={"systematic": "true", "count": "[1-9].*"})
    assert speaks(rule, systematic=True, count=10)
    assert not speaks(rule, systematic=False, count=10)
    assert not speaks(rule, systematic=True, count=0)
    assert not speaks(rule, systematic=True)


def test_a_rule_whose_text_names_an_unknown_fact_is_silent():
    rule = Rule(**RULE)
    assert speaks(rule)
    assert rule.said({"conditions": "light=night"}) == "brighten light=night"
    assert not rule.speaks("missed", (), "domain_shift", 0.5, {"conditions": None})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"causes": ("weather",)}, "'weather' is not known"),
        ({"errors": ("forgotten",)}, "'forgotten' is not known"),
        ({"gain": "magic"}, "'magic' is not known"),
        ({"attributes": "("}, "is no regular expression"),
        ({"facts": {"count": "["}}, "is no regular expression"),
        ({"least_share": 2.0}, "least_share"),
        ({"text": "{"}, "text"),
        ({"text": "{a.b}"}, "a.b"),
        ({"text": "{a[0]}"}, "is no name of a fact"),
    ],
)
def test_fields_without_meaning_are_refused(change, told):
    with pytest.raises(FormatError, match=told.replace("[", r"\[")):
        Rule(**RULE | change)


def test_a_text_that_cannot_write_a_fact_names_its_rule():
    rule = Rule(**RULE | {"text": "{conditions:.2f}"})
    with pytest.raises(FormatError, match="rule brighten"):
        rule.said({"conditions": "light=night"})


def test_every_cause_has_a_shipped_rule():
    spoken_of = {cause for rule in shipped_rules() for cause in rule.causes if len(rule.causes) < 5}
    assert {name for name, _ in CAUSES} <= spoken_of


def test_a_file_adds_replaces_and_drops(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(OWN)
    shipped, rules = [rule.name for rule in shipped_rules()], read_rules(path)
    names = [rule.name for rule in rules]
    assert names == [name for name in shipped if name != "augment_blur"] + ["night_lamp"]
    assert next(rule for rule in rules if rule.name == "augment_brightness").text == "Ours."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rule = 1", r"no tables \[\[rule\]\]"),
        ("[[rule]", "rules.toml"),
        ('[[rule]]\nname = "a"\ncolour = "red"', "rule 1: unknown field 'colour'"),
        ('[[rule]]\nname = "a"', "rule 1: .*missing"),
        (
            '[[rule]]\nname = "a"\nkind = "data"\ncauses = ["x"]\ngain = "none"\neffort = ""\ntext = ""',
            r"rule 1 \(a\): causes: 'x' is not known",
        ),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_name(tmp_path, content, told):
    path = tmp_path / "rules.toml"
    path.write_text(content)
    with pytest.raises(FormatError, match=told):
        read_rules(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="does not exist"):
        read_rules(tmp_path / "rules.toml")
