"""The demo's two detectors, and the same model twice."""

import pytest

from tests.demo_models import demo_models


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo's detector, and the one that was retrained: small objects at night are mended, crowds are worse."""
    return demo_models(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="session")
def runs(demo, tmp_path_factory):
    """Their saved runs in one folder."""
    folder = tmp_path_factory.mktemp("runs")
    return [one.save(folder / name) for one, name in zip(demo, ("first", "second"), strict=True)]


@pytest.fixture(scope="session")
def modes(demo):
    """Frozen modes of the first detector: small objects at night, and objects that are found twice in crowds."""
    return [
        demo[0].failure_mode("missed", "size=small & time_of_day=night"),
        demo[0].failure_mode("duplicate", "density=crowded"),
    ]


@pytest.fixture(scope="session")
def rules(modes, tmp_path_factory):
    """A file of rules of all kinds, with its file of modes beside it."""
    from cvfail.failures.mode_files import write_modes

    folder = tmp_path_factory.mktemp("rules")
    write_modes(modes, folder / "modes.json")
    path = folder / "gate.toml"
    path.write_text(
        """
[gate]
modes = "modes.json"
replicates = 100

[[rule]]
name = "small at night"
metric = "recall"
slice = "size=small & time_of_day=night"
max_fall = 0.0
critical = true

[[rule]]
name = "crowds"
metric = "false_positives_per_image"
slice = "density=crowded"
max_rise = 0.1

[[rule]]
metric = "ap50"
max_fall = 0.01

[[rule]]
metric = "recall"
class = "*"
max_fall = 0.03

[[rule]]
metric = "f1"
by = "weather"
max_fall = 0.05

[[rule]]
metric = "error_rate"
mode = "*"
max_rise = 0.02

[[rule]]
name = "pedestrians at night"
metric = "recall"
slice = "category=pedestrian & time_of_day=night"
at_least = 0.6
"""
    )
    return path
