"""The catalogue: every kind of thing in a scene, its solid, and the colours that it comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from cvfail.demo.models import furniture, people, vehicles
from cvfail.demo.models.materials import Colour
from cvfail.demo.models.solids import Solid

CATEGORIES = ("car", "truck", "bus", "pedestrian", "cyclist", "traffic_sign")
"""The classes, in the order of their ids from 1."""

CATEGORY_SHARES = (0.29, 0.22, 0.13, 0.18, 0.11, 0.07)
"""How often each class is tried when a scene is filled."""


@dataclass(frozen=True)
class Model:
    """One kind of thing.

    Attributes:
        category: Its class; None for what is not annotated.
        build: Makes its solid.
        colours: Colours to choose from, by material.
    """

    category: str | None
    build: Callable[[], Solid]
    colours: Mapping[str, tuple[Colour, ...]] = field(default_factory=dict)


_PAINTS = (
    (226, 228, 230),
    (24, 25, 28),
    (128, 132, 138),
    (176, 24, 30),
    (34, 66, 134),
    (196, 200, 204),
    (60, 92, 74),
    (150, 96, 40),
    (84, 130, 168),
)
_CABS = ((190, 34, 30), (36, 84, 160), (236, 236, 236), (228, 140, 24), (40, 120, 84))
_CARGO = ((236, 237, 238), (222, 224, 226), (204, 196, 176), (190, 202, 216))
_STRIPES = ((38, 84, 156), (196, 60, 36), (46, 126, 82), (235, 170, 40), (90, 92, 96))
_LIVERIES = ((232, 178, 20), (190, 28, 34), (34, 98, 166), (46, 128, 78), (238, 238, 234))
_CLOTHES = (
    (196, 44, 44),
    (40, 76, 140),
    (226, 222, 212),
    (60, 62, 68),
    (232, 168, 48),
    (74, 120, 92),
    (150, 86, 138),
    (110, 150, 188),
)
_TROUSERS = ((44, 52, 78), (34, 34, 38), (116, 104, 86), (72, 78, 88))
_SKINS = ((224, 180, 150), (190, 140, 108), (140, 96, 70), (98, 66, 48))
_HAIR = ((40, 30, 26), (86, 60, 38), (150, 118, 74), (104, 102, 100))

_PERSON = {"shirt": _CLOTHES, "trousers": _TROUSERS, "skin": _SKINS, "hair": _HAIR}
_RIDER = {
    **_PERSON,
    "helmet": ((226, 226, 228), (204, 50, 44), (44, 46, 52), (240, 200, 60)),
    "frame": ((198, 40, 40), (36, 88, 150), (230, 230, 226), (40, 42, 46)),
}
_TRUCK = {"paint": _CABS, "cargo": _CARGO, "stripe": _STRIPES}
_TAXI = {"paint": ((240, 196, 40),)}
_LEAVES = {
    "leaf": ((62, 96, 46), (84, 104, 42), (150, 104, 40)),
    "leaf light": ((98, 136, 62), (126, 146, 64), (196, 146, 58)),
    "leaf dark": ((40, 66, 34), (56, 72, 34), (104, 70, 34)),
}

MODELS: dict[str, Model] = {
    "saloon": Model("car", partial(vehicles.car, vehicles.SALOON), {"paint": _PAINTS}),
    "estate": Model("car", partial(vehicles.car, vehicles.ESTATE), {"paint": _PAINTS}),
    "hatchback": Model("car", partial(vehicles.car, vehicles.HATCHBACK, half_width=0.84), {"paint": _PAINTS}),
    "off-roader": Model(
        "car", partial(vehicles.car, vehicles.OFF_ROADER, half_width=0.93), {"paint": _PAINTS}
    ),
    "taxi": Model("car", partial(vehicles.car, vehicles.SALOON, taxi=True), _TAXI),
    "lorry": Model("truck", vehicles.truck, _TRUCK),
    "delivery truck": Model("truck", partial(vehicles.truck, length=6.2, cargo_height=3.0), _TRUCK),
    "city bus": Model("bus", vehicles.bus, {"paint": _LIVERIES}),
    "short bus": Model("bus", partial(vehicles.bus, length=8.4, height=2.9), {"paint": _LIVERIES}),
    "standing": Model("pedestrian", people.pedestrian, _PERSON),
    "walking": Model("pedestrian", partial(people.pedestrian, stride=0.5), _PERSON),
    "with bag": Model("pedestrian", partial(people.pedestrian, stride=0.3, bag=True), _PERSON),
    "cyclist along": Model("cyclist", people.cyclist_along, _RIDER),
    "cyclist across": Model("cyclist", people.cyclist_across, _RIDER),
    "speed sign": Model("traffic_sign", furniture.speed_sign),
    "stop sign": Model("traffic_sign", furniture.stop_sign),
    "yield sign": Model("traffic_sign", furniture.yield_sign),
    "crossing sign": Model("traffic_sign", furniture.crossing_sign),
    "priority sign": Model("traffic_sign", furniture.priority_sign),
    "sign pole": Model(None, furniture.sign_pole),
    "lamp on the left": Model(None, partial(furniture.street_lamp, -1.0)),
    "lamp on the right": Model(None, partial(furniture.street_lamp, 1.0)),
    **{f"tree {seed}": Model(None, partial(furniture.tree, seed=seed), _LEAVES) for seed in range(4)},
    "planter": Model(None, furniture.planter),
    "litter bin": Model(None, furniture.litter_bin),
    "bollard": Model(None, furniture.bollard),
}
"""By name. Every category has several models."""


@cache
def solid(model: str) -> Solid:
    """The solid of a model, built once."""
    return MODELS[model].build()


@cache
def models_of(category: str) -> tuple[str, ...]:
    """The names of the models of a class."""
    return tuple(name for name, model in MODELS.items() if model.category == category)


def chosen_colours(model: str, look: int) -> dict[str, Colour]:
    """The colours of one thing: `look` picks from what its model offers."""
    colours: dict[str, Colour] = {}
    for place, (material, choices) in enumerate(MODELS[model].colours.items()):
        shift = 0 if material.startswith("leaf") else 5 * place  # leaves of a tree go together
        colours[material] = choices[(look >> shift) % len(choices)]
    for cloth in colours.keys() & {"shirt", "trousers"}:
        red, green, blue = colours[cloth]
        colours[f"{cloth} shade"] = (int(0.72 * red), int(0.72 * green), int(0.74 * blue))
    return colours
