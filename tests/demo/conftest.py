"""One simulation with nothing planted and one with everything, for all tests of the demo."""

import pytest

from cvfail.demo.simulation import simulate

IMAGES = 160


@pytest.fixture(scope="session")
def plain():
    return simulate(images=IMAGES, seed=3, planted=False)


@pytest.fixture(scope="session")
def planted():
    return simulate(images=IMAGES, seed=3)
