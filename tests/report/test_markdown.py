from cvfail.report.markdown import render_markdown
from cvfail.report.summary import summarise
from tests.report.made_up import made_up_summary


def test_the_text_opens_with_title_and_verdict():
    lines = render_markdown(made_up_summary()).splitlines()
    assert lines[0] == "# VOC2007 test · YOLOv3"
    assert lines[2].startswith("At score ≥ 0.25")


def test_names_from_the_data_are_printed_as_they_are():
    text = render_markdown(made_up_summary(labels=["<b>a|b</b>", "x_y_z", "[link](http://a.b)"]))
    assert "<b>" not in text
    assert r"\<b\>a\|b\</b\>" in text
    assert r"x\_y\_z" in text
    assert "[link](" not in text.replace("\\[link\\](", "")


def test_only_what_stands_out_is_listed_as_failure_mode():
    section = render_markdown(made_up_summary()).split("## What to look at first")[1].split("##")[0]
    assert section.count("\n| ") == 2 + 3


def test_long_tables_are_cut_and_say_so():
    text = render_markdown(made_up_summary(labels=[f"c{number}" for number in range(50)]))
    assert "30 more rows are left out." in text


def test_every_table_row_has_as_many_cells_as_its_header(evaluation):
    for text in (render_markdown(made_up_summary()), render_markdown(summarise(evaluation))):
        tables = [block for block in text.split("\n\n") if block.startswith("|")]
        assert tables
        for table in tables:
            assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


def test_classification_renders_without_what_it_has_not(classification):
    text = render_markdown(summarise(classification))
    assert "Accuracy" in text
    assert "## Error types" not in text
