"""Tables for reading: what becomes one cell, how numbers are rounded, and what is left out."""

import polars as pl
import pytest

from cvfail.cli.terminal import MOST_ROWS, fits, readable, rendered, shown

RATES = pl.DataFrame(
    {
        "class": ["cat", "a rather long name of a class, of many words"],
        "recall": [0.59375, None],
        "recall_lower": [0.55931, None],
        "recall_upper": [0.62812, None],
        "support": [830, 0],
    }
)


def page(df, *, width=None, columns=(), caption=""):
    return rendered(df, caption=caption, shown=columns, width=width, colour=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.59371, "0.594"),
        (9.99949, "9.999"),
        (24.8419, "24.8"),
        (-351.77, "-351.8"),
        (36781.4, "36781"),
        (0.0, "0"),
        (0.00012, "1.2e-04"),
        (-0.00049, "-4.9e-04"),
        (36781, "36781"),
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        ("[red]cat[/red]", "[red]cat[/red]"),
        ([1, 2], "[1, 2]"),
        ("Zürich 🚲", "Zürich 🚲"),
        ("two\nlines \x1b[31m", r"two\nlines \x1b[31m"),
    ],
)
def test_values_keep_three_or_four_digits(value, text):
    assert shown(value) == text


def test_an_estimate_and_its_bounds_are_one_column():
    assert [column.name for column in readable(RATES)] == ["class", "recall", "support"]
    assert readable(RATES)[1].cells == ("0.594 [0.559, 0.628]", "–")


def test_the_numbers_of_an_interval_have_the_same_decimals():
    excess = pl.DataFrame({"excess_errors": [24.84], "excess_lower": [-1.809], "excess_upper": [51.49]})
    assert readable(excess)[0].cells == ("24.8 [-1.8, 51.5]",)
    summary = pl.DataFrame({"estimate": [0.0], "lower": [0.0], "upper": [0.3812]})
    assert readable(summary)[0].cells == ("0.000 [0.000, 0.381]",)


def test_the_four_numbers_of_a_box_are_one_column():
    box = {"gt_x": [1.5, None], "gt_y": [2, None], "gt_width": [30, None], "gt_height": [4, None]}
    column = readable(pl.DataFrame(box))[0]
    assert (column.name, column.cells) == ("gt_box", ("2 2 30 4", "–"))


def test_without_a_limit_a_row_is_a_line_and_nothing_is_left_out():
    text, left_out = page(RATES)
    assert len(text.splitlines()) == 4
    assert left_out == ""


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_line_is_longer_than_the_terminal(width):
    text, _ = page(RATES, width=width, caption="a caption that is longer than any terminal is wide " * 3)
    assert max(map(len, text.splitlines())) <= width


def test_columns_that_do_not_fit_are_left_out_from_the_right_and_named():
    text, left_out = page(RATES, width=52)
    assert text.splitlines()[0].split() == ["class", "recall"]
    assert left_out == "support"


def test_many_columns_left_out_are_counted():
    wide = pl.DataFrame({f"column_{i}": [0.5] for i in range(30)})
    assert page(wide, width=50).left_out == "25 more columns"
    assert not fits(wide, 50)
    assert fits(wide, 400)


def test_the_chosen_columns_are_shown_in_their_order():
    text, left_out = page(RATES, columns=["support", "recall", "absent"])
    assert text.splitlines()[0].split() == ["support", "recall"]
    assert left_out == "class"


def test_a_long_table_ends_and_says_how_much_follows():
    text, left_out = page(pl.DataFrame({"n": range(MOST_ROWS + 1234)}))
    assert len(text.splitlines()) == MOST_ROWS + 2
    assert left_out == "1,234 more rows"


def test_a_table_without_rows_has_a_heading():
    assert page(RATES.clear()).text.split()[:3] == ["class", "recall", "support"]


def test_markup_and_emoji_codes_in_names_stay_as_they_are():
    text, _ = page(pl.DataFrame({"class": ["[bold]x[/bold] :cat:"]}), caption="[red]")
    assert "[bold]x[/bold] :cat:" in text
    assert text.startswith("[red]")


def test_escape_sequences_come_only_with_colour():
    assert "\x1b" not in page(RATES).text
    assert "\x1b" in rendered(RATES, caption="", shown=(), width=80, colour=True).text
