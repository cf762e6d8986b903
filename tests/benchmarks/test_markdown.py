"""Comparisons as tables of Markdown, and the part of a page that they replace."""

import pytest

from benchmarks.comparison import Comparison
from benchmarks.markdown import BEGIN, END, agreement, document, replace_measured, targets, tools_table
from benchmarks.works import Target, Work
from tests.benchmarks.runs import run

WORK = Work("name", "A title", "S", "task", ("vernier", "hotcoco"), Target(ratio=0.5, seconds=3.0))
INEXACT = Work("name", "A title", "S", "task", ("vernier",), Target(), exact=False)


def measured(own=1.0, numbers=(0.5,)):
    runs = {"vernier": [run(4, 2, numbers)], "cvfail": [run(own, 1, [0.5])], "hotcoco": [run(8, 2)]}
    return Comparison(runs, {"valor_lite": "MemoryError"})


def test_a_target_that_is_met_says_what_had_to_be_reached_and_what_was():
    assert targets({WORK: measured()})[2:] == [
        "| A title | ≤ 3 s; ≤ 0.5 × vernier | 1.00 s; 0.25 × vernier | yes |"
    ]


def test_one_bound_that_is_not_met_is_enough_for_a_no():
    row = targets({WORK: measured(own=2.5)})[2]
    assert row == "| A title | ≤ 3 s; ≤ 0.5 × vernier | 2.50 s; 0.62 × vernier | **no** |"


def test_a_target_that_nothing_answers_is_in_words_and_not_met_or_unmet():
    row = targets({WORK: Comparison()})[2]
    assert row == "| A title | ≤ 0.5 × fastest peer; ≤ 3 s | not measured | – |"


def test_tools_stand_by_seconds_below_cvfail_and_those_that_failed_come_last():
    assert tools_table(WORK, measured())[2:] == [
        "| cvfail | 1 | 1.00 | 1.00 | 1 |  |",
        "| vernier | 4 | 4.00 | 2.00 | 1 | equal |",
        "| hotcoco | 8 | 8.00 | 2.00 | 1 |  |",
        "| valor-lite | – | – | – | 0 | failed: `MemoryError` |",
    ]


def test_nobody_is_related_to_a_cvfail_that_failed():
    rows = tools_table(WORK, Comparison({"vernier": [run(4, 2, [0.5])]}, {"cvfail": "killed"}))[2:]
    assert rows == ["| vernier | 4 | – | 2.00 | 1 |  |", "| cvfail | – | – | – | 0 | failed: `killed` |"]


@pytest.mark.parametrize(
    ("work", "number", "said"),
    [
        (WORK, 0.5 + 1e-10, "equal"),
        (WORK, 0.75, "**differ by 0.25**"),
        (INEXACT, 0.75, "another definition"),
    ],
)
def test_numbers_agree_differ_or_have_another_definition(work, number, said):
    assert agreement(work, "vernier", measured(numbers=[number])) == said


def test_all_rows_of_a_table_have_as_many_cells_as_its_head():
    for table in (targets({WORK: measured()}), tools_table(WORK, measured())):
        assert len({row.count("|") for row in table}) == 1


def test_a_document_has_the_machine_the_versions_the_targets_and_a_table_a_work():
    text = document({WORK: measured()}, {"cvfail": "1", "valor_lite": "2"}, ["4 processors."])
    lines = text.splitlines()
    assert lines[:2] == ["4 processors.", "Tools: cvfail 1, valor-lite 2."]
    assert lines.index("### A title") > lines.index(targets({WORK: measured()})[2])
    assert text.endswith("\n".join(tools_table(WORK, measured())))


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n{BEGIN}\nold\n{END}\n\nTail é\n", encoding="utf-8")
    replace_measured(page, "new")
    assert page.read_text(encoding="utf-8") == f"# Head\n\n{BEGIN}\n\nnew\n\n{END}\n\nTail é\n"
    replace_measured(page, "newer")
    assert page.read_text(encoding="utf-8") == f"# Head\n\n{BEGIN}\n\nnewer\n\n{END}\n\nTail é\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_page_without_both_marks_in_order_is_left_as_it_is(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the lines"):
        replace_measured(page, "new")
    assert page.read_text(encoding="utf-8") == text
