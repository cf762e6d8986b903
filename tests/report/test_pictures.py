"""Which pictures are chosen under a limit: every group its first before any group its second."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.choosing import confusion_units
from cvfail.report.gallery import Gallery
from cvfail.report.pictures import choose_pictures, is_coarse

WHOLE, SMALL = None, [0.0, 0.0, 40.0, 40.0]


def slowly(groups, examples, images, limit):
    """Go round the groups, hand out one whole picture each, then one crop each, until the limit is spent."""
    chosen, shown = [], set()
    for rank in range(max(map(len, groups), default=0)):
        asked = [group[rank] for group in groups if rank < len(group)]
        fresh = [
            position for place, position in enumerate(asked) if position not in shown | set(asked[:place])
        ]
        for position in fresh:
            image = examples[position]["image"]
            if (image, None) not in chosen and len(chosen) < limit:
                chosen.append((image, None))
        for position in fresh:
            image = examples[position]["image"]
            if (
                (image, None) in chosen
                and is_coarse(examples[position], images[image])
                and len(chosen) < limit
            ):
                chosen.append((image, position))
        shown |= set(asked)
    return chosen


@st.composite
def shown(draw):
    """Groups of examples that may share examples and images, all examples in some group."""
    count = draw(st.integers(0, 12))
    examples = [
        {"image": draw(st.integers(0, 5)), "window": draw(st.sampled_from([WHOLE, SMALL]))}
        for _ in range(count)
    ]
    images = [{"width": draw(st.sampled_from([100, 4000])), "height": 100} for _ in range(6)]
    some = st.lists(st.integers(0, max(count - 1, 0)), unique=True, max_size=6 if count else 0)
    groups = draw(st.lists(some, max_size=6))
    rest = sorted(set(range(count)) - {position for group in groups for position in group})
    return [*groups, rest], examples, images, draw(st.integers(0, 20))


def turns_of(groups, count):
    turns = {}
    for number, group in enumerate(groups):
        for rank, position in enumerate(group):
            turns[position] = min(turns.get(position, (rank, number)), (rank, number))
    return [turns[position] for position in range(count)]


@given(shown())
def test_pictures_are_those_of_going_round_the_groups(made):
    groups, examples, images, limit = made
    chosen = choose_pictures(examples, images, turns_of(groups, len(examples)), limit)
    assert chosen == slowly(groups, examples, images, limit)


@given(shown())
def test_no_group_has_a_second_picture_before_every_group_has_its_first(made):
    groups, examples, images, limit = made
    chosen = choose_pictures(examples, images, turns_of(groups, len(examples)), limit)
    seen = {image for image, example in chosen if example is None}
    firsts = {examples[group[0]]["image"] for group in groups if group}
    assert len(chosen) <= limit
    assert len(seen & firsts) == min(limit, len(firsts))
    assert firsts <= seen or seen <= firsts


def test_a_small_limit_reaches_the_last_group(evaluation, image_folder):
    point = OperatingPoint.of(evaluation.evidence)
    units = confusion_units(point).filter(pl.col("image") > 5).unique("image", maintain_order=True)
    collected = Gallery(point)
    groups = [collected.add(units.slice(start, 5)) for start in (0, 5, 10)]
    content = collected.content(image_folder, most_pictures=3)
    assert [
        [content.images[content.examples[position]["image"]]["picture"] for position in group]
        for group in groups
    ] == [[place, None, None, None, None] for place in range(3)]
    assert content.picture_report["left_out"] == 12


def test_an_example_of_two_groups_is_shown_when_the_first_calls_for_it(evaluation, image_folder):
    point = OperatingPoint.of(evaluation.evidence)
    units = confusion_units(point).filter(pl.col("image") > 5).unique("image", maintain_order=True)
    collected = Gallery(point)
    collected.add(units.head(4))
    collected.add(units.slice(3, 1))
    content = collected.content(image_folder, most_pictures=2)
    pictures = [content.images[example["image"]]["picture"] for example in content.examples]
    assert pictures == [0, None, None, 1]
