"""What must hold of every gate: no difference from itself, signs that flip, orders that do not matter."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.evaluation import evaluate
from cvfail.gate.rule import Rule
from cvfail.gate.rules_file import Rules
from tests.comparison.models import shuffled, two_datasets

HIGHER = ("precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1", "ap", "ap50")


def every_rule(evaluation):
    """Every metric: overall, of classes, in slices and of modes, each as a margin of 0."""
    rules = []
    for metric in (*HIGHER, "false_positives_per_image"):
        fall = "max_rise" if metric == "false_positives_per_image" else "max_fall"
        places = {"all": {}, "slice": {"slices": ("light=day", "light=night")}}
        if not metric.startswith("macro"):
            places["class"] = {"classes": ("*",)}
        rules += [
            Rule(name=f"{metric} {name}", metric=metric, bound=fall, value=0.0, **where)
            for name, where in places.items()
        ]
    modes = (evaluation.failure_mode("missed", "size=small"), evaluation.failure_mode("background"))
    rules.append(Rule(metric="error_rate", bound="max_rise", value=0.0, modes=("*",)))
    return Rules(rules=tuple(rules), modes=modes, replicates=20, min_units=0, min_clusters=0)


@settings(max_examples=5)
@given(seed=st.integers(0, 500))
def test_a_model_does_not_differ_from_itself_and_passes(seed):
    evaluation = evaluate(two_datasets(seed, images=12)[0])
    gate = evaluation.gate(every_rule(evaluation), baseline=evaluation)
    assert set(gate.df["metric"]) == {*HIGHER, "false_positives_per_image", "error_rate"}
    assert (gate.df["estimate"] == 0.0).all()
    for name in ("lower", "upper"):
        assert (gate.df[name] == 0.0).all()
    assert (gate.df["p_value"] == 1.0).all()
    assert gate.verdict == "pass"


@settings(max_examples=5)
@given(seed=st.integers(0, 500))
def test_swapping_the_models_flips_signs_and_bounds(seed):
    first, second = (evaluate(one) for one in two_datasets(seed, images=12))
    rules = every_rule(first)
    here, there = second.gate(rules, baseline=first).df, first.gate(rules, baseline=second).df
    assert here["baseline"].equals(there["candidate"].alias("baseline"))
    for name, other in (("estimate", "estimate"), ("lower", "upper"), ("upper", "lower")):
        np.testing.assert_allclose(
            here[name].to_numpy(), -there[other].to_numpy(), rtol=0, atol=1e-9, err_msg=name
        )
    both = pl.DataFrame({"p": here["p_value"], "q": there["p_value"]}).drop_nulls()
    np.testing.assert_allclose(both["p"] + both["q"], np.ones(len(both)), atol=1e-9)


@settings(max_examples=5)
@given(seed=st.integers(0, 500))
def test_the_order_of_images_and_rows_does_not_matter(seed):
    first, second = two_datasets(seed, images=12, ties=False)
    models = [evaluate(one) for one in (first, second)]
    mixed = [evaluate(shuffled(one, seed)) for one in (first, second)]
    rules = every_rule(models[0])
    here, there = (pair[1].gate(rules, baseline=pair[0]).df for pair in (models, mixed))
    assert here["verdict"].equals(there["verdict"])
    for name in ("baseline", "candidate", "estimate", "lower", "upper", "p_value", "needed"):
        np.testing.assert_allclose(
            here[name].to_numpy(), there[name].to_numpy(), rtol=1e-9, atol=1e-12, err_msg=name
        )
