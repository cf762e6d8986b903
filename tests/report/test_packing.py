"""What the page unpacks, and a plain twin of it, is what was packed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvfail.report.html import Addition, render
from cvfail.report.packing import pack
from tests.report.made_up import made_up_summary

KEYS = st.sampled_from(["a", "b", "$rows", "$same", "__proto__", "label"])
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2, width=16) | st.sampled_from("xyz")


def rows_of_same_keys(inner):
    """Tables: lists of dicts with the same keys."""
    return st.lists(KEYS, unique=True, max_size=3).flatmap(
        lambda keys: st.lists(st.fixed_dictionaries(dict.fromkeys(keys, inner)), max_size=5)
    )


VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3) | rows_of_same_keys(inner)
    ),
    max_leaves=30,
)


def unpacked(value):
    """The plain twin of ``unpack.js``."""
    if isinstance(value, list):
        return [unpacked(own) for own in value]
    if not isinstance(value, dict):
        return value
    if "$plain" in value:
        return value["$plain"]
    if "$rows" not in value:
        return {key: unpacked(own) for key, own in value.items()}
    columns = {key: column(own, value["$rows"]) for key, own in value["$columns"].items()}
    return [{key: own[place] for key, own in columns.items()} for place in range(value["$rows"])]


def column(packed, count):
    if isinstance(packed, list) or "$rows" in packed:
        return unpacked(packed)
    if "$same" in packed:
        return [packed["$same"]] * count
    if "$words" in packed:
        return [packed["$words"][place] for place in packed["$at"]]
    if "$width" in packed:
        width, numbers = packed["$width"], packed["$numbers"]
        return [numbers[place * width : (place + 1) * width] for place in range(count)]
    items, lists = iter(unpacked(packed["$items"])), []
    for length in packed["$lengths"]:
        lists.append([next(items) for _ in range(length)])
    return lists


@given(VALUES)
def test_the_plain_twin_gives_back_what_was_packed(value):
    before = json.dumps(value)
    packed = json.loads(json.dumps(pack(value)))
    assert json.dumps(unpacked(packed)) == before, "numbers keep their type, keys their order"
    assert json.dumps(value) == before


def test_a_summary_is_packed_to_half_and_comes_back():
    summary = made_up_summary()
    packed = pack(summary)
    assert unpacked(packed) == summary
    assert packed["title"] == summary["title"]
    assert len(json.dumps(packed)) < 0.8 * len(json.dumps(summary))


@pytest.fixture(scope="module")
def unpacking(running_browser, tmp_path_factory):
    """A page that unpacks what it is given."""
    page = tmp_path_factory.mktemp("unpacking") / "report.html"
    script = """
      window.unpackedText = (text) => JSON.stringify(unpacked(JSON.parse(text)));
      window.unpacked = unpacked;
    """
    page.write_text(render(made_up_summary(), Addition(style="", script=script)), encoding="utf-8")
    running_browser.open(page)
    return running_browser


def same_in_the_page(browser, values):
    """Each value after packing, and after unpacking in the page, as the page itself writes numbers."""
    texts = [[json.dumps(pack(value)), json.dumps(value)] for value in values]
    return browser.run(
        "return arguments[0].map(([packed, plain]) =>"
        " [window.unpackedText(packed), JSON.stringify(JSON.parse(plain))])",
        texts,
    )


@settings(max_examples=10)
@given(st.lists(VALUES, min_size=20, max_size=20))
def test_the_page_unpacks_as_the_twin_does(unpacking, values):
    for got, expected in same_in_the_page(unpacking, values):
        assert got == expected


def test_the_page_unpacks_a_summary(unpacking):
    for got, expected in same_in_the_page(unpacking, [made_up_summary()]):
        assert got == expected


def test_lists_within_rows_are_made_once_and_may_be_replaced(unpacking):
    rows = [{"own": [{"a": 1}, {"a": 2}]}, {"own": [{"a": 3}]}]
    assert "$lengths" in pack(rows)["$columns"]["own"]
    found = unpacking.run(
        """
        const rows = window.unpacked(JSON.parse(arguments[0]));
        const same = rows[0].own === rows[0].own && rows[0].own[1].a === 2;
        rows[1].own = "replaced";
        return [same, rows[1].own, { ...rows[0] }.own.length];
        """,
        json.dumps(pack(rows)),
    )
    assert found == [True, "replaced", 2]
