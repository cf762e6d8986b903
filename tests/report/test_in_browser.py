"""The report as it is used: opened from disk in Chromium, clicked, and walked through by keyboard."""

import copy

import pytest

from cvfail.report.html import Addition, render, write_report
from cvfail.report.summary import summarise
from tests.report.made_up import made_up_summary
from tests.report.made_up_comparison import made_up_with_comparison

MALICIOUS_CLASS = "<script>document.title='attacked'</script>"
MALICIOUS_FILE = '"><img src=x onerror="document.title=\'attacked\'">'

CELL = ".matrix td[data-row='{}'][data-column='{}']"
SHOWN = "dialog[open] .cards figure"


@pytest.fixture(scope="module")
def report(evaluation, image_folder, tmp_path_factory):
    """The report of the small evaluation, with pictures."""
    return write_report(evaluation, tmp_path_factory.mktemp("report") / "report.html", images=image_folder)


def opened(browser, tmp_path, summary):
    path = tmp_path / "report.html"
    path.write_text(render(summary), encoding="utf-8")
    browser.open(path)
    return browser


def fullest_error(evaluation):
    """Row and column of the confusion cell with most errors between classes, and the count."""
    matrix = evaluation.confusion_matrix()
    pair = matrix.most_confused(1).df.row(0, named=True)
    return matrix.labels.index(pair["true"]), matrix.labels.index(pair["predicted"]), pair


def test_it_opens_from_disk_without_a_request_or_an_error(browser, report):
    browser.open(report)
    assert browser.count(".matrix td[role=gridcell]") == 16
    assert browser.requests() == [report.resolve().as_uri()]
    assert browser.console() == []


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_window_in_both_colour_schemes(browser, report, width, scheme):
    browser.look(width=width, scheme=scheme)
    browser.open(report)
    assert browser.run("return document.documentElement.scrollWidth") == width
    light = browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(247, 248, 250)"
    assert light == (scheme == "light")


def test_a_click_on_a_cell_shows_the_rows_behind_it(browser, report, evaluation):
    row, column, pair = fullest_error(evaluation)
    browser.open(report)
    browser.click(CELL.format(row, column))
    assert browser.text("dialog[open] h2") == f"{pair['true']} predicted as {pair['predicted']}"
    shown = browser.run(
        f"return [...document.querySelectorAll('{SHOWN} code')].map((node) => node.textContent)"
    )
    behind = evaluation.confusion_matrix().examples(pair["true"], pair["predicted"])
    assert len(shown) == min(pair["count"], 12)
    assert set(shown) <= set(behind["file_name"])
    assert browser.count(f"{SHOWN} .outline.line.truth.subject") == len(shown)
    assert browser.count(f"{SHOWN} .outline.line.prediction.subject") == len(shown)
    assert browser.console() == []


def test_pictures_are_shown_where_there_are_files(browser, evaluation, image_folder, tmp_path):
    summary = summarise(evaluation, images=image_folder)
    known = {image["file_name"] for image in summary["images"] if image["picture"] is not None}
    opened(browser, tmp_path, summary)
    browser.click(".matrix td.right[data-row='0']")
    figures = browser.run(
        f"return [...document.querySelectorAll('{SHOWN}')].map((node) =>"
        " [node.querySelector('code').textContent, node.querySelector('svg image') !== null])"
    )
    assert figures
    assert all(drawn == (name in known) for name, drawn in figures)
    shown = "return [...document.querySelectorAll('dialog svg image')].map((node) => node.href.baseVal)"
    assert all(source.startswith("data:image/jpeg;base64,") for source in browser.run(shown))


def test_the_matrix_is_walked_and_opened_by_keyboard_alone(browser, report):
    browser.open(report)
    browser.run("document.querySelector('.matrix td[tabindex=\"0\"]').focus()")
    browser.press("Right", "Down", "Down", "Left")
    place = "return [document.activeElement.dataset.row, document.activeElement.dataset.column]"
    assert browser.run(place) == ["2", "0"]
    assert browser.text(".readout") == browser.run("return document.activeElement.getAttribute('aria-label')")
    browser.press("Left", "Up", "Up", "Up")
    assert browser.run(place) == ["0", "0"]
    browser.press("Enter")
    assert browser.count(SHOWN) > 0
    browser.press("Escape")
    assert browser.count("dialog[open]") == 0
    assert browser.run(place) == ["0", "0"]


def test_arrow_keys_move_between_the_pictures_of_a_gallery(browser, report):
    browser.open(report)
    browser.click(CELL.format(0, 0))
    place = "return [...document.querySelectorAll('dialog button.frame')].indexOf(document.activeElement)"
    browser.run("document.querySelector('dialog button.frame').focus()")
    browser.press("Right")
    assert browser.run(place) == 1
    browser.press("Left", "Left")
    assert browser.run(place) == 0


def test_crop_and_whole_image_are_one_switch(browser, report):
    browser.open(report)
    browser.click(CELL.format(0, 0))
    frame = f"return document.querySelector('{SHOWN} svg').getAttribute('viewBox')"
    crop = browser.run(frame)
    browser.click("dialog input[value=whole]")
    assert browser.run(frame) != crop
    browser.click("dialog input[value=crop]")
    assert browser.run(frame) == crop


@pytest.mark.parametrize(
    ("opener", "title"),
    [
        (".mode h3 button", "missed where time_of_day=night & size=small"),
        (".mode .strip button", "missed where time_of_day=night & size=small"),
        ("#pairs tbody button", None),
        ("#error-types tbody button", "missed: an object that no detection claims"),
        ("#slices tbody button", "Errors where time_of_day = day"),
        ("#classes tbody button", None),
    ],
)
def test_modes_pairs_types_slices_and_classes_open_the_gallery(browser, tmp_path, opener, title):
    opened(browser, tmp_path, made_up_summary())
    browser.click(opener)
    assert browser.count(SHOWN) > 0
    assert title in {None, browser.text("dialog[open] h2")}
    browser.click("dialog .close")
    assert browser.count("dialog[open]") == 0


@pytest.mark.parametrize(
    ("opener", "title"),
    [
        ("#mode-1 .causes button", "missed where time_of_day=night & size=small: Object size"),
        ("#errors-by-class tbody th button", "Errors with"),
        ("#errors-by-class td.heat button", "missed"),
        ("#label-suspects .columns tbody button", "Suspect labels: missing label"),
        ("#label-suspects .strip button", "Suspect labels"),
        (".suspect-rows tbody button", "Suspect labels"),
    ],
)
def test_causes_errors_of_a_class_and_suspects_open_the_gallery(browser, tmp_path, opener, title):
    opened(browser, tmp_path, made_up_summary())
    browser.click(opener)
    assert browser.count(SHOWN) > 0
    assert title in browser.text("dialog[open] h2")
    assert browser.console() == []


def test_the_rows_behind_a_suspect_are_those_of_the_api(browser, tmp_path, planted_evaluation):
    opened(browser, tmp_path, summarise(planted_evaluation))
    browser.click(".suspect-rows tbody tr:nth-child(2) button")
    suspects = planted_evaluation.label_errors()
    told = browser.run(
        f"return [...document.querySelectorAll('{SHOWN} .what')].map((node) => node.textContent)"
    )
    assert told == [f"#{rank} {reason}" for rank, reason in suspects.df.select("rank", "reason").iter_rows()]
    focused = "return document.activeElement.closest('figure').querySelector('.what').textContent"
    assert browser.run(focused) == told[1]
    labels = f"return document.querySelectorAll('{SHOWN}:nth-child(2) .outline.line.truth.subject').length"
    assert browser.run(labels) == suspects.rows(2).height == 2


def test_shares_of_causes_fill_a_bar_that_is_read_out(browser, tmp_path):
    summary = made_up_summary()
    opened(browser, tmp_path, summary)
    bar = "#mode-1 .stack"
    said = browser.run(f"return document.querySelector('{bar}').getAttribute('aria-label')")
    assert said == "Object size 61%, Score threshold 20%, Label noise 15%, Crowding 3%, No known cause 1%"
    widths = browser.run(
        f"return [...document.querySelectorAll('{bar} .segment')].map((node) => node.getBoundingClientRect().width)"
    )
    whole = browser.run(f"return document.querySelector('{bar}').getBoundingClientRect().width")
    assert widths[0] / whole == pytest.approx(0.61, abs=0.02)
    assert widths[1] / whole == pytest.approx(0.2, abs=0.02)
    assert browser.text("#mode-1 .why details summary") == "Small shares: crowding 3%, no known cause 1%"
    assert browser.count("#mode-1 .why > .causes li") == 3
    assert browser.count("#mode-2 .why") == 0


def test_actions_are_a_checklist_that_is_ticked_by_keyboard_and_copied(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    box = "#mode-1 .actions input"
    browser.run(f"document.querySelector('{box}').focus()")
    browser.press(" ")
    assert browser.run(f"return document.querySelector('{box}').checked") is True
    assert browser.count("#mode-1 .todo > .actions li") == 3
    assert browser.text("#mode-1 .todo details summary") == "2 further actions"
    assert browser.text("#mode-1 .actions code") == "cvfail"
    promise = browser.run(
        "return [...document.querySelectorAll('#mode-1 .promise')].map((p) => p.textContent)"
    )
    assert "41 errors gone" in promise[0]
    assert "24 false positives more" in promise[0]
    assert "at most 41 errors gone" in promise[1]
    assert "3 false positives fewer" in promise[1]
    assert "effect not predicted" in promise[3]
    browser.run(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; };"
        "document.querySelector('#mode-1 .todo .copy').click()"
    )
    copied = browser.run("return window.copied")
    assert copied.startswith("### missed where time_of_day=night & size=small\n")
    assert copied.count("- [ ] ") == 7
    assert browser.count("#mode-3 .todo") == 0


def test_ticks_are_remembered_for_this_report_and_not_for_another(browser, tmp_path):
    box = "#mode-1 .todo > .actions li:nth-child(2) input"
    ticked = f"return document.querySelector('{box}').checked"
    ours, other = made_up_summary(), made_up_summary()
    ours["failure_modes"] = ours["failure_modes"][:1]
    other["headline"][0]["value"]["estimate"] += 0.01
    opened(browser, tmp_path, ours)
    browser.run("localStorage.clear()")
    opened(browser, tmp_path, ours)
    browser.run(f"document.querySelector('{box}').click()")
    opened(browser, tmp_path, ours)
    assert browser.run(ticked) is True
    assert browser.count(".actions input:checked") == 1
    opened(browser, tmp_path, other)
    assert browser.count(".actions input:checked") == 0
    opened(browser, tmp_path, ours)
    browser.run(f"document.querySelector('{box}').click()")
    opened(browser, tmp_path, ours)
    assert browser.run(ticked) is False
    browser.run("localStorage.clear()")


def test_ticks_are_forgotten_in_silence_where_storage_is_closed(browser, tmp_path):
    page = tmp_path / "framed.html"
    page.write_text("<!doctype html><iframe sandbox='allow-scripts' width=900 height=700></iframe>")
    browser.open(page)
    browser.run("document.querySelector('iframe').srcdoc = arguments[0]", render(made_up_summary()))
    sandboxed = [
        message for message in browser.console() if "Uncaught" in message or "SecurityError" in message
    ]
    assert sandboxed == []


def test_thin_rows_say_so_to_those_who_do_not_see_grey(browser, tmp_path):
    summary = made_up_summary()
    opened(browser, tmp_path, summary)
    thin = sum(row["thin"] for row in summary["classes"])
    assert thin > 0
    assert browser.count("#classes tr.thin th .unseen") == thin


def test_the_agenda_leads_to_the_cards_folded_ones_too(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    assert browser.count("#modes > .table tbody tr") == 8
    assert browser.count("#modes > .modes > .mode") == 6
    browser.click("#modes > .table tbody tr:nth-child(8) button")
    assert browser.run("return document.activeElement.closest('.mode').id") == "mode-8"
    assert browser.run("return document.querySelector('#mode-8').closest('details').open") is True
    numbers = "return getComputedStyle(document.querySelector('#modes details .modes')).counterReset"
    assert browser.run(numbers) == "mode 6"


def test_errors_by_class_are_shown_as_counts_or_as_gains(browser, tmp_path):
    summary = made_up_summary(labels=["a", "b"])
    for row, count in zip(summary["errors_by_class"], (7000, 5), strict=True):
        row["types"][0]["count"] = count
    opened(browser, tmp_path, summary)
    row = "[...document.querySelectorAll('#errors-by-class tbody tr:first-child > *')]"
    cells = f"return {row}.map((cell) => cell.textContent)"
    first = browser.run(cells)
    kinds = {kind["name"]: kind for kind in summary["errors_by_class"][0]["types"]}
    names = [kind["name"] for kind in summary["error_types"]]
    assert first[0] == "a"
    assert first[2:] == [
        *(f"{kinds[name]['count'] if name in kinds else 0:,}" for name in names),
        f"{sum(kind['count'] for kind in kinds.values()):,}",
    ]
    browser.click("#errors-by-class input[value=delta_ap]")
    gains = {row[0]: row[2:] for row in [browser.run(cells), browser.run(cells.replace("first", "last"))]}
    assert gains["a"] == [f"+{kinds[n]['delta_ap']:.3f}" if n in kinds else "–" for n in names]
    assert browser.console() == []


def test_suspects_are_filtered_by_kind_and_shown_ten_at_a_time(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    rows = ".suspect-rows tbody tr"
    assert browser.count(rows) == 10
    browser.click(".suspect-rows .more")
    assert browser.count(rows) == 22
    browser.click("#label-suspects input[value=wrong_class]")
    kinds = f"return [...new Set([...document.querySelectorAll('{rows} td:nth-child(2)')].map((c) => c.textContent))]"
    assert browser.run(kinds) == ["Wrong class"]
    assert browser.count("#label-suspects input[value=spurious]") == 0


def test_the_matrix_shows_rows_columns_counts_and_hides_the_diagonal(browser, tmp_path):
    summary = made_up_summary()
    cell = next(c for c in summary["confusion"]["cells"] if c["true"] == c["predicted"] == 0)
    rows, columns = (summary["confusion"][f"{side}_totals"][0] for side in ("row", "column"))
    opened(browser, tmp_path, summary)
    first = CELL.format(0, 0)
    assert browser.text(first) == f"{100 * cell['count'] / rows:.0f}"
    browser.click("#matrix input[value=column]")
    assert browser.text(first) == f"{100 * cell['count'] / columns:.0f}"
    browser.click("#matrix input[value=count]")
    assert browser.text(first) == str(cell["count"])
    browser.click("#matrix input[type=checkbox]")
    assert browser.text(first) == ""


def test_the_matrix_is_ordered_by_name(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary(labels=["zebra", "ant", "mole"]))
    heads = "return [...document.querySelectorAll('.matrix tbody th')].map((node) => node.textContent)"
    assert browser.run(heads) == ["zebra", "ant", "mole", "(background)"]
    browser.click("#matrix input[value=name]")
    assert browser.run(heads) == ["ant", "mole", "zebra", "(background)"]


def test_the_matrix_is_ordered_by_similarity(browser, tmp_path):
    summary = made_up_summary(labels=["a", "b", "c", "d"])
    summary["confusion"]["similarity"] = [2, 0, 3, 1]
    opened(browser, tmp_path, summary)
    browser.click("#matrix input[value=similarity]")
    heads = "return [...document.querySelectorAll('.matrix tbody th')].map((node) => node.textContent)"
    assert browser.run(heads) == ["c", "a", "d", "b", "(background)"]


HEAT = ".heat:nth-child({}) td[data-row='{}'][data-column='{}']"


def test_heatmaps_say_the_share_of_errors_and_whether_it_is_worse(browser, tmp_path):
    summary = made_up_summary()
    overall = summary["averages"][0]
    opened(browser, tmp_path, summary)
    for rate in ("recall", "precision"):
        browser.click(f"#heatmaps input[value={rate}]")
        for cell in summary["heatmaps"][0]["cells"]:
            place = HEAT.format(1, cell["row"], cell["column"])
            share = 1 - cell[rate]["estimate"]
            assert browser.text(f"{place} b") == f"{100 * share:.{1 if share < 0.1 else 0}f}%"
            assert browser.text(f"{place} small") == f"{cell[rate]['support']:,}"
            kinds = browser.run("return document.querySelector(arguments[0]).className", place).split()
            assert ("worse" in kinds) == (share > 1 - overall[rate]["estimate"])
            assert ("thin" in kinds) == cell["thin"]
    assert browser.text(HEAT.format(1, 2, 1)) == "–"
    assert "Only ground truth" in browser.text(".heat:nth-child(2) .none")
    assert browser.console() == []


def test_heatmaps_are_walked_and_opened_by_keyboard_alone(browser, tmp_path):
    summary = made_up_summary()
    opened(browser, tmp_path, summary)
    assert browser.count(".heat:nth-child(1) td[tabindex='0']") == 1
    browser.run("document.querySelector('.heat td[tabindex=\"0\"]').focus()")
    browser.press("Down", "Right", "Right", "Right", "Left")
    place = "return [document.activeElement.dataset.row, document.activeElement.dataset.column]"
    assert browser.run(place) == ["1", "1"]
    words = browser.run("return document.activeElement.getAttribute('aria-label')")
    assert words.startswith("time_of_day = night, size = medium: ")
    assert browser.text("#heatmaps .readout") == words
    browser.press("Enter")
    assert browser.text("dialog[open] h2") == "Errors where time_of_day = night and size = medium"
    browser.press("Escape")
    assert browser.run(place) == ["1", "1"]


def copied(browser, selector):
    browser.run("navigator.clipboard.writeText = async (text) => { window.copied = text; };")
    browser.click(selector)
    return browser.run("return window.copied")


def test_galleries_copy_sql_that_answers_with_all_their_rows(browser, report, evaluation):
    browser.open(report)
    row, column, _ = fullest_error(evaluation)
    openers = [
        CELL.format(row, column),
        "#slices tbody tr:first-child button",
        HEAT.format(1, 0, 0),
        "#classes tbody button",
        "#error-types tbody button",
        "#errors-by-class td button",
    ]
    for opener in openers:
        browser.run("document.querySelector(arguments[0]).click()", opener)
        text = browser.text("dialog[open] .heading .note")
        answer = evaluation.sql(copied(browser, "dialog[open] .query .copy"))
        assert f"{len(answer):,}" in text.split(" shown")[0], (opener, text)
        browser.press("Escape")
    assert len(evaluation.sql(browser.run("return window.copied"))) > 0
    assert browser.console() == []


def test_names_in_copied_sql_are_quoted(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary(labels=["it's {predicted}", "b"]))
    browser.click(CELL.format(0, 0))
    sql = copied(browser, "dialog[open] .query .copy")
    assert "\"true\" = 'it''s {predicted}' AND cells.predicted = 'it''s {predicted}'" in sql


def test_a_table_sorts_by_a_column_and_back_with_missing_values_last(browser, tmp_path):
    summary = made_up_summary(labels=["a", "b", "c"])
    for row, value in zip(summary["classes"], [0.2, None, 0.7], strict=True):
        row["recall"]["estimate"] = value
    opened(browser, tmp_path, summary)
    names = "return [...document.querySelectorAll('#classes tbody th')].map((node) => node.textContent)"
    column = "#classes thead th:nth-child(4)"
    browser.click(f"{column} button")
    assert browser.run(names) == ["c", "a", "b"]
    assert browser.run(f"return document.querySelector('{column}').ariaSort") == "descending"
    browser.click(f"{column} button")
    assert browser.run(names) == ["a", "c", "b"]


def test_hundreds_of_classes_have_an_overview_and_a_table_of_the_worst(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary(labels=[f"class {number}" for number in range(120)]))
    assert browser.count(".overview canvas") == 1
    assert browser.count(".matrix tbody tr") == 41
    assert browser.count("#classes tbody tr") == 100
    browser.click("#classes .more")
    assert browser.count("#classes tbody tr") == 120
    browser.run("document.querySelector('canvas').focus()")
    browser.press("Enter")
    assert browser.count(SHOWN) > 0
    assert browser.console() == []


def test_the_overview_of_many_classes_follows_the_chosen_order(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary(labels=[f"class {number}" for number in range(120)]))
    seen = []
    for order in ("name", "frequency"):
        browser.run(f"document.querySelector('#matrix input[value={order}]').click()")
        browser.run("document.querySelector('canvas').focus()")
        browser.press("Up")
        first = browser.text(".matrix tbody th")
        assert browser.text(".overview .readout").startswith(f"{first} as {first}: ")
        seen.append(first)
    assert seen[0] == "class 0" != seen[1]


def test_grey_rows_of_slices_can_be_hidden_and_come_back(browser, tmp_path):
    summary = made_up_summary()
    rows = summary["slices"][0]["rows"]
    for place, row in enumerate(rows):
        row["thin"] = place == 1
    opened(browser, tmp_path, summary)
    shown = ".attribute:first-child tbody tr"
    assert browser.count(shown) == len(rows)
    browser.click(".attribute:first-child .tick input")
    assert browser.count(shown) == len(rows) - 1
    assert browser.count(f"{shown}.thin") == 0
    browser.click(".attribute:first-child .tick input")
    assert browser.count(shown) == len(rows)


def test_a_long_table_of_slices_begins_with_the_lowest_that_can_be_trusted(browser, tmp_path):
    summary = made_up_summary()
    table = summary["slices"][0]
    table["rows"] = [copy.deepcopy(table["rows"][0]) for _ in range(30)]
    for place, row in enumerate(table["rows"]):
        row |= {"value": f"place {place}", "thin": place == 29}
        row["f1"]["estimate"] = (30 - place) / 31
    opened(browser, tmp_path, summary)
    shown = ".attribute:first-child tbody tr"
    assert browser.count(shown) == 12
    assert browser.text(f"{shown} th") == "place 28"
    browser.click(".attribute:first-child .more")
    assert browser.text(f"{shown}:last-child th").startswith("place 29")


def test_slices_of_a_classifier_have_one_column_where_all_rates_are_one(browser, tmp_path):
    summary = made_up_summary()
    summary["task"] = "classification"
    table = summary["slices"][0]
    for row in table["rows"]:
        row["precision"] = row["f1"] = row["recall"]
    opened(browser, tmp_path, summary)
    heads = (
        "return [...document.querySelectorAll('.attribute:first-child thead th')].map((n) => n.textContent)"
    )
    assert browser.run(heads) == ["Value", "Accuracy", "Support", "Images"]


def test_malicious_names_do_nothing(browser, tmp_path):
    summary = made_up_summary(labels=[MALICIOUS_CLASS, "b"], file_names=[MALICIOUS_FILE])
    summary["slices"][0]["rows"][0]["value"] = MALICIOUS_CLASS
    mode = summary["failure_modes"][0]
    mode["title"] = mode["watch"][0] = MALICIOUS_FILE
    mode["causes"][0]["title"] = mode["causes"][0]["evidence"] = MALICIOUS_FILE
    mode["interventions"][0]["title"] = mode["interventions"][0]["text"] = MALICIOUS_CLASS
    suspect = summary["label_suspects"]["suspects"][0]
    suspect["reason"] = suspect["file_name"] = MALICIOUS_FILE
    opened(browser, tmp_path, summary)
    browser.click(CELL.format(0, 0))
    assert browser.text(f"{SHOWN} code") == MALICIOUS_FILE
    assert browser.text(".matrix tbody th") == MALICIOUS_CLASS
    assert browser.count("img, body script:not([id]) ~ script:not(#pictures)") == 0
    assert browser.run("return document.title") == summary["title"]
    assert browser.console() == []
    assert len(browser.requests()) == 1


def test_the_security_policy_stops_what_is_not_ours(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    browser.run(
        "const script = document.createElement('script');"
        "script.textContent = \"document.title = 'attacked'\";"
        "const image = document.createElement('img');"
        "image.src = 'http://127.0.0.1:9/x.png';"
        "document.body.append(script, image);"
    )
    assert browser.run("return document.title") == "VOC2007 test · YOLOv3"
    refused = browser.console()
    assert len([message for message in refused if "Content Security Policy" in message]) == 2


ATTACKS = """
window.attacked = [];
const added = (tag, change) => {
  const node = document.createElement(tag);
  change(node);
  document.body.append(node);
  return node;
};
const tries = {
  script: () => added("script", (node) => (node.text = "window.attacked.push('script')")),
  handler: () => added("button", (node) => node.setAttribute("onclick", "window.attacked.push('handler')")).click(),
  link: () => added("a", (node) => (node.href = "javascript:window.attacked.push('link')")).click(),
  markup: () => added("div", (node) => (node.innerHTML = `<img src=x onerror="window.attacked.push('markup')">`)),
  timer: () => setTimeout("window.attacked.push('timer')", 0),
  frame: () => added("iframe", (node) => (node.src = "http://127.0.0.1:9/")),
  sent: () => fetch("http://127.0.0.1:9/").catch(() => {}),
};
return Object.entries(tries).map(([name, act]) => { try { act(); return name; } catch { return null; } });
"""


def test_the_security_policy_stops_evaluation_handlers_and_sending(browser, tmp_path):
    opened(browser, tmp_path, made_up_summary())
    tried = browser.run(ATTACKS)
    assert len(tried) == 7
    assert browser.run("return window.attacked") == []
    refused = [message for message in browser.console() if "Content Security Policy" in message]
    assert len(refused) >= 5
    assert [address for address in browser.requests() if not address.startswith("file:")] == []


@pytest.mark.parametrize("code", ["eval('1 + 1')", "new Function('return 2')()"])
def test_the_page_itself_may_not_evaluate_text(browser, tmp_path, code):
    probe = f"try {{ window.probe = {code}; }} catch (error) {{ window.probe = error.name; }}"
    path = tmp_path / "report.html"
    path.write_text(render(made_up_summary(), Addition(style="", script=probe)), encoding="utf-8")
    browser.open(path)
    assert browser.run("return window.probe") == "EvalError"


@pytest.mark.parametrize("width", [400, 1280])
def test_a_comparison_has_every_outcome_and_opens_what_got_worse(browser, tmp_path, width):
    browser.look(width=width)
    opened(browser, tmp_path, made_up_with_comparison())
    text = browser.text("#comparison")
    for words in (
        "▲ removed",
        "▲ reduced",
        "▼ worse",
        "→ moved here",
        "not clear",
        "3 further failure modes",
    ):
        assert words in text
    browser.run("[...document.querySelectorAll('#comparison tbody .open')].at(-1).click()")
    assert browser.text("dialog[open] h2") == "New false positives where size=small & time_of_day=<night>"
    assert browser.text(f"{SHOWN} .what") == "found → missed"
    assert browser.run("return document.documentElement.scrollWidth") == width
    assert browser.console() == []


def test_nothing_at_all_is_a_page_too(browser, tmp_path):
    from tests.report.test_summary import empty

    opened(browser, tmp_path, summarise(empty()))
    assert browser.text("h1") == "Detection report"
    assert browser.console() == []


def test_classification_shows_labels_over_the_image_and_no_boxes(browser, tmp_path, classification):
    opened(browser, tmp_path, summarise(classification))
    browser.click("#pairs tbody button")
    assert browser.count(f"{SHOWN} .tag.truth") == browser.count(SHOWN) > 0
    assert browser.count(f"{SHOWN} .outline") == 0
    assert browser.console() == []
