"""Rules from TOML: what they mean, and what is said of bad ones."""

import pytest

from cvfail.errors import FormatError, MissingFileError
from cvfail.gate.rule import Rule
from cvfail.gate.rules_file import Rules, read_rules, rules_of

GOOD = '[[rule]]\nmetric = "recall"\nmax_fall = 0.02\n'


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "gate.toml"
        path.write_text(text)
        return path

    return write


def test_every_field_arrives(rules):
    read = read_rules(rules)
    assert (read.confidence, read.min_units, read.min_clusters, read.replicates) == (0.95, 30, 10, 100)
    assert read.rules[0] == Rule(
        name="small at night",
        metric="recall",
        bound="max_fall",
        value=0.0,
        slices=("size=small & time_of_day=night",),
        critical=True,
    )
    assert [rule.title for rule in read.rules] == [
        "small at night",
        "crowds",
        "ap50 falls by at most 0.01",
        "recall falls by at most 0.03 | each class",
        "f1 falls by at most 0.05 | each weather",
        "error_rate rises by at most 0.02 | each mode",
        "pedestrians at night",
    ]
    assert [rule.is_relative for rule in read.rules] == [True] * 6 + [False]
    assert rules_of(read) is read
    assert rules_of(rules) == read


def test_modes_are_named_by_hash_or_by_name(modes):
    known = Rules(rules=(), modes=tuple(modes))
    for name in (modes[1].hash, modes[1].name):
        rule = Rule(metric="error_rate", bound="at_most", value=0.1, modes=(name,))
        assert known.modes_of(rule) == [modes[1]]


@pytest.mark.parametrize(
    ("limit", "bound", "value"),
    [
        (-0.02, "max_fall", 0.02),
        (0.8, "at_least", 0.8),
        (0.0, "max_fall", 0.0),
        (0.02, "improve", 0.02),
    ],
)
def test_a_limit_is_on_what_is_judged(limit, bound, value):
    rule = Rule(metric="recall", bound=bound, value=value)
    assert (rule.limit, rule.is_floor) == (limit, True)


def test_an_improvement_is_up_or_down_as_the_metric_has_it():
    rule = Rule(metric="false_positives_per_image", bound="improve", value=0.5)
    assert (rule.limit, rule.is_floor, rule.is_relative) == (-0.5, False, True)
    assert rule.title == "false_positives_per_image falls by more than 0.5"
    assert Rule(metric="ap", bound="improve", value=0.01).title == "ap rises by more than 0.01"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"has no tables \[\[rule\]\]. Hint: "),
        ("rule = 3", r"has no tables \[\[rule\]\]"),
        ("[[rules]]\n", "'rules' is no table of a gate"),
        ("[[rule]\n", "gate.toml: .*Hint: a gate has tables"),
        (
            '[[rule]]\nmetric = "recal"\nat_least = 0.5',
            "rule 1, metric: no metric 'recal'. Hint: one of precision",
        ),
        ('[[rule]]\nmetric = "recall"', "rule 1, at_least: give one bound of .*; found none"),
        ('[[rule]]\nmetric = "recall"\nat_least = 0.5\nmax_fall = 0.1', "found at_least and max_fall"),
        (
            '[[rule]]\nmetric = "recall"\nmax_rise = 0.5',
            "max_rise: a higher recall is better. Hint: at_least or max_fall",
        ),
        (
            '[[rule]]\nmetric = "error_rate"\nmax_fall = 0.5\nmode="*"',
            "a lower error_rate is better. Hint: at_most or",
        ),
        (
            '[[rule]]\nmetric = "recall"\nat_least = 80',
            r"at_least: must be in \[0, 1\]; found 80. Hint: shares",
        ),
        ('[[rule]]\nmetric = "recall"\nmax_fall = -0.1', r"max_fall: must be in \[0, 1\]; found -0.1"),
        ('[[rule]]\nmetric = "false_positives_per_image"\nat_most = inf', "must be 0 or more; found inf"),
        ('[[rule]]\nmetric = "recall"\nat_least = true', "at_least: must be a number; found True"),
        (
            '[[rule]]\nname = "a"\nmetric = 3\nat_least = 0.5',
            r"rule 1 \(a\), metric: must be a text; found 3",
        ),
        (
            '[[rule]]\nmetric = "recall"\nat_least = 0.5\nclasses = "car"',
            "classes: no such field. Hint: one of name",
        ),
        (
            '[[rule]]\nmetric = "recall"\nat_least = 0.5\nclass = 3',
            "class: must be a text or a list of texts; found 3",
        ),
        ('[[rule]]\nmetric = "recall"\nat_least = 0.5\nmin_units = -1', "min_units: must be 0 or more"),
        ('[[rule]]\nmetric = "recall"\nat_least = 0.5\ncritical = "yes"', "critical: must be true or false"),
        (
            '[[rule]]\nmetric = "recall"\nat_least = 0.5\nmode = "*"',
            "error_rate is the metric of frozen failure modes",
        ),
        ('[[rule]]\nmetric = "error_rate"\nat_most = 0.5', "mode: error_rate is the metric of frozen"),
        (
            '[[rule]]\nmetric = "error_rate"\nat_most = 0.5\nmode = "abc"',
            "rule 1, mode: no mode 'abc'. Hint: modes = ",
        ),
        (
            '[[rule]]\nmetric = "error_rate"\nat_most = 0.5\nmode = "*"\nclass = "*"',
            "a mode has its own slice",
        ),
        ('[[rule]]\nmetric = "recall"\nat_least = 0.5\nby = "a"\nslice = "a=b"', "by: stands beside slice"),
        (GOOD + GOOD, "two rules are called 'recall falls by at most 0.02'"),
        ("[gate]\nconfidence = 95\n" + GOOD, r"\[gate\], confidence: must be a number; found 95"),
        ("[gate]\nconfidence = 0.5\n" + GOOD, r"confidence: must be in \(0.5, 1\); found 0.5"),
        ("[gate]\nreplicates = 1\n" + GOOD, "replicates: must be 2 or more"),
        ("[gate]\nlevel = 0.1\n" + GOOD, r"\[gate\], level: no such field. Hint: one of confidence"),
        ("gate = 1\n" + GOOD, r"gate must be a table. Hint: \[gate\]"),
    ],
)
def test_bad_rules_are_told_with_file_rule_field_and_remedy(written, text, told):
    path = written(text)
    with pytest.raises(FormatError, match=told) as caught:
        read_rules(path)
    assert str(caught.value).startswith(str(path))
    assert "Hint: " in str(caught.value)


def test_every_bad_rule_is_told_at_once(written):
    bad = '[[rule]]\nmetric = "recall"\nat_least = 80\n'
    with pytest.raises(FormatError) as caught:
        read_rules(written(bad + GOOD + bad))
    lines = str(caught.value).splitlines()
    assert ["rule 1" in lines[0], "rule 3" in lines[1], len(lines)] == [True, True, 2]


def test_files_that_are_not_there_are_named(written, tmp_path):
    with pytest.raises(MissingFileError, match=r"no\.toml does not exist"):
        read_rules(tmp_path / "no.toml")
    with pytest.raises(MissingFileError, match=r"none\.json does not exist"):
        read_rules(written('[gate]\nmodes = "none.json"\n' + GOOD))
