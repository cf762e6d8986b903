"""A gate as a JUnit test report, which CI servers show test by test."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cvfail.gate.wording import told_row

if TYPE_CHECKING:
    from cvfail.gate.gate import Gate

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(gate: Gate, *, strict: bool = False) -> bytes:
    """The report as XML.

    Args:
        gate: The verdicts.
        strict: Whether rows to investigate are failures; else they are skipped tests.

    Returns:
        ``testsuites`` with a ``testsuite`` per rule and a ``testcase`` per row; a failed one has a ``failure`` with a
        message, one that could not be told a ``skipped``.
    """
    root = Element("testsuites", name="cvfail gate")
    for title, group in groupby(gate.df.iter_rows(named=True), key=lambda row: row["rule"]):
        rows = list(group)
        suite = SubElement(root, "testsuite", name=_clean(title))
        for row in rows:
            _add_case(suite, row, strict=strict)
        _count(suite)
    _count(root)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add_case(suite: Element, row: dict[str, Any], *, strict: bool) -> None:
    where = " | ".join(part for part in (row["slice"], row["category"]) if part) or "overall"
    case = SubElement(suite, "testcase", classname=_clean(row["rule"]), name=_clean(where), time="0")
    told = _clean(told_row(row))
    if row["verdict"] == "fail" or (strict and row["verdict"] == "investigate"):
        failure = SubElement(case, "failure", message=told, type=row["verdict"])
        failure.text = _clean(f"{row['demand']}: {row['reason']}")
    elif row["verdict"] == "investigate":
        SubElement(case, "skipped", message=f"investigate: {told}")


def _count(element: Element) -> None:
    """The attributes that say how many tests there are and how they ended."""
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", "0")
    element.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    element.set("time", "0")


def _clean(text: str) -> str:
    """The text without characters that no XML may have."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
