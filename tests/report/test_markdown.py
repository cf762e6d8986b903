from cvfail.report.markdown import render_markdown
from cvfail.report.summary import summarise
from tests.report.made_up import made_up_summary
from tests.report.made_up_comparison import made_up_with_comparison


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
    assert section.count("\n| ") == 2 + 8


def test_a_mode_has_its_causes_and_a_checklist():
    text = render_markdown(made_up_summary())
    first = text.split("### 1. ")[1].split("###")[0]
    assert "- Object size 61.0%: 122 of 200 errors, says the evidence" in first
    assert "Crowding" not in first
    assert first.count("- [ ] **Act in way") == 5
    assert "### 2. " in text
    assert "Why:" not in text.split("### 2. ")[1].split("###")[0]


def test_errors_by_class_and_suspect_labels_are_tables():
    summary = made_up_summary()
    text = render_markdown(summary)
    by_class = text.split("## Errors by class")[1].split("##")[0]
    first = summary["errors_by_class"][0]
    counts = [f"{kind['count']:,}" for kind in first["types"] if kind["name"] in {"missed", "duplicate"}]
    assert all(f" {count} " in by_class.splitlines()[4] for count in counts)
    labels = text.split("## Labels to look at again")[1].split("## By")[0]
    assert "| Wrong class | 7 | +0.005 | +0.011 | +0.007 | +0.011 |" in labels
    assert "| 1 | reason 1 with score 0.9 where no label is | 0.98 |" in labels
    assert "No object" not in labels


def test_long_tables_are_cut_and_say_so():
    text = render_markdown(made_up_summary(labels=[f"c{number}" for number in range(50)]))
    assert "30 more rows are left out." in text


def test_every_table_row_has_as_many_cells_as_its_header(evaluation):
    for text in (render_markdown(made_up_summary()), render_markdown(summarise(evaluation))):
        tables = [block for block in text.split("\n\n") if block.startswith("|")]
        assert tables
        for table in tables:
            assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


def test_a_comparison_tells_where_it_got_worse_and_what_it_left_out():
    summary = made_up_with_comparison(labels=["it's|a", "b"])
    section = render_markdown(summary).split("## Did the fix hold?")[1].split("\n## ")[0]
    worse = section.split("### Where something got worse")[1].split("###")[0]
    assert (
        r"| category=it's\|a | broken objects | 31 | 210 | 14.8% | 2.0% | recall −10.0, worse | 0.003 |"
        in worse
    )
    assert r"time\_of\_day=\<night\> | new false positives | 31 | 210 | 14.8% | – | – | 0.003 |" in worse
    assert section.index("3 further failure modes of the baseline are not shown.") < section.index(worse)
    assert "7 further differences are not shown." in section.split("### Classes and slices that changed")[1]
    for table in (block for block in section.split("\n\n") if block.startswith("|")):
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


def test_classification_renders_without_what_it_has_not(classification):
    text = render_markdown(summarise(classification))
    assert "Accuracy" in text
    assert "## Error types" not in text
